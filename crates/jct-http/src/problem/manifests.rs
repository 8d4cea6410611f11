//! From the errors about manifests, and about handing jobs in, to their codes.

use jct_manifest::{ViolationClass, ViolationCode, Violations};
use jct_tower::intake::EnqueueError;
use jct_tower::jobs::intake::JobCreateError;
use jct_tower::manifests::{DeleteManifestError, PutManifestError, ReadManifestError};
use serde_json::{Map, Value, json};

use super::conversions::reserved_executor;
use super::{ErrorCode, Place, Problem, Violation};

/// Where in the body the payload of a job stands, or what stands for it.
#[derive(Clone, Copy)]
enum Payload {
    /// In the field `payload`.
    Field,
    /// Spread over the fields of a run of a manifest that the path names.
    Run,
}

impl Payload {
    /// The pointer into the body for one into the payload.
    fn pointer(self, inside: &str) -> String {
        match self {
            Self::Field => format!("/payload{inside}"),
            Self::Run => match inside.strip_prefix("/manifest") {
                Some("/source/hash") => "/hash".to_owned(),
                Some(rest) if rest.starts_with("/action") || rest.starts_with("/options") => rest.to_owned(),
                // The rest of the payload was made of the path.
                Some(_) | None => String::new(),
            },
        }
    }
}

impl Problem {
    /// Why a job was not taken whose payload is the field `payload`.
    pub(crate) fn of_job_create(error: JobCreateError, may_read_policy: bool) -> Self {
        Self::of_job(error, Payload::Field, may_read_policy)
    }

    /// Why a run of a manifest was not taken.
    pub(crate) fn of_manifest_run(error: JobCreateError, may_read_policy: bool) -> Self {
        Self::of_job(error, Payload::Run, may_read_policy)
    }

    /// Why the fields of a run of a manifest were refused.
    pub(crate) fn of_run_request(violations: &Violations) -> Self {
        of_violations(violations, |inside| Payload::Run.pointer(inside))
    }

    fn of_job(error: JobCreateError, payload: Payload, may_read_policy: bool) -> Self {
        let detail = error.to_string();
        match error {
            JobCreateError::Payload { job_type, violations } => {
                let code = match job_type {
                    jct_contract::JobType::Task => ErrorCode::InvalidTask,
                    jct_contract::JobType::Manifest => ErrorCode::InvalidManifest,
                    _ => ErrorCode::InvalidRequest,
                };
                let violations = violations.into_iter().map(Violation::from);
                let placed = |found: Violation| Violation { pointer: payload.pointer(&found.pointer), ..found };
                Self::invalid(code, violations.map(placed).collect())
            }
            JobCreateError::IdempotencyKey(violation) => {
                let violation = Violation::from(violation);
                let pointer = "/Idempotency-Key".to_owned();
                Self::invalid(ErrorCode::InvalidRequest, vec![Violation { place: Place::Header, pointer, ..violation }])
            }
            JobCreateError::TimeBudgetOfTask => {
                Self::invalid(ErrorCode::InvalidRequest, vec![not_allowed("/timeBudgetSeconds", detail)])
            }
            JobCreateError::ManifestRequest(violations) => of_violations(&violations, |inside| payload.pointer(inside)),
            JobCreateError::Manifest { source_kind, violations } => {
                let document = if source_kind == "inline" { "/manifest/source/content" } else { "/manifest/source" };
                let place = payload.pointer(document);
                of_violations(&violations, |_| place.clone())
            }
            JobCreateError::ManifestNotFound { name, hash } => {
                let hash = hash.map(|hash| hash.to_string());
                Self::new(ErrorCode::ManifestNotFound, detail).with("name", name.as_str()).with("hash", hash)
            }
            JobCreateError::RepoNotAllowed { .. } => {
                let problem = Self::new(ErrorCode::RepoNotAllowed, detail);
                problem.with("pointer", payload.pointer("/manifest/source/repo"))
            }
            JobCreateError::Unreadable { field, .. } => {
                let pointer = payload.pointer(&format!("/manifest/source/{field}"));
                Self::invalid(ErrorCode::ManifestSourceUnreadable, vec![not_allowed(&pointer, detail)])
            }
            JobCreateError::SourceUnavailable(cause) => {
                Self::new(ErrorCode::ManifestSourceUnavailable, detail).caused_by(cause)
            }
            JobCreateError::SourceFailed(cause) => Self::internal(cause),
            JobCreateError::Task(EnqueueError::ReservedExecutor { executor }) => {
                reserved_executor(&executor, payload.pointer("/inputs/executor"))
            }
            JobCreateError::Task(error) => Self::of_enqueue(error, may_read_policy),
            JobCreateError::Store(error) => error.into(),
        }
    }

