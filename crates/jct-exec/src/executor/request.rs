//! One attempt of one task, as an executor sees it.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::execution::JsonObject;

/// The work of one attempt. Plain data: the caller has admitted and normalised it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionRequest {
    /// The task's id, as text.
    pub task_id: String,
    /// Names the attempt in the repository cache: the id of its run, or `<task id>-<attempt>` when it has none.
    /// Characters `a-z`, `0-9` and `-`.
    pub run_key: String,
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
    /// What must be true of the result, in words.
    pub acceptance_criteria: Vec<String>,
    /// What must be shown of the result, in words.
    pub evidence_requirements: Vec<String>,
    /// The context packet that goes with the work.
    pub context: Option<Value>,
    /// The constraints as they were when the run began.
    pub constraints: Option<Value>,
    /// The rules that apply, strongest first.
    pub doctrine: Vec<Value>,
    /// Free-form settings; each executor documents what it reads.
    pub inputs: JsonObject,
    /// The manifest that the work runs, where it runs one.
    pub manifest: Option<ManifestInput>,
    /// All the time that the attempt has, from the call of `run`.
    pub time_budget: Duration,
}

/// A manifest for its run. `Debug` shows how long its texts are, not what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct ManifestInput {
    /// The manifest's name.
    pub name: String,
    /// `sha256:` and the digest of the content, as the queue has it.
    pub hash: String,
    /// The manifest's text.
    pub content: String,
    /// What the last completed run under this name left for the next one.
    pub state: Option<String>,
}

impl fmt::Debug for ManifestInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestInput")
            .field("name", &self.name)
            .field("hash", &self.hash)
            .field("content_bytes", &self.content.len())
            .field("state_bytes", &self.state.as_ref().map(String::len))
            .finish()
    }
}
