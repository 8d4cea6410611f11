//! Puts the tower of this process together and runs it.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use jct_config::{Config, Origin};
use jct_exec::RepoSources;
use jct_http::{AppState, BindError, BoundServer};
use jct_runner::Worker;
use jct_store::Store;
use jct_tower::workflows::WorkflowDriver;
use jct_tower::{Tower, TowerOptions};
use jct_trace::{SealerHandle, TraceRoot};
use jct_wiring::{ExecutorsError, Working};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::args::UpArgs;
use super::checkout::{self, DemoRepo};
use super::demo::Demo;
use super::policy::policy;
use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;
use crate::stack::Stack;

pub(crate) fn run(args: UpArgs, context: &Context) -> Result<Exit, Failure> {
    let config = quiet(args.demo, args.overrides(), context)?;
    jct_config::logging::init(&config.log)
        .map_err(|error| Failure::caused(Exit::Local, "logging cannot be started", &error))?;
    block_on(up(args, config, *context.output()))
}

/// The configuration; for the demo with warnings only, unless somebody said what to log: its own lines tell more.
fn quiet(demo: bool, mut overrides: Vec<(String, String)>, context: &Context) -> Result<Config, Failure> {
    let config = context.config(overrides.clone())?;
    let unsaid = config.effective().iter().any(|entry| entry.key == "log.level" && entry.source == Origin::Default);
    if !demo || !unsaid {
        return Ok(config);
    }
    overrides.push(("log.level".to_owned(), "warn".to_owned()));
    context.config(overrides)
}

async fn up(args: UpArgs, config: Config, output: Output) -> Result<Exit, Failure> {
    let signals = Signals::listen()?;
    let working = std::env::current_dir()
        .map_err(|error| Failure::caused(Exit::Local, "the working directory is gone", &error))?;
    let demo = if args.demo { Some(checkout::find(&config, &working).await?) } else { None };
    let (stack, address, traces) = build(&config, demo.as_ref()).await?;
    let url = format!("http://{}", reachable(address));
    introduce(&url, &config, demo.as_ref(), output)?;
    let stop = CancellationToken::new();
    let serving = stack.run(signals, stop.clone());
    let Some(DemoRepo { commit, .. }) = demo else { return serving.await.map(|()| Exit::Success) };
    let demo = Demo { url: url.clone(), key: config.api.key, traces, commit, output };
    let demo = tokio::task::spawn_blocking(move || demo.run());
    tokio::pin!(serving);
    let outcome = tokio::select! {
        ended = &mut serving => return ended.map(|()| Exit::Success),
        outcome = finished(demo) => outcome,
    };
    if args.exit {
        stop.cancel();
        serving.await?;
        return outcome;
    }
    // A demo that failed says so; the tower is there all the same.
    if let Err(failure) = outcome {
        output.failure(&failure);
    }
    output.note(format!("serving on {url}, ctrl-c ends it; try `jct tasks`, or open {url}/docs"));
    serving.await.map(|()| Exit::Success)
}

async fn finished(demo: JoinHandle<Result<Exit, Failure>>) -> Result<Exit, Failure> {
    demo.await.unwrap_or_else(|error| Err(Failure::caused(Exit::Local, "the demo broke off", &error)))
}

/// Everything up to the point where requests are answered and tasks are claimed.
async fn build(config: &Config, demo: Option<&DemoRepo>) -> Result<(Stack, SocketAddr, PathBuf), Failure> {
    let traces = TraceRoot::open(config.trace.root.as_path()).map_err(|error| {
        Failure::caused(Exit::Local, "the trace root cannot be opened", &error).hint("name another with JCT_TRACE_ROOT")
    })?;
    let sources = match demo {
        Some(demo) => demo.sources.clone(),
        None => jct_wiring::repo_sources(config)
            .map_err(|error| Failure::caused(Exit::Usage, "a repository source is not usable", &error))?,
    };
    let policy = policy(config, demo.and_then(|_| checkout::PREFIX.parse().ok()))?;
    let store = database::open(config).await?;
    let options = TowerOptions {
        policy,
        max_attempts: config.worker.max_attempts,
        create_objects: config.api.create_cwom,
        traces: Some(traces.clone()),
        review: jct_wiring::review_options(config),
        publisher: jct_wiring::publisher(config, sources.clone())
            .map_err(|error| Failure::caused(Exit::Local, "the repository cache cannot be used", &error))?,
        jobs: jct_wiring::job_options(config),
        manifests: jct_wiring::manifest_options(config, sources.clone())
            .map_err(|error| Failure::caused(Exit::Local, "the repository cache cannot be used", &error))?,
        events: jct_wiring::event_options(config),
        operator_key: config.api.key.as_ref().map(|key| key.expose().to_owned()),
        ..TowerOptions::default()
    };
    let tower = Tower::new(store.clone(), options);
    let audit = database::sealer(config, &store).await?.reporting(tower.services().register("audit_sealer"));
    let events = jct_wiring::event_services(config, &store)
        .map_err(|error| Failure::caused(Exit::Local, "what is sent to webhooks cannot be prepared", &error))?
        .reporting(tower.services());
    let workflows = WorkflowDriver::new(tower.clone()).reporting(tower.services().register("workflows"));
    let server = server(config, tower).await?;
    let worker = worker(config, &store, sources, &traces)?;
    let (address, root) = (server.address(), traces.path().to_owned());
    let stack = Stack {
        store,
        server: Some(server),
        worker: Some(worker),
        audit: Some(audit),
        events: Some(events),
        workflows: Some(workflows),
    };
    Ok((stack, address, root))
}

