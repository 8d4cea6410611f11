//! One attempt of one task, as an executor sees it.

use std::time::Duration;

use super::execution::JsonObject;

/// The work of one attempt. Plain data: the caller has admitted and normalised it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionRequest {
    /// The task's id, as text.
    pub task_id: String,
    /// The attempt's ordinal, from 1.
    pub attempt: u32,
    /// The trace id that every log line of the task carries.
    pub trace_id: String,
    /// `owner/name` in lower case.
    pub repo: String,
    /// A branch, tag or commit id.
    pub reference: String,
    /// A folder relative to the repository's root; `""` is the root.
    pub path: String,
    /// The kind of work, as the contract names it.
    pub operation: String,
    /// What the work is for, in words.
    pub objective: String,
    /// Free-form settings; each executor documents what it reads.
    pub inputs: JsonObject,
    /// All the time that the attempt has, from the call of `run`.
    pub time_budget: Duration,
}
