//! How many small trace folders a second one process begins, writes, seals and accepts.
//!
//! `cargo run --release -p jct-trace --example seal_rate -- [folders] [at once] [root] [each-file]`
//!
//! Let some minutes pass after deleting many files: ext4 searches past inodes that were freed just now.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jct_contract::{Clock, SystemClock, TaskId, TraceId};
use jct_lifecycle::Fence;
use jct_trace::{AttemptIdentity, Durability, LogStream, Output, SealerHandle, TraceOptions, TraceRoot};
use serde_json::json;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), AnyError> {
    let mut arguments = std::env::args().skip(1);
    let folders: u32 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let at_once: u32 = arguments.next().map_or(Ok(128), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let path = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let durability = match arguments.next().as_deref() {
        Some("each-file") => Durability::EachFile,
        _ => Durability::FileSystem,
    };
    let root = TraceRoot::open_with(&path, TraceOptions { durability, ..TraceOptions::default() })?;
    let sealer = SealerHandle::start(root.clone());

    let start = Instant::now();
    let mut loops = tokio::task::JoinSet::new();
    for index in 0..at_once {
        let share = folders / at_once + u32::from(index < folders % at_once);
        let (root, sealer) = (root.clone(), sealer.clone());
        loops.spawn(async move {
            let mut waits = Vec::new();
            for _ in 0..share {
                waits.push(one(&root, &sealer).await?);
            }
            Ok::<_, AnyError>(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(share) = loops.join_next().await {
        waits.extend(share??);
    }
    report(start.elapsed(), waits);
    Ok(())
}

/// One attempt; returns how long sealing took.
async fn one(root: &TraceRoot, sealer: &SealerHandle) -> Result<Duration, AnyError> {
    let now = SystemClock.now();
    let task_id = TaskId::at(now);
    let identity = AttemptIdentity {
        task_id,
        attempt: 1,
        fence: Fence { epoch: 1, generation: 1 },
        trace_id: TraceId::generate(),
        worker: "bench".to_owned(),
        components: [("jct-trace".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
        admission: None,
        started_at: now,
    };
    let mut trace = root.begin(identity, &json!({ "objective": "nothing at all", "operation": "analysis" }))?;
    trace.log_line(now, LogStream::Stdout, "nothing was done");
    let trace = trace.finish(Output::Result(json!({})), now);
    let start = Instant::now();
    let sealed = sealer.seal(trace).await?;
    let wait = start.elapsed();
    root.accept(task_id, sealed.attempt)?;
    Ok(wait)
}

fn report(elapsed: Duration, mut waits: Vec<Duration>) {
    waits.sort();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    let per_second = waits.len() as f64 / elapsed.as_secs_f64();
    println!(
        "{} folders in {elapsed:.2?}: {per_second:.0}/s, sealing p50 {:.1?} p99 {:.1?}",
        waits.len(),
        at(50),
        at(99)
    );
}
