//! What went wrong, for people and for scripts: one message, its details, the way out, and the exit code.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use serde_json::{Value, json};

use crate::exit::Exit;

/// The end of a command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read the output has left; there is nobody to complain to.
    ReaderGone,
    /// Something to tell.
    Told(Box<Report>),
}

/// What there is to tell about a failure.
#[derive(Debug)]
pub(crate) struct Report {
    exit: Exit,
    message: String,
    details: Vec<String>,
    hint: Option<String>,
    problem: Option<Value>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Told(Box::new(Report { exit, message, details: Vec::new(), hint: None, problem: None }))
    }

    /// A failure with its chain of causes as details.
    pub(crate) fn caused(exit: Exit, message: impl Into<String>, cause: &(dyn Error + 'static)) -> Self {
        let (mut failure, mut next) = (Self::new(exit, message), Some(cause));
        while let Some(cause) = next {
            failure = failure.detail(cause.to_string());
            next = cause.source();
        }
        failure
    }

    /// Adds one line below the message.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        if let Self::Told(report) = &mut self {
            report.details.push(detail.into());
        }
        self
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(report) = &mut self {
            report.hint = Some(hint.into());
        }
        self
    }

    /// Keeps the tower's own account for `--json`.
    pub(crate) fn problem(mut self, problem: Value) -> Self {
        if let Self::Told(report) = &mut self {
            report.problem = Some(problem);
        }
        self
    }

    /// The message with what led to it, on one line, and the tower's own account.
    pub(crate) fn told(self) -> (String, Option<Value>) {
        match self {
            Self::ReaderGone => ("the output was closed".to_owned(), None),
            Self::Told(report) => (report.lines().join(": "), report.problem),
        }
    }

    /// The code the process ends with. A reader that left early got what it wanted.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::Success,
            Self::Told(report) => report.exit,
        }
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::caused(Exit::Local, "the output could not be written", &error)
        }
    }
}

impl Report {
    /// The message, and what led to it.
    pub(crate) fn lines(&self) -> Vec<&str> {
        [self.message.as_str()].into_iter().chain(self.details.iter().map(String::as_str)).collect()
    }

    /// The shape of an error under `--json`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "exit_code": self.exit.code(), "message": self.message });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        if let Some(hint) = &self.hint {
            error["hint"] = json!(hint);
        }
        if let Some(problem) = &self.problem {
            error["problem"] = problem.clone();
        }
        json!({ "error": error })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.details.iter().try_for_each(|detail| write!(f, "\n  {}", detail.replace('\n', "\n  ")))?;
        match &self.hint {
            Some(hint) => write!(f, "\nhelp: {hint}"),
            None => Ok(()),
        }
    }
}
