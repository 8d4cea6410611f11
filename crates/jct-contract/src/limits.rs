//! Every limit and default of the V1 contract, in one place, so that the door, the JSON Schema and the written
//! specification cannot disagree.
//!
//! Lengths count Unicode scalar values, not bytes.

/// The only contract version there is.
pub const CONTRACT_VERSION: &str = "1.0";

/// Longest `idempotency_key`, in characters; the shortest is one.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 256;
/// Longest `requested_by.id`, in characters; the shortest is one.
pub const REQUESTER_ID_MAX_CHARS: usize = 128;
/// Longest `requested_by.label`, in characters; the shortest is one.
pub const REQUESTER_LABEL_MAX_CHARS: usize = 256;

/// Shortest `objective` after trimming, in characters.
pub const OBJECTIVE_MIN_CHARS: usize = 5;
/// Longest `objective` after trimming, in characters.
pub const OBJECTIVE_MAX_CHARS: usize = 4000;

/// Longest `target.repo` as written, in characters; the shortest is one.
pub const REPO_MAX_CHARS: usize = 256;
/// Longest `target.ref`, in characters; the shortest is one.
pub const REF_MAX_CHARS: usize = 256;
/// Longest `target.path`, in characters; it may be empty.
pub const PATH_MAX_CHARS: usize = 512;
/// `target.ref` when the caller names none.
pub const DEFAULT_REF: &str = "main";
/// `target.path` when the caller names none: the root of the repository.
pub const DEFAULT_PATH: &str = "";

/// `constraints.time_budget_seconds` when the caller names none.
pub const DEFAULT_TIME_BUDGET_SECONDS: i64 = 900;
/// Smallest time budget the default policy admits, in seconds. The contract itself passes smaller values on to the gate.
pub const MIN_TIME_BUDGET_SECONDS: i64 = 30;
/// Largest time budget the default policy admits, in seconds. The contract itself passes larger values on to the gate.
pub const MAX_TIME_BUDGET_SECONDS: i64 = 86_400;

/// Most entries of `acceptance_criteria`, and of `evidence_requirements`.
pub const CRITERIA_MAX_ITEMS: usize = 100;
/// Longest entry of those two lists, in characters; the shortest is one.
pub const CRITERION_MAX_CHARS: usize = 2000;

/// Most bytes of `inputs` and `metadata` together, counted in their canonical (RFC 8785) encoding.
pub const FREE_FORM_MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting of objects and arrays in `inputs` or `metadata`; the outermost object is level one.
pub const FREE_FORM_MAX_DEPTH: usize = 64;

/// Longest `inputs.executor`, in characters; the shortest is one.
pub const EXECUTOR_NAME_MAX_CHARS: usize = 64;
/// Most entries of `inputs.checks`.
pub const CHECKS_MAX_ITEMS: usize = 50;
/// Longest name of a check, in characters; the shortest is one.
pub const CHECK_NAME_MAX_CHARS: usize = 128;
/// Longest trace id, in characters; the shortest is one.
pub const TRACE_ID_MAX_CHARS: usize = 36;
/// Longest capability, in characters; the shortest is one.
pub const CAPABILITY_MAX_CHARS: usize = 64;
/// Least urgent priority of a job.
pub const PRIORITY_MIN: i16 = -1000;
/// Most urgent priority of a job.
pub const PRIORITY_MAX: i16 = 1000;
/// Longest affinity key of a job, in characters; the shortest is one.
pub const AFFINITY_KEY_MAX_CHARS: usize = 255;
/// Longest name of a principal, in characters; the shortest is one.
pub const PRINCIPAL_NAME_MAX_CHARS: usize = 128;

/// Deepest nesting that the JSON parser builds in memory; what lies deeper is checked for syntax and marked as too deep.
pub const DOCUMENT_MAX_DEPTH: usize = 128;
/// Most violations reported one by one; what is beyond is counted in one last violation, so that a hostile body
/// cannot make the answer many times larger than the question.
pub const MAX_VIOLATIONS: usize = 256;
/// Most bytes of pointers and messages reported one by one, for the same reason.
pub const MAX_VIOLATIONS_BYTES: usize = 64 * 1024;
