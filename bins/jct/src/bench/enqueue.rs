//! Enqueue over HTTP, one task a request or a hundred, and what the server needs for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use jct_store::model::{PageStart, TaskFilter};
use jct_store::{Store, StoreError};

use super::args::BenchArgs;
use super::bodies::{self, BATCH};
use super::goals::{Measured, Metric};
use super::load::{self, Call, Calls, LoadReport, Span};
use super::memory::{self, Watch};
use super::scratch::Scratch;
use super::server::{Part, Server};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

const WARM_UP: Duration = Duration::from_secs(2);
/// Before the idle memory is read.
const SETTLE: Duration = Duration::from_secs(1);
/// Starts that the start-up time is the median of.
const STARTS: usize = 5;
/// Tasks a page when they are counted.
const PAGE: u32 = 500;

/// One task a request; with it memory and start-up.
pub(super) async fn single(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let engine = scratch.engine();
    let start_up = start_up(scratch).await?;
    let loaded = under_load(scratch, args, Shape::Single).await?;
    let latency = loaded.report.latencies.percentiles();
    let mut measured = vec![
        (Metric::EnqueueRate, loaded.report.rate(1)),
        (Metric::EnqueueP50, latency.p50_ms),
        (Metric::EnqueueP95, latency.p95_ms),
        (Metric::EnqueueP99, latency.p99_ms),
        (Metric::EnqueueMax, latency.max_ms),
        (Metric::StartUp, start_up.as_secs_f64() * 1_000.0),
    ];
    measured.extend(loaded.idle.map(|idle| (Metric::MemoryIdle, mebibytes(idle))));
    measured.extend(loaded.peak.map(|peak| (Metric::MemoryLoaded, mebibytes(peak))));
    Ok(measured.into_iter().map(|(metric, value)| Measured::new(metric, engine, value)).collect())
}

/// A hundred tasks a request.
pub(super) async fn batch(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let loaded = under_load(scratch, args, Shape::Batch).await?;
    let (rate, p99) = (loaded.report.rate(BATCH), loaded.report.latencies.percentiles().p99_ms);
    Ok(vec![
        Measured::new(Metric::BatchRate, scratch.engine(), rate),
        Measured::new(Metric::BatchP99, scratch.engine(), p99),
    ])
}

/// One task a request, with its work objects.
pub(super) async fn with_objects(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let loaded = under_load(scratch, args, Shape::WithObjects).await?;
    let (rate, p99) = (loaded.report.rate(1), loaded.report.latencies.percentiles().p99_ms);
    Ok(vec![
        Measured::new(Metric::ObjectsRate, scratch.engine(), rate),
        Measured::new(Metric::ObjectsP99, scratch.engine(), p99),
    ])
}

/// One task a request, without the entries in the audit log: what they cost.
pub(super) async fn without_audit(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let loaded = under_load(scratch, args, Shape::WithoutAudit).await?;
    Ok(vec![Measured::new(Metric::UnauditedRate, scratch.engine(), loaded.report.rate(1))])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Single,
    Batch,
    WithObjects,
    WithoutAudit,
}

impl Shape {
    const fn tasks(self) -> u32 {
        match self {
            Self::Single | Self::WithObjects | Self::WithoutAudit => 1,
            Self::Batch => BATCH,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Single | Self::WithObjects | Self::WithoutAudit => StatusCode::CREATED,
            Self::Batch => StatusCode::OK,
        }
    }

    const fn server(self) -> Part {
        match self {
            Self::WithoutAudit => Part::ApiWithoutAudit,
            Self::Single | Self::Batch | Self::WithObjects => Part::Api,
        }
    }

    fn call(self, number: u64) -> Call {
        let (path, body) = match self {
            Self::Single | Self::WithoutAudit => ("/tasks/enqueue", Bytes::from(bodies::task(number))),
            Self::WithObjects => ("/tasks/enqueue?create_cwom=true", Bytes::from(bodies::task(number))),
            Self::Batch => ("/tasks/enqueue/batch", bodies::batch(number)),
        };
        Call { method: Method::POST, path: path.to_owned(), body }
    }
}

struct Loaded {
    report: LoadReport,
    idle: Option<u64>,
    peak: Option<u64>,
}

async fn under_load(scratch: &Scratch, args: &BenchArgs, shape: Shape) -> Result<Loaded, Failure> {
    let server = Server::start(scratch, shape.server()).await?;
    tokio::time::sleep(SETTLE).await;
    let (address, idle, watch) = (server.address(), memory::resident(server.pid()), Watch::start(server.pid()));
    let numbers = Arc::new(AtomicU64::new(0));
    let connections: Vec<Calls> = (0..args.connections).map(|_| calls(shape, Arc::clone(&numbers))).collect();
    let span = Span { warm_up: WARM_UP, measured: Duration::from_secs(args.seconds) };
    let load = tokio::task::spawn_blocking(move || load::run(address, connections, span, shape.status()));
    let report = load.await.map_err(|error| Failure::caused(Exit::Local, "the load broke off", &error))?;
    let peak = watch.finish();
    server.stop().await?;
    let report = report?;
    all_kept(scratch, (report.requests + report.outside) * u64::from(shape.tasks())).await?;
    Ok(Loaded { report, idle, peak })
}

fn calls(shape: Shape, numbers: Arc<AtomicU64>) -> Calls {
    Box::new(move || shape.call(numbers.fetch_add(u64::from(shape.tasks()), Ordering::Relaxed)))
}

/// Every task, page by page: the status of the queue stops counting where it gets expensive.
async fn count(store: &Store) -> Result<u64, StoreError> {
    let (mut start, mut kept) = (PageStart::Offset(0), 0);
    loop {
        let page = store.task_list(TaskFilter::default(), start, PAGE).await?;
        kept += page.items.len() as u64;
        match page.next {
            Some(next) => start = PageStart::After(next),
            None => return Ok(kept),
        }
    }
}

/// What was acknowledged must be there: a rate of lost tasks is not worth telling.
async fn all_kept(scratch: &Scratch, acknowledged: u64) -> Result<(), Failure> {
    let store = scratch.open().await?;
    let kept = count(&store).await.map_err(|error| database::failed(&error));
    store.close().await;
    let kept = kept?;
    if kept == acknowledged {
        Ok(())
    } else {
        Err(Failure::new(Exit::Negative, format!("{acknowledged} tasks were acknowledged and {kept} are there")))
    }
}

/// The median of a few starts on a database whose schema is up to date.
async fn start_up(scratch: &Scratch) -> Result<Duration, Failure> {
    let mut spans = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let server = Server::start(scratch, Part::Api).await?;
        spans.push(server.start_up());
        server.stop().await?;
    }
    spans.sort_unstable();
    Ok(spans.get(STARTS / 2).copied().unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