async fn server(config: &Config, tower: Tower) -> Result<BoundServer, Failure> {
    let keyed = tower.authenticator().is_keyed().await.map_err(|error| database::failed(&error))?;
    jct_http::check_exposure(config.api.host, keyed, config.api.allow_unauthenticated)
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    jct_http::bind(jct_wiring::http_options(config), AppState::new(tower, env!("CARGO_PKG_VERSION")))
        .map_err(|error| not_bound(config, &error))
}

fn worker(config: &Config, store: &Store, sources: RepoSources, traces: &TraceRoot) -> Result<Worker, Failure> {
    let working = jct_wiring::working(config, sources).map_err(|error| no_executors(&error))?;
    let options = jct_wiring::worker_options(config, &working)
        .map_err(|error| Failure::caused(Exit::Usage, "the worker cannot work like that", &error))?
        .with_component(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let Working { executors, proving, workshop, .. } = working;
    let sealer = SealerHandle::start(traces.clone());
    Ok(Worker::new(options, Arc::new(store.clone()), executors, traces.clone(), sealer)
        .with_proving(proving)
        .with_workshop(workshop))
}

fn no_executors(error: &ExecutorsError) -> Failure {
    let exit = match error {
        ExecutorsError::Unknown { .. }
        | ExecutorsError::UnknownAgent { .. }
        | ExecutorsError::Agents(_)
        | ExecutorsError::Template(_) => Exit::Usage,
        ExecutorsError::Cache(_)
        | ExecutorsError::Sandbox(_)
        | ExecutorsError::Inside(_)
        | ExecutorsError::Registry(_) => Exit::Local,
    };
    Failure::caused(exit, "the executors cannot be put together", error)
}

fn not_bound(config: &Config, error: &BindError) -> Failure {
    let (host, port) = (config.api.host, config.api.port);
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::AddrInUse) => {
            Failure::new(Exit::Conflict, format!("port {port} of {host} is taken")).hint(format!(
                "stop what listens there (a tower of before?), or choose another port: --port {}",
                port.wrapping_add(1)
            ))
        }
        Some(io::ErrorKind::PermissionDenied) => Failure::new(Exit::Local, format!("port {port} is not for this user"))
            .hint("choose one above 1023: --port 8000"),
        _ => Failure::caused(Exit::Local, format!("{host} port {port} cannot be listened on"), error)
            .hint("choose another address with --host and --port"),
    }
}

/// The address by which this machine reaches what listens on `bound`.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn introduce(url: &str, config: &Config, demo: Option<&DemoRepo>, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        let repo = demo.map(|demo| demo.folder.clone());
        return output.record(
            &serde_json::json!({ "url": url, "database": config.database.url.to_string(), "demo_repo": repo }),
        );
    }
    output.line(format!("tower   {url} (documentation at {url}/docs)"))?;
    output.line(format!("state   {}", config.database.url))?;
    let Some(DemoRepo { folder, commit, kind, .. }) = demo else { return Ok(()) };
    output.line(format!(
        "demo    {} is {} at {} ({})",
        checkout::REPO,
        folder.display(),
        commit.get(..12).unwrap_or(commit),
        kind.as_str()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_here() {
        for (bound, expect) in [("0.0.0.0:8000", "127.0.0.1:8000"), ("[::]:1", "[::1]:1"), ("10.0.0.1:2", "10.0.0.1:2")]
        {
            assert_eq!(reachable(bound.parse().expect("an address")).to_string(), expect);
        }
    }
}
