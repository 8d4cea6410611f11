//! What came of an attempt: a result or an error, never both.

use jct_lifecycle::ReasonCode;
use serde::Serialize;
use serde_json::Value;

/// Content of `output.json`.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The work was done.
    Result(Value),
    /// The work was not done.
    Error(TraceError),
}

/// Why the work was not done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceError {
    /// Reason code.
    pub code: ReasonCode,
    /// For people.
    pub message: String,
    /// More from the executor, where it has more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}
