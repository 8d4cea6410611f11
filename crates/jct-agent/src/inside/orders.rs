//! What a program of ours inside the sandbox is told, on its standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adapter::Invocation;

/// The first argument with which our binary carries out a script.
pub(crate) const SCRIPT: &str = "jct-script";
/// The first argument with which our binary attends an agent. The second is the broker's address, if there is one.
pub(crate) const ATTEND: &str = "jct-attend";

/// Orders, with the word that starts our lines.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders<T> {
    pub(crate) word: String,
    pub(crate) work: T,
}

/// A script to carry out in the working folder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptOrders {
    pub(crate) source: ScriptSource,
}

/// Where the script stands.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScriptSource {
    /// Here.
    Steps(Value),
    /// In a file of the checkout, which only a program inside the sandbox may read: it could be a
    /// link to anywhere.
    File(PathBuf),
}

/// An agent to start and to listen to.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendOrders {
    pub(crate) invocation: Invocation,
    /// Keeps standard input open and answers known questions with no.
    pub(crate) answers: bool,
    /// Patterns of questions.
    pub(crate) questions: Vec<String>,
    /// Silence after which a question counts as unanswered.
    pub(crate) idle_ms: u64,
    /// Silence after which the agent counts as stuck.
    pub(crate) stall_ms: u64,
}
