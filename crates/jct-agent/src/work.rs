//! What both executors share: our own program, started inside the sandbox of a session.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jct_exec::process::{Bounds, Capture, ProcessEnd, ProcessOutcome};
use jct_exec::sandbox::Network;
use jct_exec::{ExecutionIo, ExecutionRequest, FailureReason, JsonObject, LineSink, Session, Stop};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::broker::Broker;
use crate::inside::{Mark, Orders};
use crate::listen::{Hearer, Listener};

/// The binary whose `main` begins with [`main_if_asked`](crate::main_if_asked): the worker's own, as a
/// rule. It is made readable inside the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsideProgram(PathBuf);

impl InsideProgram {
    /// This very program.
    ///
    /// # Errors
    ///
    /// Where the system cannot say which file that is.
    pub fn current_exe() -> io::Result<Self> {
        std::env::current_exe().map(Self)
    }

    /// Another program.
    pub fn program(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A word that nothing else begins a line with.
pub(crate) fn new_mark() -> Mark {
    Mark::new(Uuid::new_v4().simple().to_string())
}

/// One program of ours to run in a session.
pub(crate) struct Inside<'a> {
    pub(crate) program: &'a InsideProgram,
    pub(crate) session: &'a Session,
    pub(crate) io: &'a ExecutionIo,
    pub(crate) broker: Option<&'a Broker>,
}

impl Inside<'_> {
    /// Runs our program `name` with its orders and hears what it says.
    pub(crate) async fn run<T, H>(&self, name: &str, mark: &Mark, work: T, hearer: H) -> Result<Ran<H>, Stop>
    where
        T: Serialize,
        H: Hearer + 'static,
    {
        let orders = Orders { word: mark.word().to_owned(), work };
        let orders = serde_json::to_vec(&orders).map_err(|error| {
            Stop::failed(FailureReason::InvalidInput, format!("the work cannot be described: {error}"))
        })?;
        let mut arguments = vec![name.to_owned()];
        let mut confinement = self.session.confinement().readable(self.program.path());
        if let Some(broker) = self.broker {
            confinement = confinement.network(Network::Broker).broker_socket(broker.socket());
            arguments.push("{broker_url}".to_owned());
        }
        let environment = self.session.environment().clone();
        let command =
            self.session.command_with(self.program.path(), &arguments, environment, confinement).stdin(orders);
        let listener = Arc::new(Listener::new(mark.clone(), self.io.capture(), hearer));
        let sink: Arc<dyn LineSink> = Arc::<Listener<H>>::clone(&listener);
        // Without a limit: the listener has one for what is kept, and the sandbox one for what is written.
        let capture = Capture::new(sink, usize::MAX);
        let outcome = self.session.run_into(&command, &capture).await;
        Ok(Ran { outcome, listener })
    }
}

/// A program of ours that has run.
pub(crate) struct Ran<H> {
    pub(crate) outcome: ProcessOutcome,
    pub(crate) listener: Arc<Listener<H>>,
}

/// Notes in an output how a program was isolated and how it ended.
pub(crate) fn note_outcome(output: &mut JsonObject, outcome: &ProcessOutcome) {
    let isolation = outcome.isolation.as_ref().and_then(|report| serde_json::to_value(report).ok());
    output.insert("isolation".to_owned(), isolation.unwrap_or_default());
    let duration = u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX);
    output.insert("duration_ms".to_owned(), duration.into());
}

/// Whether the run ended for a reason that what ran has no say in.
pub(crate) fn ended_from_outside(end: &ProcessEnd) -> bool {
    !matches!(end, ProcessEnd::Exited { .. } | ProcessEnd::Signalled { .. })
}

/// The first fields of every output.
pub(crate) fn new_output(executor: &str, request: &ExecutionRequest) -> JsonObject {
    JsonObject::from_iter([
        ("executor".to_owned(), Value::from(executor)),
        ("repo".to_owned(), request.repo.as_str().into()),
        ("ref".to_owned(), request.reference.as_str().into()),
        ("path".to_owned(), request.path.as_str().into()),
    ])
}

/// The attempt's clock, started now.
pub(crate) fn bounds(request: &ExecutionRequest, io: &ExecutionIo) -> Bounds {
    io.bounds(request.time_budget)
}

/// Notes what was handed over.
pub(crate) fn note_handover(output: &mut JsonObject, handover: &jct_exec::Handover) {
    let changed = handover.base_commit != handover.head_commit;
    output.insert("commit".to_owned(), handover.base_commit.as_str().into());
    output.insert("head_commit".to_owned(), handover.head_commit.as_str().into());
    output.insert("changed".to_owned(), changed.into());
}
