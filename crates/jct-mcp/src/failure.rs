//! Why a tool did nothing, as the agent reads it: a code for programs, a sentence, and often what to do instead.

use std::error::Error;

use serde_json::{Map, Value, json};

/// A refusal, or a failure of the tower.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The agent hears why.
    Refused(Box<Refusal>),
    /// Something broke; the cause is for the log alone.
    Broke {
        /// What the agent may know.
        message: &'static str,
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// What an agent hears.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
    suggestion: Option<&'static str>,
    details: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let refusal = Refusal { code, message: message.into(), suggestion: None, details: Map::new() };
        Self::Refused(Box::new(refusal))
    }

    /// The arguments are not what the tool takes.
    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        Self::new("INVALID_PARAMETERS", message)
    }

    pub(crate) fn broke(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Broke { message: "the tower failed; its log has the cause", cause: Box::new(cause) }
    }

    /// What to do instead.
    pub(crate) fn suggest(mut self, suggestion: &'static str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.suggestion = Some(suggestion);
        }
        self
    }

    /// One more member of the error.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.details.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The result of the tool; a failure of the tower has the tool's own code, and its cause is logged.
    pub(crate) fn into_value(self, tool: &str, own_code: &'static str, trace_id: &str) -> Value {
        let refusal = match self {
            Self::Refused(refusal) => *refusal,
            Self::Broke { message, cause } => {
                log::error!(trace_id = trace_id, tool = tool, cause:% = Causes(&*cause); "tool failed");
                Refusal { code: own_code, message: message.to_owned(), suggestion: None, details: Map::new() }
            }
        };
        let Refusal { code, message, suggestion, mut details } = refusal;
        let mut error = Map::new();
        error.insert("code".to_owned(), code.into());
        error.insert("message".to_owned(), message.into());
        if let Some(suggestion) = suggestion {
            error.insert("suggestion".to_owned(), suggestion.into());
        }
        error.append(&mut details);
        json!({"success": false, "error": error})
    }
}

/// An error with everything that led to it, on one line.
struct Causes<'a>(&'a (dyn Error + Send + Sync));

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
