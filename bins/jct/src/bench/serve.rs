//! The measured server: a tower without configuration, over the database that the environment names.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jct_exec::Executors;
use jct_exec::executor::Executor;
use jct_http::{AppState, HttpOptions};
use jct_policy::PolicyConfig;
use jct_runner::{Worker, WorkerOptions};
use jct_store::{Store, StoreOptions};
use jct_tower::{Tower, TowerOptions};
use jct_trace::{SealerHandle, TraceRoot};
use tokio_util::sync::CancellationToken;

use super::bodies;
use super::executor::Noop;
use super::process;
use super::server::PID_LINE;
use crate::context::block_on;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;
use crate::stack::Stack;

/// Slots of a worker that picks up 200 tasks a second.
const SLOTS: u32 = 32;

/// Arguments of the measured server.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Port to listen on
    #[arg(long)]
    port: u16,
    /// Serve the API
    #[arg(long)]
    api: bool,
    /// Leave no audit entries, to see what they cost
    #[arg(long)]
    without_audit: bool,
    /// Work, with an executor that does nothing
    #[arg(long)]
    worker: bool,
}

/// Serves until the parent ends the process. The working directory is the folder of the measurement.
pub(super) fn run(args: ServeArgs, output: &Output) -> Result<Exit, Failure> {
    block_on(async {
        let signals = Signals::listen()?;
        process::hold_many_connections();
        let address = std::env::var("DATABASE_URL").map_err(|error| broken(&error))?;
        let options = StoreOptions { audit: !args.without_audit, ..StoreOptions::default() };
        let store = Store::open(&database::parse(&address)?, options).await.map_err(|error| broken(&error))?;
        let traces = TraceRoot::open(Path::new("traces")).map_err(|error| broken(&error))?;
        let server = if args.api { Some(server(args.port, &store, &traces)?) } else { None };
        let worker = if args.worker { Some(worker(&store, traces)?) } else { None };
        output.line(format!("{PID_LINE}{}", std::process::id()))?;
        Stack { store, server, worker, audit: None, events: None, workflows: None }
            .run(signals, CancellationToken::new())
            .await
            .map(|()| Exit::Success)
    })
}

fn server(port: u16, store: &Store, traces: &TraceRoot) -> Result<jct_http::BoundServer, Failure> {
    let policy = PolicyConfig::from_prefix_list(bodies::PREFIXES).map_err(|error| broken(&error))?;
    // Work objects are measured apart: a call asks for them.
    let (traces, create_objects) = (Some(traces.clone()), false);
    let tower = Tower::new(store.clone(), TowerOptions { policy, traces, create_objects, ..TowerOptions::default() });
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let options = HttpOptions { port, workers, ..HttpOptions::default() };
    jct_http::bind(options, AppState::new(tower, env!("CARGO_PKG_VERSION"))).map_err(|error| broken(&error))
}

fn worker(store: &Store, traces: TraceRoot) -> Result<Worker, Failure> {
    let options =
        WorkerOptions::new("bench", Path::new("workspaces")).with_slots(SLOTS).map_err(|error| broken(&error))?;
    let executors = Executors::new([Arc::new(Noop) as Arc<dyn Executor>]).map_err(|error| broken(&error))?;
    let sealer = SealerHandle::start(traces.clone());
    Ok(Worker::new(options, Arc::new(store.clone()), executors, traces, sealer))
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured server cannot start", error)
}
