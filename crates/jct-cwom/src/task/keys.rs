//! The names under which `meta` keeps what of a task has no place of its own; stored, hence frozen.

use serde_json::{Map, Value};

pub(super) const SOURCE: &str = "source";
/// The value of [`SOURCE`].
pub(super) const JCT_TASK: &str = "jct_task";
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency_key";
pub(super) const TIME_BUDGET_SECONDS: &str = "time_budget_seconds";
pub(super) const ALLOW_NETWORK: &str = "allow_network";
pub(super) const ALLOW_SECRETS: &str = "allow_secrets";
pub(super) const TASK_METADATA: &str = "task_metadata";
pub(super) const EVIDENCE_REQUIREMENTS: &str = "evidence_requirements";
pub(super) const ACCEPTANCE_CRITERIA: &str = "acceptance_criteria";
pub(super) const TASK_REF: &str = "task_ref";
pub(super) const TASK_PATH: &str = "task_path";
pub(super) const TASK_INPUTS: &str = "task_inputs";
pub(super) const TASK: &str = "task";
/// What a task does again.
pub(super) const FOLLOWS: &str = "follows";
pub(super) const ATTEMPT: &str = "attempt";
/// Who held the task during an attempt.
pub(super) const HOLDER: &str = "holder";

/// Whether an object was made by the tower for a task.
pub(crate) fn is_source(meta: &Map<String, Value>) -> bool {
    meta.get(SOURCE).and_then(Value::as_str) == Some(JCT_TASK)
}
