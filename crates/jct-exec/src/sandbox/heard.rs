//! What the inside of a sandbox has said, put together.

use std::io;

use super::report::IsolationReport;
use super::step::SandboxStep;
use super::wire::Message;
use crate::process::ProcessEnd;

/// Everything that was heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) report: Option<IsolationReport>,
    end: Option<Message>,
}

impl Heard {
    /// Takes one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        match serde_json::from_slice(line) {
            Ok(Message::Started(report)) => self.report = Some(report),
            Ok(message) => self.end = Some(message),
            Err(_) => log::warn!("the inside of a sandbox said what nobody understands"),
        }
    }

    /// Whether the inside came to an end of its own, and so has ended everything in it.
    pub(crate) fn is_complete(&self) -> bool {
        self.end.is_some()
    }

    /// How the run ended.
    pub(crate) fn into_end(self) -> ProcessEnd {
        match self.end {
            Some(Message::Exited { code }) => ProcessEnd::Exited { code },
            Some(Message::Signalled { signal }) => ProcessEnd::Signalled { signal },
            Some(Message::LimitHit { limit }) => ProcessEnd::LimitHit { limit },
            Some(Message::TimedOut) => ProcessEnd::TimedOut,
            Some(Message::LeaseEnded) => ProcessEnd::Cancelled,
            Some(Message::Failed { step, message }) => ProcessEnd::SandboxFailed { step, message },
            Some(Message::NotStarted { errno: Some(errno), message: _ }) => {
                ProcessEnd::SpawnFailed(io::Error::from_raw_os_error(errno))
            }
            Some(Message::NotStarted { errno: None, message }) => {
                ProcessEnd::SpawnFailed(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
            Some(Message::Started(_)) | None => ProcessEnd::SandboxFailed {
                step: SandboxStep::Launch,
                message: "the sandbox ended without a word".to_owned(),
            },
        }
    }
}
