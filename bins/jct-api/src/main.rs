//! The HTTP server: reads its configuration once, opens the tower, serves until a signal comes.

mod args;
mod wiring;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use args::Args;
use clap::Parser;
use jct_config::Config;
use jct_http::{AppState, bind, check_exposure};
use jct_store::Store;
use jct_tower::Tower;
use jct_tower::work::Reaper;
use jct_tower::workflows::WorkflowDriver;
use jct_wiring::{event_services, http_options, retry_policy};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jct-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<()> {
    let config = jct_config::load(args.flags())?;
    jct_config::logging::init(&config.log)?;
    // Signals count from here, even if opening the database takes its time.
    let shutdown = shutdown_signal()?;
    let store = wiring::open_store(&config).await?;
    let served = serve(&config, store.clone(), shutdown).await;
    // Whatever was taken is written before the process ends, even if serving failed.
    store.close().await;
    served
}

async fn serve(config: &Config, store: Store, shutdown: impl Future<Output = ()>) -> Result<()> {
    let reaper = Reaper::new(Arc::new(store.clone()), retry_policy(config));
    let sealed = store.clone();
    let tower = Tower::new(store, wiring::tower_options(config)?);
    let keyed = tower.authenticator().is_keyed().await.context("failed to read the keys")?;
    check_exposure(config.api.host, keyed, config.api.allow_unauthenticated)?;
    let services = tower.services();
    let reaper = reaper.reporting(services.register("reaper"));
    let sealer = wiring::sealer(config, &sealed).await?.reporting(services.register("audit_sealer"));
    let events = event_services(config, &sealed).context("failed to prepare what is sent to webhooks")?;
    let events = events.reporting(services);
    let workflows = WorkflowDriver::new(tower.clone()).reporting(services.register("workflows"));
    let server = bind(http_options(config), AppState::new(tower, env!("CARGO_PKG_VERSION")))?;
    // Leases of executors outside the tower must end even while no worker lives.
    let served = tokio::select! {
        served = server.serve(shutdown) => Ok(served?),
        never = reaper.run() => match never {},
        never = sealer.run() => match never {},
        never = Box::pin(events.run()) => match never {},
        never = Box::pin(workflows.run()) => match never {},
    };
    sealer.seal_at_end().await;
    served
}

/// Ready at the first SIGTERM or SIGINT; the second ends the process at once.
fn shutdown_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for signals")?;
    Ok(async move {
        either(&mut terminate, &mut interrupt).await;
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            log::warn!("second signal: ending at once");
            std::process::exit(130);
        });
    })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
