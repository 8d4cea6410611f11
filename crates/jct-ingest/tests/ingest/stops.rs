//! A run that is told to stop stops, says how far it was, and leaves no state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jct_exec::Execution;
use serde_json::json;

use crate::stub::{Reply, Stub, vectors};
use crate::support::{Bench, over_notes};

/// A service that answers when it is let go, and says when it was asked.
fn slow() -> (Stub, Arc<AtomicBool>, Arc<AtomicBool>) {
    let (asked, go): (Arc<AtomicBool>, Arc<AtomicBool>) = Default::default();
    let (tell, wait) = (asked.clone(), go.clone());
    let stub = Stub::start(move |_, call| {
        tell.store(true, Ordering::SeqCst);
        while !wait.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        Reply::body(&vectors(&call.texts()))
    });
    (stub, asked, go)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_does_not_hold_up_a_cancellation() {
    let (stub, asked, go) = slow();
    let bench = Bench::with_endpoint(&stub.url);
    bench.note("a.md", "a");
    let cancel = bench.cancel.clone();
    let watcher = thread::spawn(move || {
        while !asked.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        cancel.cancel();
    });
    let left = bench.run(&over_notes(""), json!({}), None).await;
    // The service has not answered yet, so nothing else can have ended the run.
    assert!(!go.load(Ordering::SeqCst));
    go.store(true, Ordering::SeqCst);
    watcher.join().unwrap();
    let Execution::Cancelled { output } = &left.execution else { panic!("{:?}", left.execution) };
    assert_eq!(output["chunks"], json!(1));
    assert_eq!(left.state, None);
    assert_eq!(left.json("run_summary.json")["status"], json!("cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_budget_ends_a_run_that_waits() {
    let (stub, _asked, go) = slow();
    let mut bench = Bench::with_endpoint(&stub.url);
    bench.budget = Duration::from_secs(1);
    bench.note("a.md", "a");
    let left = bench.run(&over_notes(""), json!({}), None).await;
    go.store(true, Ordering::SeqCst);
    assert!(matches!(left.execution, Execution::TimedOut { .. }), "{:?}", left.execution);
    assert_eq!(left.state, None);
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_it_begins_does_nothing() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    bench.cancel.cancel();
    let left = bench.run(&over_notes(""), json!({}), None).await;
    assert!(matches!(left.execution, Execution::Cancelled { .. }), "{:?}", left.execution);
    assert!(!left.has("chunks.jsonl"));
}
