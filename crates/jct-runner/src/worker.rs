//! One worker process: presence, reaper, claimer and dispatcher put together.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, SystemClock, WorkerId};
use jct_exec::{Executors, Workshop};
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
use crate::housekeeping::{clear_up, keep_clearing, keep_maintaining};
use crate::{Proving, Shutdown, WorkerOptions, WorkerReport};

/// How long the end of a worker may wait for a database that does not answer.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// A worker, ready to run.
pub struct Worker {
    job: Job,
    workshop: Option<Arc<Workshop>>,
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
        Self { job: Job { worker_id, options, store, executors, traces, sealer, proving: None }, workshop: None }
    }

    /// Has every attempt proved before it is reported.
    #[must_use]
    pub fn with_proving(mut self, proving: Proving) -> Self {
        self.job.proving = Some(proving);
        self
    }

    /// Looks after the repositories and workspaces of `workshop`.
    #[must_use]
    pub fn with_workshop(self, workshop: Arc<Workshop>) -> Self {
        Self { workshop: Some(workshop), ..self }
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
        let job = Arc::new(self.job);
        let Job { worker_id, options, store, executors, traces, .. } = job.as_ref();
        clear_up(traces.clone(), &options.workspaces, options.keep).await;
        let worker = NewWorker {
            id: *worker_id,
            name: options.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            executors: executors.names().map(str::to_owned).collect(),
            filter: options.filter.clone(),
            slots: options.slots,
            isolation: options.isolation,
            agents: options.agents.clone(),
            max_concurrent_tasks: options.max_concurrent_tasks,
        };
        let presence = Presence::announce(store.clone(), worker).await.map_err(WorkerError::Register)?;
        log::info!(worker_id:% = worker_id, name = options.name, slots = options.slots; "worker started");
        let reaper = Reaper::new(store.clone(), options.retry);
        let result = {
            let (claimer, claims) = claimer(&job);
            let worked = Dispatcher::new(Arc::clone(&job), claims).run(shutdown);
            let claimer = tokio::spawn(claimer.run());
            let result = tokio::select! {
                result = worked => result,
                never = presence.keep_up() => match never {},
                never = reaper.run() => match never {},
                never = keep_maintaining(self.workshop.as_deref()) => match never {},
                never = keep_clearing(&options.workspaces, options.keep) => match never {},
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
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.job.worker_id)
            .field("options", &self.job.options)
            .finish_non_exhaustive()
    }
}

fn claimer(job: &Job) -> (Claimer, Claims) {
    let Job { worker_id, options, store, .. } = job;
    let claim = Claim {
        worker_id: *worker_id,
        worker_name: options.name.clone(),
        limit: options.slots,
        lease: options.lease,
        filter: options.filter.clone(),
        isolation: options.isolation,
    };
    let (asks, asked) = mpsc::channel(1);
    let (answered, answers) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let feed = WorkFeed::new(store.clone(), claim);
    let claimer = Claimer { feed, asks: asked, answers: answered, stop: stop.clone() };
    (claimer, Claims { asks, answers, stop, state: ClaimState::Idle, failure: None })
}
