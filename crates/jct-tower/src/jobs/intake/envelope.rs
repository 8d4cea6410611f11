//! What every job has beside its payload, and the task that is made of both.

use jct_contract::{Principal, SpecError, TaskSpec, Violation};
use serde_json::{Map, Value, json};

use super::JobCreateError;

/// Largest number that the contract carries exactly; whatever is beyond is refused by the gate as well.
const MOST_SECONDS: u64 = (1 << 53) - 1;

/// What a task of the tower's own making is made of.
pub(super) struct Outline<'a> {
    /// Who handed the job in.
    pub(super) principal: &'a Principal,
    pub(super) objective: String,
    pub(super) operation: &'static str,
    pub(super) repo: &'a str,
    pub(super) reference: Option<&'a str>,
    /// Seconds for one attempt; the contract's default if absent.
    pub(super) time_budget_seconds: Option<u64>,
    pub(super) inputs: Map<String, Value>,
}

impl Outline<'_> {
    /// The task, through the contract's own door.
    pub(super) fn into_spec(self) -> Result<TaskSpec, Vec<Violation>> {
        let mut task = json!({
            "requested_by": {"kind": self.principal.kind(), "id": self.principal.name()},
            "objective": self.objective,
            "operation": self.operation,
            "target": {"repo": self.repo},
            "inputs": self.inputs,
        });
        if let Some(reference) = self.reference {
            task["target"]["ref"] = reference.into();
        }
        if let Some(seconds) = self.time_budget_seconds {
            task["constraints"]["time_budget_seconds"] = seconds.min(MOST_SECONDS).into();
        }
        TaskSpec::from_json(task.to_string().as_bytes()).map_err(|error| match error {
            SpecError::Violations(violations) => violations,
            // What was just written as JSON is JSON; said anyway rather than assumed.
            SpecError::Malformed { message, .. } => {
                vec![Violation { pointer: String::new(), code: jct_contract::ViolationCode::WrongType, message }]
            }
        })
    }
}

/// The task with the key that makes its repetition harmless.
pub(super) fn with_key(spec: TaskSpec, key: Option<&str>) -> Result<TaskSpec, JobCreateError> {
    match key {
        None => Ok(spec),
        Some(key) => spec.with_idempotency_key(key).map_err(JobCreateError::IdempotencyKey),
    }
}
