//! Claims out of a short and a long queue of jobs that need different things: how long the queue is must not be felt.
//!
//! Every claimed job is settled, and another of its kind takes its place, so that the queue keeps its length. Only the
//! claims are timed.

use std::time::{Duration, Instant};

use jct_contract::{AffinityKey, Capability, CapabilitySet, Clock as _, Priority, SystemClock, WorkerId};
use jct_store::Store;
use jct_store::model::{Claim, ClaimFilter, ClaimedTask, JobFacts, NewTask, NewWorker, SettleAnswer};
use tokio::task::JoinSet;

use super::fill::{Maker, fill_with};
use super::goals::{Measured, Metric};
use super::latency::Latencies;
use super::scratch::Scratch;
use super::settle::settlement;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Jobs in the short queue and in the long one.
const SHORT: u32 = 1_000;
const LONG: u32 = 100_000;
/// Workers that claim at once, one job at a time.
const WORKERS: u32 = 4;
const LEASE: Duration = Duration::from_secs(60);
const WARM_UP: Duration = Duration::from_secs(1);
/// What jobs need beside `manifest`: two of these, or one.
const CAPABILITIES: [&str; 8] =
    ["embeddings", "openai", "ollama", "qdrant", "pgvector", "github", "gdrive", "local_fs"];
const PRIORITIES: [i64; 3] = [-10, 0, 10];

/// Measures the short queue, then makes it long and measures it again.
pub(super) async fn measure(scratch: &Scratch, span: Duration) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    let maker = Maker::new()?;
    let job = |number: u32| Ok(NewTask { job: facts(number)?, ..maker.task(u64::from(number))? });
    fill_with(&store, 0..SHORT, usize::MAX, job).await?;
    let short = claims(&store, span).await?;
    fill_with(&store, SHORT..LONG, usize::MAX, job).await?;
    let long = claims(&store, span).await?;
    store.close().await;
    Ok([
        (Metric::ShortClaimRate, short.rate()),
        (Metric::ShortClaimP99, short.latencies.percentiles().p99_ms),
        (Metric::LongClaimRate, long.rate()),
        (Metric::LongClaimP99, long.latencies.percentiles().p99_ms),
        (Metric::ClaimDepthRatio, long.rate() / short.rate()),
    ]
    .map(|(metric, value)| Measured::new(metric, scratch.engine(), value))
    .into())
}

/// What job `number` needs and how urgent it is: every pair of capabilities at every priority, in turn.
fn facts(number: u32) -> Result<JobFacts, Failure> {
    let turn = usize::try_from(number).unwrap_or_default();
    let (first, second) = (turn % CAPABILITIES.len(), turn / CAPABILITIES.len() % CAPABILITIES.len());
    let urgency = turn / (CAPABILITIES.len() * CAPABILITIES.len()) % PRIORITIES.len();
    let priority = Priority::try_from(PRIORITIES[urgency]).map_err(|error| broken(&error))?;
    let capabilities = set(["manifest", CAPABILITIES[first], CAPABILITIES[second]])?;
    Ok(JobFacts { priority, capabilities, ..JobFacts::of_task(&super::bodies::normalized()?) })
}

/// Half of the capabilities, another half for each worker: a quarter of the jobs fits.
fn offered(worker: u32) -> Result<CapabilitySet, Failure> {
    let has = |place: usize| match worker % 4 {
        0 => place < 4,
        1 => place >= 4,
        2 => place.is_multiple_of(2),
        _ => !place.is_multiple_of(2),
    };
    let half = CAPABILITIES.iter().enumerate().filter(|(place, _)| has(*place)).map(|(_, name)| *name);
    set(half.chain(["manifest"]))
}

fn set<'c>(names: impl IntoIterator<Item = &'c str>) -> Result<CapabilitySet, Failure> {
    let parsed: Result<CapabilitySet, _> = names.into_iter().map(str::parse::<Capability>).collect();
    parsed.map_err(|error| broken(&error))
}

/// Claims and the time that they took, of all workers together.
struct Claims {
    count: u32,
    spent: Duration,
    latencies: Latencies,
}

impl Claims {
    fn new() -> Result<Self, Failure> {
        Ok(Self { count: 0, spent: Duration::ZERO, latencies: Latencies::new()? })
    }

    /// Claims in a second in which all workers do nothing else.
    fn rate(&self) -> f64 {
        f64::from(self.count) * f64::from(WORKERS) / self.spent.as_secs_f64()
    }
}

async fn claims(store: &Store, span: Duration) -> Result<Claims, Failure> {
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        workers.spawn(work(store.clone(), number, span));
    }
    let mut all = Claims::new()?;
    while let Some(worker) = workers.join_next().await {
        let part = worker.map_err(|error| Failure::caused(Exit::Local, "a claiming worker broke off", &error))??;
        all.count += part.count;
        all.spent += part.spent;
        all.latencies.add(&part.latencies)?;
    }
    if all.count == 0 {
        return Err(Failure::new(Exit::Negative, "nothing was claimed in the measured span"));
    }
    Ok(all)
}

async fn work(store: Store, number: u32, span: Duration) -> Result<Claims, Failure> {
    let (maker, filter) = (Maker::new()?, ClaimFilter::offering(offered(number)?));
    let (worker_id, worker_name) = (WorkerId::at(SystemClock.now()), format!("bench-{number}"));
    let worker = NewWorker {
        id: worker_id,
        name: worker_name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executors: Vec::new(),
        filter: filter.clone(),
        slots: 1,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    store.worker_started(worker).await.map_err(|error| database::failed(&error))?;
    let begin = Instant::now() + WARM_UP;
    let mut claims = Claims::new()?;
    loop {
        let (worker_name, filter) = (worker_name.clone(), filter.clone());
        let claim = Claim { worker_id, worker_name, limit: 1, lease: LEASE, filter, isolation: None };
        let asked = Instant::now();
        let claimed = store.claim(claim).await.map_err(|error| database::failed(&error))?;
        let took = asked.elapsed();
        let [task] = claimed.as_slice() else {
            return Err(Failure::new(Exit::Negative, format!("a claim of one job gave {}", claimed.len())));
        };
        if asked >= begin {
            claims.count += 1;
            claims.spent += took;
            claims.latencies.record(took);
        }
        replace(&store, &maker, task).await?;
        if asked >= begin + span {
            return Ok(claims);
        }
    }
}

/// Settles a job and queues another of its kind.
async fn replace(store: &Store, maker: &Maker, task: &ClaimedTask) -> Result<(), Failure> {
    let answer = store.settle(settlement(task)).await.map_err(|error| database::failed(&error))?;
    if !matches!(answer, SettleAnswer::Accepted(_)) {
        return Err(Failure::new(Exit::Negative, format!("a settlement was answered with {answer:?}")));
    }
    let (priority, capabilities) = (task.job.priority, task.job.capabilities.clone());
    let job = JobFacts { priority, capabilities, affinity_key: None::<AffinityKey>, ..facts(0)? };
    let next = NewTask { job, ..maker.task(0)? };
    store.enqueue(vec![next]).await.map(drop).map_err(|error| database::failed(&error))
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured job cannot be made", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_fits_a_quarter_of_the_jobs_or_so() {
        for worker in 0..WORKERS {
            let offered = offered(worker).expect("a set");
            let fits = (0..SHORT).filter(|number| facts(*number).expect("a job").capabilities.is_subset_of(&offered));
            let fits = fits.count();
            assert!((150..350).contains(&fits), "worker {worker}: {fits}");
        }
    }
}