    /// Why a manifest was not put; `document` is the place of the document in the body.
    pub(crate) fn of_put_manifest(error: PutManifestError, document: &str) -> Self {
        let detail = error.to_string();
        match error {
            PutManifestError::Invalid(violations) => of_violations(&violations, |_| document.to_owned()),
            PutManifestError::NameMismatch { name, found } => {
                let code = ViolationCode::NameMismatch.as_str();
                let violation = json!({
                    "in": "body", "pointer": document, "path": "/metadata/name", "code": code, "message": detail,
                });
                Self::new(ErrorCode::NameMismatch, detail)
                    .with("name", name.as_str())
                    .with("document_name", found.as_str())
                    .with("violations", vec![violation])
            }
            PutManifestError::Stale { current } => stale(detail, current),
            PutManifestError::Judge(error) => Self::internal(error),
            PutManifestError::Store(error) => error.into(),
        }
    }
}

impl From<ReadManifestError> for Problem {
    fn from(error: ReadManifestError) -> Self {
        match error {
            ReadManifestError::NotFound => Self::plain(ErrorCode::ManifestNotFound),
            ReadManifestError::Store(error) => error.into(),
        }
    }
}

impl From<DeleteManifestError> for Problem {
    fn from(error: DeleteManifestError) -> Self {
        let detail = error.to_string();
        match error {
            DeleteManifestError::NotFound => Self::plain(ErrorCode::ManifestNotFound),
            DeleteManifestError::Busy { jobs } => {
                let jobs: Vec<_> = jobs.iter().map(ToString::to_string).collect();
                Self::new(ErrorCode::ManifestBusy, detail).with("jobs", jobs)
            }
            DeleteManifestError::Stale { current } => stale(detail, current),
            DeleteManifestError::Store(error) => error.into(),
        }
    }
}

fn stale(detail: String, current: Option<String>) -> Problem {
    let tag = current.map(|hash| format!("\"{hash}\""));
    Problem::new(ErrorCode::StaleVersion, detail).with("current_etag", tag)
}

fn not_allowed(pointer: &str, message: String) -> Violation {
    Violation { place: Place::Body, pointer: pointer.to_owned(), code: "VALUE_NOT_ALLOWED", message }
}

/// Everything that is wrong with a manifest or a request for a run. `pointer` leads into the body; `path` and `line` into
/// the manifest, or into the payload.
fn of_violations(violations: &Violations, place: impl Fn(&str) -> String) -> Problem {
    let code = match violations.class() {
        ViolationClass::Malformed => ErrorCode::MalformedManifest,
        ViolationClass::Mismatch => ErrorCode::NameMismatch,
        ViolationClass::Invalid => ErrorCode::InvalidManifest,
    };
    let detail = match violations.as_slice() {
        [one] => one.to_string(),
        more => format!("{} violations", more.len()),
    };
    let listed: Vec<Value> = violations.iter().map(|violation| listed(violation, &place)).collect();
    Problem::new(code, detail).with("violations", listed)
}

fn listed(violation: &jct_manifest::Violation, place: impl Fn(&str) -> String) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("in", "body".into());
    put("pointer", place(&violation.pointer).into());
    put("path", violation.pointer.as_str().into());
    if let Some(line) = violation.line {
        put("line", line.into());
    }
    put("code", violation.code.as_str().into());
    if let Some(rule) = violation.rule {
        put("rule", rule.into());
    }
    put("message", violation.message.as_str().into());
    Value::Object(members)
}
