//! Reads out of a large table: one task by id, the first page, pages behind cursors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use jct_contract::TaskId;
use jct_store::model::Cursor;

use super::args::BenchArgs;
use super::fill::fill;
use super::goals::{Measured, Metric};
use super::latency::Percentiles;
use super::load::{self, Call, Calls, Span};
use super::scratch::Scratch;
use super::server::{Part, Server};
use crate::exit::Exit;
use crate::failure::Failure;

const WARM_UP: Duration = Duration::from_secs(1);
/// Readers at once: latency is asked for, not throughput.
const CONNECTIONS: usize = 4;
/// Of this many rows, one is remembered to be read.
const KEEP: usize = 97;

pub(super) async fn measure(scratch: &Scratch, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    let ids: Arc<[TaskId]> = fill(&store, args.rows, KEEP).await?.into();
    store.close().await;
    let server = Server::start(scratch, Part::Api).await?;
    let span = Span { warm_up: WARM_UP, measured: Duration::from_secs(args.seconds) };
    let all = reads(server.address(), &ids, span).await;
    server.stop().await?;
    let engine = scratch.engine();
    let [get, first, cursor] = all?;
    Ok([
        (Metric::GetP50, get.p50_ms),
        (Metric::GetP99, get.p99_ms),
        (Metric::FirstPageP50, first.p50_ms),
        (Metric::FirstPageP99, first.p99_ms),
        (Metric::CursorPageP50, cursor.p50_ms),
        (Metric::CursorPageP99, cursor.p99_ms),
    ]
    .map(|(metric, value)| Measured::new(metric, engine, value))
    .into())
}

async fn reads(address: SocketAddr, ids: &Arc<[TaskId]>, span: Span) -> Result<[Percentiles; 3], Failure> {
    Ok([
        read(address, span, ids, |id| format!("/tasks/{id}")).await?,
        read(address, span, ids, |_| "/tasks?limit=100".to_owned()).await?,
        read(address, span, ids, |id| format!("/tasks?limit=100&cursor={}", Cursor::after(id))).await?,
    ])
}

async fn read(
    address: SocketAddr,
    span: Span,
    ids: &Arc<[TaskId]>,
    path: fn(TaskId) -> String,
) -> Result<Percentiles, Failure> {
    let connections: Vec<Calls> = (0..CONNECTIONS).map(|number| calls(Arc::clone(ids), number, path)).collect();
    let load = tokio::task::spawn_blocking(move || load::run(address, connections, span, StatusCode::OK));
    let report = load.await.map_err(|error| Failure::caused(Exit::Local, "the load broke off", &error))??;
    Ok(report.latencies.percentiles())
}

/// Reads all over the table: a step that shares no factor with the number of rows comes by every one of them.
fn calls(ids: Arc<[TaskId]>, number: usize, path: fn(TaskId) -> String) -> Calls {
    const STEP: usize = 7_919;
    let mut place = number * STEP * 31;
    Box::new(move || {
        place = place.wrapping_add(STEP);
        let id = ids.get(place % ids.len().max(1)).copied();
        Call { method: Method::GET, path: id.map_or_else(|| "/tasks?limit=100".to_owned(), path), body: Bytes::new() }
    })
}
