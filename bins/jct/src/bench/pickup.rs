//! From the enqueue call to the start of the attempt, at a steady rate that leaves the tower mostly idle.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::args::BenchArgs;
use super::bodies;
use super::executor::now_us;
use super::goals::{Measured, Metric};
use super::latency::{Latencies, Percentiles};
use super::load::{Call, Connection};
use super::scratch::Scratch;
use super::server::{Part, Server};
use crate::exit::Exit;
use crate::failure::Failure;

/// Tasks a second.
const RATE: u64 = 200;
const WARM_UP_SECONDS: u64 = 2;
/// Connections that the tasks are spread over, so that none waits for another's answer.
const CONNECTIONS: usize = 16;
/// A task that was not started after this long is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// API and worker in one process, as `jct up` runs them.
pub(super) async fn together(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let server = Server::start(scratch, Part::Both).await?;
    let latency = pick_up(server.address(), args.seconds).await;
    server.stop().await?;
    Ok(measured(scratch, &latency?, Metric::PickupP50, Metric::PickupP99))
}

/// API and worker in two processes over one database.
pub(super) async fn apart(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let api = Server::start(scratch, Part::Api).await?;
    let worker = match Server::start(scratch, Part::Worker).await {
        Ok(worker) => worker,
        Err(failure) => return Err(api.stop().await.err().unwrap_or(failure)),
    };
    let latency = pick_up(api.address(), args.seconds).await;
    let (worker, api) = (worker.stop().await, api.stop().await);
    let latency = latency?;
    worker.and(api)?;
    Ok(measured(scratch, &latency, Metric::PickupApartP50, Metric::PickupApartP99))
}

fn measured(scratch: &Scratch, latency: &Percentiles, p50: Metric, p99: Metric) -> Vec<Measured> {
    vec![Measured::new(p50, scratch.engine(), latency.p50_ms), Measured::new(p99, scratch.engine(), latency.p99_ms)]
}

/// A task and the moment at which its enqueue call began.
struct Sent {
    task_id: String,
    called_us: u64,
}

async fn pick_up(address: SocketAddr, seconds: u64) -> Result<Percentiles, Failure> {
    let (sender, receiver) = mpsc::channel(CONNECTIONS);
    let receiver = tokio::sync::Mutex::new(receiver);
    let senders = try_join_all((0..CONNECTIONS).map(|_| send_all(address, &receiver)));
    let ticker = async move {
        let mut ticks = interval(Duration::from_secs(1) / u32::try_from(RATE).unwrap_or(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for number in 0..(WARM_UP_SECONDS + seconds) * RATE {
            ticks.tick().await;
            if sender.send(number).await.is_err() {
                return;
            }
        }
    };
    let (sent, ()) = tokio::join!(senders, ticker);
    let mut connection = Connection::open(address).await?;
    let mut latencies = Latencies::new()?;
    for (number, sent) in sent?.into_iter().flatten() {
        let started_us = started(&mut connection, &sent.task_id).await?;
        if number >= WARM_UP_SECONDS * RATE {
            latencies.record(Duration::from_micros(started_us.saturating_sub(sent.called_us)));
        }
    }
    Ok(latencies.percentiles())
}

/// Sends tasks over one connection for as long as there are any.
async fn send_all(
    address: SocketAddr,
    numbers: &tokio::sync::Mutex<mpsc::Receiver<u64>>,
) -> Result<Vec<(u64, Sent)>, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut all = Vec::new();
    loop {
        let Some(number) = numbers.lock().await.recv().await else { return Ok(all) };
        let call =
            Call { method: Method::POST, path: "/tasks/enqueue".to_owned(), body: Bytes::from(bodies::task(number)) };
        let called_us = now_us();
        let (status, body) = connection.send(call).await?;
        if status != StatusCode::CREATED {
            return Err(Failure::new(Exit::Unavailable, format!("enqueue answered {status}"))
                .detail(String::from_utf8_lossy(&body)));
        }
        let Created { task_id } = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
        all.push((number, Sent { task_id, called_us }));
    }
}

/// The moment at which the executor was started, once the task has ended.
async fn started(connection: &mut Connection, task_id: &str) -> Result<u64, Failure> {
    let begun = Instant::now();
    loop {
        let call = Call { method: Method::GET, path: format!("/tasks/{task_id}"), body: Bytes::new() };
        let (_, body) = connection.send(call).await?;
        let task: Ended = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
        match task.result {
            Some(Outcome { started_us }) => return Ok(started_us),
            None if begun.elapsed() > PATIENCE => {
                return Err(Failure::new(Exit::Negative, format!("task {task_id} was never run")));
            }
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

#[derive(Deserialize)]
struct Created {
    task_id: String,
}

#[derive(Deserialize)]
struct Ended {
    result: Option<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    started_us: u64,
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::caused(Exit::Unavailable, "the measured server gave an answer that is not understood", error)
}
