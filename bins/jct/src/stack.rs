//! API and worker in one process: they start together, and whichever ends takes the other with it.

use std::convert::Infallible;
use std::sync::Arc;

use jct_http::BoundServer;
use jct_runner::{Shutdown, ShutdownHandle, Stage, Worker};
use jct_store::Store;
use jct_tower::audit::Sealer;
use jct_tower::events::EventServices;
use jct_tower::workflows::WorkflowDriver;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;

/// The parts of a tower that run in this process.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) store: Store,
    pub(crate) server: Option<BoundServer>,
    pub(crate) worker: Option<Worker>,
    /// Whoever seals the audit log; nobody where that is not measured.
    pub(crate) audit: Option<Sealer>,
    /// Whoever processes events; nobody where that is not measured.
    pub(crate) events: Option<EventServices>,
    /// Whoever drives workflows; nobody where that is not measured.
    pub(crate) workflows: Option<WorkflowDriver>,
}

/// Tells both parts to end, in the way each understands.
struct Brake {
    worker: ShutdownHandle,
    stage: Shutdown,
    api: CancellationToken,
}

impl Brake {
    /// Begins the shutdown, unless it has begun.
    fn begin(&self) {
        if self.stage.stage() == Stage::Serving {
            self.worker.escalate();
        }
        self.api.cancel();
    }

    /// Begins the shutdown; if it has begun, gives back what still runs.
    fn press(&self) {
        self.worker.escalate();
        self.api.cancel();
    }
}

impl Stack {
    /// Serves and works until a signal comes or `stop` is cancelled, then finishes what was begun and closes the store.
    pub(crate) async fn run(self, mut signals: Signals, stop: CancellationToken) -> Result<(), Failure> {
        let Self { store, server, worker, audit, events, workflows } = self;
        let (handle, shutdown) = Shutdown::new();
        let brake = Arc::new(Brake { worker: handle, stage: shutdown.clone(), api: CancellationToken::new() });
        let api = tokio::spawn(serve(server, Arc::clone(&brake)));
        let work = tokio::spawn(work(worker, shutdown, Arc::clone(&brake)));
        let both = async { (lost(api.await), lost(work.await)) };
        let sealing = seal(audit.as_ref());
        let processing = process(events.as_ref());
        let driving = drive(workflows.as_ref());
        tokio::pin!(both, sealing, processing, driving);
        let (api, work) = loop {
            tokio::select! {
                ended = &mut both => break ended,
                never = &mut sealing => match never {},
                never = &mut processing => match never {},
                never = &mut driving => match never {},
                () = signals.next() => brake.press(),
                () = stop.cancelled(), if !brake.api.is_cancelled() => brake.begin(),
            }
        };
        if let Some(audit) = &audit {
            audit.seal_at_end().await;
        }
        store.close().await;
        api.and(work)
    }
}

/// Seals the audit log for as long as the future is polled.
async fn seal(audit: Option<&Sealer>) -> Infallible {
    match audit {
        Some(audit) => audit.run().await,
        None => std::future::pending().await,
    }
}

/// Processes events for as long as the future is polled.
async fn process(events: Option<&EventServices>) -> Infallible {
    match events {
        Some(events) => Box::pin(events.run()).await,
        None => std::future::pending().await,
    }
}

/// Drives workflows for as long as the future is polled.
async fn drive(workflows: Option<&WorkflowDriver>) -> Infallible {
    match workflows {
        Some(workflows) => Box::pin(workflows.run()).await,
        None => std::future::pending().await,
    }
}

async fn serve(server: Option<BoundServer>, brake: Arc<Brake>) -> Result<(), Failure> {
    let ended = match server {
        Some(server) => server.serve(brake.api.clone().cancelled_owned()).await,
        None => {
            brake.api.cancelled().await;
            Ok(())
        }
    };
    brake.begin();
    ended.map_err(|error| Failure::caused(Exit::Local, "the HTTP server broke off", &error))
}

async fn work(worker: Option<Worker>, shutdown: Shutdown, brake: Arc<Brake>) -> Result<(), Failure> {
    let ended = match worker {
        Some(worker) => worker.run(shutdown).await.map(drop),
        None => {
            brake.api.cancelled().await;
            Ok(())
        }
    };
    brake.begin();
    ended.map_err(|error| Failure::caused(Exit::Unavailable, "the worker broke off", &error))
}

fn lost(part: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    part.unwrap_or_else(|error| Err(Failure::caused(Exit::Local, "a part of the tower was lost", &error)))
}
