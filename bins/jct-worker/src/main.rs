//! The worker process: reads its configuration once, puts a worker together, runs it until it ends or is told to.

mod args;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use args::Args;
use clap::Parser;
use jct_runner::{RunMode, Shutdown, ShutdownHandle, Worker};
use jct_store::Store;
use jct_trace::{SealerHandle, TraceRoot};
use jct_wiring::{Working, database_url, main_if_asked, repo_sources, store_options, worker_options, working};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    // What tasks run begins as this program again, and must not have a second thread then.
    main_if_asked();
    let args = Args::parse();
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jct-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(args: &Args) -> Result<()> {
    run(args).await
}

async fn run(args: &Args) -> Result<()> {
    let config = jct_config::load(args.flags())?;
    jct_config::logging::init(&config.log)?;
    // Signals count from here, even if opening the database takes its time.
    let shutdown = shutdown_on_signals()?;
    let working = working(&config, repo_sources(&config)?)?;
    let options = worker_options(&config, &working)?
        .with_mode(args.mode())
        .with_component(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let traces = TraceRoot::open(config.trace.root.as_path()).context("failed to open the trace root")?;
    let url = database_url(&config)?;
    let store = Store::open(&url, store_options(&config)).await.context("failed to open the database")?;
    let sealer = SealerHandle::start(traces.clone());

    let Working { executors, proving, workshop, .. } = working;
    let worker = Worker::new(options, Arc::new(store.clone()), executors, traces, sealer)
        .with_proving(proving)
        .with_workshop(workshop);
    let report = worker.run(shutdown).await;
    store.close().await;
    let report = report?;
    if args.mode() != RunMode::Serve {
        println!("{report}");
    }
    Ok(())
}

/// Each SIGTERM or SIGINT is one step of the shutdown.
fn shutdown_on_signals() -> Result<Shutdown> {
    let (handle, shutdown) = Shutdown::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).context("failed to listen for signals")?;
        let handle: ShutdownHandle = handle.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                handle.escalate();
            }
        });
    }
    Ok(shutdown)
}
