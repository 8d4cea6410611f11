//! A thousand workers that wait over HTTP for a job that does not come, and then for some that do.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::bodies;
use super::goals::{Measured, Metric};
use super::latency::{Latencies, Percentiles};
use super::load::{Call, Connection};
use super::scratch::Scratch;
use super::server::{Part, Server};
use super::{memory, process};
use crate::exit::Exit;
use crate::failure::Failure;

const WORKERS: usize = 1_000;
/// Calls under way at once while the workers are let in.
const AT_ONCE: usize = 16;
/// Seconds that a worker asks for a job at a time.
const WAIT_SECONDS: u32 = 30;
/// Until every worker waits.
const SETTLE: Duration = Duration::from_secs(5);
/// Jobs, and between two of them.
const JOBS: usize = 200;
const PACE: Duration = Duration::from_millis(50);
/// A job that nobody has after this long is lost.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn measure(scratch: &Scratch, span: Duration) -> Result<Vec<Measured>, Failure> {
    process::hold_many_connections();
    let server = Server::start(scratch, Part::Api).await?;
    let measured = over(&server, scratch, span).await;
    let stopped = server.stop().await;
    let measured = measured?;
    stopped.map(|()| measured)
}

async fn over(server: &Server, scratch: &Scratch, span: Duration) -> Result<Vec<Measured>, Failure> {
    let (address, pid) = (server.address(), server.pid());
    let tokens: Vec<String> =
        stream::iter(0..WORKERS).map(|number| token(address, number)).buffered(AT_ONCE).try_collect().await?;
    let (claimed, mut arrivals) = mpsc::unbounded_channel();
    let mut workers = JoinSet::new();
    for token in tokens {
        workers.spawn(wait_for_jobs(address, token, claimed.clone()));
    }
    drop(claimed);
    tokio::time::sleep(SETTLE).await;
    let idle = idle(pid, scratch, span).await?;
    let pickup = tokio::select! {
        pickup = pick_up(address, &mut arrivals) => pickup?,
        failed = first_failure(&mut workers) => return Err(failed),
    };
    let engine = scratch.engine();
    let pickup = [(Metric::PollPickupP50, pickup.p50_ms), (Metric::PollPickupP99, pickup.p99_ms)];
    Ok(idle.into_iter().chain(pickup).map(|(metric, value)| Measured::new(metric, engine, value)).collect())
}

/// Workers go on for ever, so one that ended has failed.
async fn first_failure(workers: &mut JoinSet<Result<(), Failure>>) -> Failure {
    match workers.join_next().await {
        Some(Ok(Err(failure))) => failure,
        _ => Failure::new(Exit::Local, "a waiting worker broke off"),
    }
}

/// What the server uses while nothing happens.
async fn idle(pid: u32, scratch: &Scratch, span: Duration) -> Result<Vec<(Metric, f64)>, Failure> {
    let (begun, written, spent) = (Instant::now(), scratch.written(pid).await?, process::processor_time(pid));
    tokio::time::sleep(span).await;
    let (seconds, used) = (begun.elapsed().as_secs_f64(), process::processor_time(pid));
    let written = written.zip(scratch.written(pid).await?).map(|(before, after)| kibibytes(after - before) / seconds);
    let share = spent.zip(used).map(|(before, after)| after.saturating_sub(before).as_secs_f64() / seconds * 100.0);
    let memory = memory::resident(pid).map(|bytes| kibibytes(bytes) / 1024.0);
    let told = [(Metric::PollMemory, memory), (Metric::PollCpu, share), (Metric::PollWritten, written)];
    Ok(told.into_iter().filter_map(|(metric, value)| Some((metric, value?))).collect())
}

/// Submits jobs at a steady pace; from the call to the moment at which a worker has the job.
async fn pick_up(
    address: SocketAddr,
    arrivals: &mut mpsc::UnboundedReceiver<(String, Instant)>,
) -> Result<Percentiles, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut called = HashMap::with_capacity(JOBS);
    for number in 0..JOBS {
        ticks.tick().await;
        let at = Instant::now();
        let payload: Value = serde_json::from_str(&bodies::task(number as u64)).map_err(|error| unreadable(&error))?;
        let body = json!({ "type": "task", "payload": payload });
        let Created { id } = post(&mut connection, "/api/queue/jobs", &body, StatusCode::CREATED).await?;
        called.insert(id, at);
    }
    let mut latencies = Latencies::new()?;
    while !called.is_empty() {
        let arrival = timeout(PATIENCE, arrivals.recv()).await.ok().flatten();
        let Some((job, at)) = arrival else {
            return Err(Failure::new(Exit::Negative, format!("{} jobs were never claimed", called.len())));
        };
        let Some(begun) = called.remove(&job) else {
            return Err(Failure::new(Exit::Negative, format!("job {job} was claimed twice")));
        };
        latencies.record(at.saturating_duration_since(begun));
    }
    Ok(latencies.percentiles())
}

/// A worker: asks for a job, finishes it, asks again.
async fn wait_for_jobs(
    address: SocketAddr,
    token: String,
    claimed: mpsc::UnboundedSender<(String, Instant)>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?.with_bearer(&token);
    let claim = json!({ "leaseSeconds": 60, "waitSeconds": WAIT_SECONDS, "workerCapabilities": ["noop"] });
    loop {
        let Claimed { job } = post(&mut connection, "/api/queue/jobs/claim", &claim, StatusCode::OK).await?;
        let Some(Job { id, lease }) = job else { continue };
        if claimed.send((id.clone(), Instant::now())).is_err() {
            return Ok(());
        }
        let done = json!({ "leaseId": lease.id, "fence": lease.fence, "resultSummary": "nothing" });
        let _job: Value =
            post(&mut connection, &format!("/api/queue/jobs/{id}/complete"), &done, StatusCode::OK).await?;
    }
}

async fn token(address: SocketAddr, number: usize) -> Result<String, Failure> {
    let mut connection = Connection::open(address).await?;
    let wish = json!({ "workerId": format!("bench-{number}"), "capabilities": ["noop"] });
    let Made { token } = post(&mut connection, "/api/queue/workers/tokens", &wish, StatusCode::CREATED).await?;
    Ok(token)
}

async fn post<T: for<'de> Deserialize<'de>>(
    connection: &mut Connection,
    path: &str,
    body: &Value,
    expect: StatusCode,
) -> Result<T, Failure> {
    let call = Call { method: Method::POST, path: path.to_owned(), body: Bytes::from(body.to_string()) };
    let (status, answer) = connection.send(call).await?;
    if status != expect {
        let text: String = String::from_utf8_lossy(&answer).chars().take(400).collect();
        return Err(Failure::new(Exit::Unavailable, format!("POST {path} answered {status}")).detail(text));
    }
    serde_json::from_slice(&answer).map_err(|error| unreadable(&error))
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct Made {
    token: String,
}

#[derive(Deserialize)]
struct Claimed {
    job: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    id: String,
    lease: Lease,
}

#[derive(Deserialize)]
struct Lease {
    id: String,
    fence: String,
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
fn kibibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::caused(Exit::Unavailable, "the measured server gave an answer that is not understood", error)
}
