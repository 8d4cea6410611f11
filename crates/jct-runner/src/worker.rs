//! One worker process: presence, reaper, claimer and dispatcher put together.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, SystemClock, WorkerId};
use jct_exec::Executors;
use jct_store::StoreError;
use jct_store::model::{Claim, NewWorker};
use jct_tower::work::{Causes, Presence, Reaper, WorkFeed, WorkStore};
use jct_trace::{SealerHandle, TraceRoot};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::attempt::Job;
use crate::claimer::Claimer;
use crate::dispatcher::{ClaimState, Claims, Dispatcher};
use crate::housekeeping::clear_up;
use crate::{Shutdown, WorkerOptions, WorkerReport};

/// How long the end of a worker may wait for a database that does not answer.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// A worker, ready to run.
pub struct Worker {
    job: Arc<Job>,
}

/// Why a worker ended without having done what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It could not register itself.
    #[error("failed to register the worker")]
    Register(#[source] StoreError),
    /// It could not look for work, in a mode that does not wait for better times.
    #[error("failed to claim work")]
    Claim(#[source] StoreError),
    /// A part of the worker crashed; what ran was brought to its end.
    #[error("the part of the worker that claims work has crashed")]
    ClaimerGone,
}

impl Worker {
    /// Puts a worker together. Nothing happens before [`Worker::run`].
    #[must_use]
    pub fn new(
        options: WorkerOptions,
        store: Arc<dyn WorkStore>,
        executors: Executors,
        traces: TraceRoot,
        sealer: SealerHandle,
    ) -> Self {
        let worker_id = WorkerId::at(SystemClock.now());
        Self { job: Arc::new(Job { worker_id, options, store, executors, traces, sealer }) }
    }

    /// The id of this life of the worker.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.job.worker_id
    }

    /// Works until the mode or a shutdown ends it. When this returns, nothing of its work runs any more.
    ///
    /// The future must be polled to its end; a worker that is dropped instead leaves its tasks to the reaper.
    ///
    /// # Errors
    ///
    /// See [`WorkerError`].
    pub async fn run(self, shutdown: Shutdown) -> Result<WorkerReport, WorkerError> {
        let Job { worker_id, options, store, executors, traces, .. } = self.job.as_ref();
        clear_up(traces.clone(), &options.workspaces).await;
        let worker = NewWorker {
            id: *worker_id,
            name: options.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            executors: executors.names().map(str::to_owned).collect(),
            filter: options.filter.clone(),
            slots: options.slots,
        };
        let presence = Presence::announce(store.clone(), worker).await.map_err(WorkerError::Register)?;
        log::info!(worker_id:% = worker_id, name = options.name, slots = options.slots; "worker started");
        let reaper = Reaper::new(store.clone(), options.retry);
        let result = {
            let (claimer, claims) = self.claimer();
            let worked = Dispatcher::new(self.job.clone(), claims).run(shutdown);
            let claimer = tokio::spawn(claimer.run());
            let result = tokio::select! {
                result = worked => result,
                never = presence.keep_up() => match never {},
                never = reaper.run() => match never {},
            };
            claimer.abort();
            result
        };
        match timeout(GOODBYE_LIMIT, presence.leave()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!(worker_id:% = worker_id, cause:% = Causes(&error); "could not say goodbye"),
            Err(_) => log::warn!(worker_id:% = worker_id; "the database did not take the goodbye in time"),
        }
        log::info!(worker_id:% = worker_id; "worker stopped");
        result
    }

    fn claimer(&self) -> (Claimer, Claims) {
        let Job { worker_id, options, store, .. } = self.job.as_ref();
        let claim = Claim {
            worker_id: *worker_id,
            worker_name: options.name.clone(),
            limit: options.slots,
            lease: options.lease,
            filter: options.filter.clone(),
        };
        let (asks, asked) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let feed = WorkFeed::new(store.clone(), claim);
        let claimer = Claimer { feed, asks: asked, answers: answered, stop: stop.clone() };
        (claimer, Claims { asks, answers, stop, state: ClaimState::Idle, failure: None })
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.job.worker_id)
            .field("options", &self.job.options)
            .finish_non_exhaustive()
    }
}
