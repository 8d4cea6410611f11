//! The settle path alone: claim and settle at the store, concurrently, without traces and without a worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use jct_contract::{CapabilitySet, Clock as _, SystemClock, WorkerId};
use jct_lifecycle::{AttemptEnd, RetryPolicy};
use jct_store::Store;
use jct_store::model::{Claim, ClaimFilter, ClaimedTask, NewWorker, RunReport, SettleAnswer, Settlement};
use tokio::task::JoinSet;

use super::fill::fill;
use super::goals::{Measured, Metric};
use super::scratch::Scratch;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Workers that claim and settle at once.
const WORKERS: u32 = 4;
/// Tasks of one claim; they are settled concurrently.
const CLAIM: u32 = 64;
const LEASE: Duration = Duration::from_secs(60);

/// Drains `tasks` tasks.
pub(super) async fn measure(scratch: &Scratch, tasks: u32) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    fill(&store, tasks, usize::MAX).await?;
    let settled = Arc::new(AtomicU32::new(0));
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        workers.spawn(drain(store.clone(), number, Arc::clone(&settled)));
    }
    while let Some(worker) = workers.join_next().await {
        worker.map_err(|error| Failure::caused(Exit::Local, "a settling worker broke off", &error))??;
    }
    let elapsed = started.elapsed();
    store.close().await;
    let settled = settled.load(Ordering::Relaxed);
    if settled != tasks {
        return Err(Failure::new(Exit::Negative, format!("{settled} of {tasks} tasks were settled")));
    }
    Ok(vec![Measured::new(Metric::SettleRate, scratch.engine(), f64::from(tasks) / elapsed.as_secs_f64())])
}

async fn drain(store: Store, number: u32, settled: Arc<AtomicU32>) -> Result<(), Failure> {
    let worker = BareWorker::register(store, format!("bench-{number}")).await?;
    loop {
        match worker.turn().await? {
            0 => return Ok(()),
            done => drop(settled.fetch_add(done, Ordering::Relaxed)),
        }
    }
}

/// Claims and settles, and does nothing in between.
pub(super) struct BareWorker {
    store: Store,
    id: WorkerId,
    name: String,
}

impl BareWorker {
    pub(super) async fn register(store: Store, name: String) -> Result<Self, Failure> {
        let id = WorkerId::at(SystemClock.now());
        let worker = NewWorker {
            id,
            name: name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            executors: Vec::new(),
            filter: ClaimFilter::any(CapabilitySet::default()),
            slots: CLAIM,
            isolation: None,
            agents: Vec::new(),
            max_concurrent_tasks: None,
        };
        store.worker_started(worker).await.map_err(|error| database::failed(&error))?;
        Ok(Self { store, id, name })
    }

    /// Claims what is there and settles it; how many tasks that were.
    pub(super) async fn turn(&self) -> Result<u32, Failure> {
        let claim = Claim {
            worker_id: self.id,
            worker_name: self.name.clone(),
            limit: CLAIM,
            lease: LEASE,
            filter: ClaimFilter::any(CapabilitySet::default()),
            isolation: None,
        };
        let claimed = self.store.claim(claim).await.map_err(|error| database::failed(&error))?;
        let answers = try_join_all(claimed.iter().map(|task| self.store.settle(settlement(task)))).await;
        let mut done = 0;
        for answer in answers.map_err(|error| database::failed(&error))? {
            match answer {
                SettleAnswer::Accepted(_) => done += 1,
                other => return Err(Failure::new(Exit::Negative, format!("a settlement was answered with {other:?}"))),
            }
        }
        Ok(done)
    }
}

pub(super) fn settlement(task: &ClaimedTask) -> Settlement {
    let end = AttemptEnd::Completed { result: "{}".to_owned() };
    Settlement {
        lease: task.lease,
        end,
        trace: None,
        artifacts: Vec::new(),
        evidence: None,
        report: RunReport::default(),
        manifest_state: None,
        retry: RetryPolicy::default(),
        jitter: 0.5,
    }
}
