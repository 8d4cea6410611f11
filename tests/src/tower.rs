//! API and worker in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jct_agent::adapter::Adapters;
use jct_agent::prompt::PromptTemplate;
use jct_agent::{AgentExecutor, AgentOptions, InsideProgram, ScriptExecutor};
use jct_contract::{Sha256Digest, Timestamp};
use jct_cwom::Verdict;
use jct_event::limits::CHAIN_MAX_DEPTH;
use jct_event::webhook::AddressRules;
use jct_event::{CheckpointSealed, EventStatus, TowerEvent};
use jct_exec::sandbox::{IsolationLevel, Launcher, Sandbox, SandboxOptions};
use jct_exec::{CommandExecutor, Executor, Executors, RepoCache, RepoSource, RepoSources, SurveyExecutor, Workshop};
use jct_http::{AppState, HttpOptions, bind};
use jct_ingest::{IngestOptions, ManifestExecutor, offered};
use jct_lifecycle::RetryPolicy;
use jct_policy::PolicyConfig;
use jct_prover::{Prover, ProverOptions};
use jct_runner::{Proving, Shutdown, ShutdownHandle, Worker, WorkerOptions};
use jct_store::model::{ClaimFilter, EmittedEvent, EventCause, EventFilter, PageStart, ReviewRule};
use jct_store::{Store, StoreOptions};
use jct_tower::events::{EventOptions, EventServiceOptions, EventServices};
use jct_tower::jobs::{ArtifactOptions, JobOptions};
use jct_tower::manifests::{GitManifestRepos, ManifestOptions};
use jct_tower::reviews::ReviewOptions;
use jct_tower::runs::GitPublisher;
use jct_tower::work::Reaper;
use jct_tower::workflows::WorkflowDriver;
use jct_tower::{Tower, TowerOptions};
use jct_trace::{BlobRoot, SealerHandle, TraceRoot};
use jct_webhook::Sender;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::losing::LosingStore;
use crate::processes::binaries;
use crate::{Client, Database, Engine, SampleRepository};

/// The key of the built-in principal `operator` in every test.
pub const OPERATOR_KEY: &str = "an-operator-key-for-tests";

/// What a test wants to be different.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whether a worker runs beside the API.
    pub worker: bool,
    /// Whether keys are needed.
    pub keyed: bool,
    /// Repositories that may be worked on.
    pub prefixes: &'static str,
    /// The smallest time budget that is admitted, in seconds.
    pub min_budget: i64,
    /// The isolation level that the worker gives; `None` is the best that the machine can.
    pub level: Option<IsolationLevel>,
    /// Verdicts that approve themselves.
    pub auto_approve: Vec<Verdict>,
    /// Whether whoever handed a task in may approve what came of it.
    pub self_approval: bool,
    /// Whether workflows are driven.
    pub workflows: bool,
    /// Hosts that webhooks may lead to although they are not on the public internet, over `http` too.
    pub webhook_hosts: &'static [&'static str],
}

impl Default for Setup {
    /// A worker, keys, `myorg/`, and the contract's smallest budget.
    fn default() -> Self {
        Self {
            worker: true,
            keyed: true,
            prefixes: "myorg/",
            min_budget: 30,
            level: None,
            auto_approve: Vec::new(),
            self_approval: false,
            workflows: true,
            webhook_hosts: &[],
        }
    }
}

/// A tower of a test's own; everything ends when it is dropped.
#[derive(Debug)]
pub struct TestTower {
    base: String,
    app: Tower,
    store: Store,
    forgets: Arc<AtomicBool>,
    worker: Option<(ShutdownHandle, JoinHandle<()>)>,
    stop_api: Option<oneshot::Sender<()>>,
    api: Option<JoinHandle<()>>,
    folder: TempDir,
    repository: SampleRepository,
    runtime: Option<Runtime>,
    // Dropped last: the database may not go before the store.
    database: Database,
}

impl TestTower {
    /// A tower with everything.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self::with(engine, &Setup::default())
    }

    /// A tower without a worker: what is queued stays queued.
    #[must_use]
    pub fn idle(engine: Engine) -> Self {
        Self::with(engine, &Setup { worker: false, ..Setup::default() })
    }

    /// A tower as described.
    #[must_use]
    pub fn with(engine: Engine, setup: &Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let database = Database::new(engine);
        let folder = tempfile::tempdir().unwrap();
        let repository = SampleRepository::new();
        let store = runtime.block_on(Store::open(&database.url(), StoreOptions::default())).unwrap();
        let traces = TraceRoot::open(&folder.path().join("traces")).unwrap();
        let policy = PolicyConfig::builder().time_budget_seconds(setup.min_budget, 86_400);
        let policy = policy.allow_prefix_list(setup.prefixes).unwrap().build().unwrap();
        let root = BlobRoot::open(&folder.path().join("artifacts")).unwrap();
        let artifacts = Some(ArtifactOptions { root, max_bytes: 50 << 20, job_quota_bytes: 1 << 30 });
        let repos = cache(&folder.path().join("api-repos"), &repository);
        let addresses = AddressRules {
            allow_http: !setup.webhook_hosts.is_empty(),
            allowed_hosts: setup.webhook_hosts.iter().map(|&host| host.to_owned()).collect(),
        };
        let options = TowerOptions {
            policy,
            events: EventOptions { addresses: addresses.clone() },
            jobs: JobOptions { artifacts, retry: retry() },
            traces: Some(traces.clone()),
            operator_key: setup.keyed.then(|| OPERATOR_KEY.to_owned()),
            review: ReviewOptions { allow_self_approval: setup.self_approval },
            publisher: Some(Arc::new(GitPublisher::new(Arc::clone(&repos)))),
            manifests: ManifestOptions {
                repos: Some(Arc::new(GitManifestRepos::new(repos))),
                ..ManifestOptions::default()
            },
            ..TowerOptions::default()
        };
        let tower = Tower::new(store.clone(), options);
        let (app, workflows) = (tower.clone(), WorkflowDriver::new(tower.clone()));
        let http = HttpOptions { port: 0, workers: 2, ..HttpOptions::default() };
        let server = {
            let _inside = runtime.enter();
            bind(http, AppState::new(tower, "0.0.0-test")).unwrap()
        };
        let base = format!("http://{}", server.address());
        let (stop_api, stopped) = oneshot::channel();
        let api = runtime.spawn(async move {
            server.serve(async { drop(stopped.await) }).await.unwrap();
        });
        let reaper = Reaper::new(Arc::new(store.clone()), retry());
        runtime.spawn(async move { match reaper.run().await {} });
        let sender = Sender::new(addresses).unwrap();
        let events = EventServices::new(&store, sender, &EventServiceOptions::default());
        runtime.spawn(async move { match events.run().await {} });
        if setup.workflows {
            runtime.spawn(async move { match workflows.run().await {} });
        }
        let mut tower = Self {
            base,
            app,
            store,
            forgets: Arc::default(),
            worker: None,
            stop_api: Some(stop_api),
            api: Some(api),
            folder,
            repository,
            runtime: Some(runtime),
            database,
        };
        if setup.worker {
            tower.start_worker(setup, &traces);
        }
        tower
    }

    fn start_worker(&mut self, setup: &Setup, traces: &TraceRoot) {
        let cache = cache(&self.folder.path().join("repos"), &self.repository);
        // This test binary has a `main` of its own, so what runs inside begins as the worker's.
        let program = binaries().join("jct-worker");
        let minimum = setup.level.unwrap_or(IsolationLevel::L0);
        let options =
            SandboxOptions { level: setup.level, minimum, ..SandboxOptions::new(Launcher::program(&program)) };
        let sandbox = Sandbox::new(options).unwrap();
        let level = sandbox.level();
        let workshop = Arc::new(Workshop::new(Arc::clone(&cache), sandbox.clone()));
        // Manifests are run as far as vectors, which nobody here makes.
        let manifests = IngestOptions { repositories: true, chunks_only: true, ..IngestOptions::default() };
        let filter = ClaimFilter::any(offered(&manifests));
        let all: [Arc<dyn Executor>; 5] = [
            Arc::new(agent(&workshop, InsideProgram::program(&program))),
            Arc::new(CommandExecutor::new(Workshop::clone(&workshop))),
            Arc::new(ManifestExecutor::new(manifests, Arc::clone(&cache))),
            Arc::new(ScriptExecutor::new(Arc::clone(&workshop), InsideProgram::program(&program))),
            Arc::new(SurveyExecutor::new(cache).confined(sandbox)),
        ];
        let prover = Prover::new(workshop, ProverOptions::default());
        let proving = Proving { prover, review: ReviewRule { auto_approve: setup.auto_approve.clone() } };
        let options = WorkerOptions::new("worker-1", &self.folder.path().join("workspaces"))
            .with_slots(2)
            .unwrap()
            .with_lease(Duration::from_secs(6), Duration::from_millis(500))
            .unwrap()
            .with_grace(Duration::from_secs(1))
            .with_isolation(level)
            .with_filter(filter)
            .with_retry(retry());
        let runtime = self.runtime.as_ref().unwrap();
        let _inside = runtime.enter();
        let sealer = SealerHandle::start(traces.clone());
        let executors = Executors::new(all).unwrap();
        let store = LosingStore { store: self.store.clone(), forgets: Arc::clone(&self.forgets) };
        let worker = Worker::new(options, Arc::new(store), executors, traces.clone(), sealer).with_proving(proving);
        let (handle, shutdown) = Shutdown::new();
        let running = runtime.spawn(async move {
            let _report = worker.run(shutdown).await.unwrap();
        });
        self.worker = Some((handle, running));
    }

    /// From now on every heartbeat of the worker learns that its leases are lost, or not any more.
    pub fn forget_leases(&self, forget: bool) {
        self.forgets.store(forget, Ordering::SeqCst);
    }

    /// Where it listens.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Somebody without a key.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// The built-in principal, who may do everything.
    #[must_use]
    pub fn operator(&self) -> Client {
        Client::new(&self.base, Some(OPERATOR_KEY))
    }

    /// Somebody who may only look.
    #[must_use]
    pub fn reader(&self) -> Client {
        self.client("reader", &["tasks:read"])
    }

    /// A named principal with these scopes.
    #[must_use]
    #[track_caller]
    pub fn client(&self, name: &str, scopes: &[&str]) -> Client {
        self.principal("agent", name, scopes)
    }

    /// Somebody who may decide about reviews and push what was approved.
    #[must_use]
    #[track_caller]
    pub fn reviewer(&self, name: &str) -> Client {
        self.principal("human", name, &["cwom:read", "reviews:decide", "runs:push", "tasks:read"])
    }

    #[track_caller]
    fn principal(&self, kind: &str, name: &str, scopes: &[&str]) -> Client {
        let key = json!({ "name": name, "kind": kind, "scopes": scopes });
        let made = self.operator().post("/keys", &key).expect(201);
        Client::new(&self.base, Some(made["key"].as_str().unwrap_or_else(|| panic!("no key in {made}"))))
    }

    /// An event that stands behind too many others to be processed; its id.
    #[must_use]
    pub fn dead_event(&self) -> String {
        let emitted = EmittedEvent {
            id: "checkpoint.sealed/0".to_owned(),
            at: Timestamp::from_micros(0),
            event: TowerEvent::CheckpointSealed(CheckpointSealed { tree_size: 0, root: Sha256Digest::of(b"") }),
            cause: Some(EventCause { by: "event/none".to_owned(), depth: CHAIN_MAX_DEPTH }),
        };
        let dead = EventFilter { status: Some(EventStatus::Dead), ..EventFilter::default() };
        let page = self.runtime.as_ref().unwrap().block_on(async {
            self.store.events_emit(vec![emitted]).await.unwrap();
            self.store.event_list(dead, PageStart::Offset(0), 1).await.unwrap()
        });
        page.items[0].id.to_string()
    }

    /// Drives workflows for this long with a driver that then dies, wherever it is.
    pub fn drive_and_die(&self, span: Duration, lease: Duration) {
        let driver = WorkflowDriver::new(self.app.clone()).with_lease(lease);
        let driving = async { tokio::time::timeout(span, driver.run()).await.is_ok() };
        self.runtime.as_ref().unwrap().block_on(driving);
    }

    /// Waits until the audit log is told up to where it is now.
    pub fn wait_for_tail(&self) {
        self.runtime.as_ref().unwrap().block_on(async {
            let through = self.store.audit_position().await.unwrap();
            while self.store.tail_position().await.unwrap() < through {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }

    /// Ends every connection to the database, where there are any.
    pub fn cut_connections(&self) {
        self.database.cut_connections();
    }

    /// The repository that tasks work on.
    #[must_use]
    pub const fn repository(&self) -> &SampleRepository {
        &self.repository
    }

    /// The folder of everything that belongs to this tower.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where the sealed folders are.
    #[must_use]
    pub fn traces(&self) -> std::path::PathBuf {
        self.folder.path().join("traces")
    }
}

impl Drop for TestTower {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        runtime.block_on(async {
            if let Some((handle, running)) = self.worker.take() {
                handle.escalate();
                handle.escalate();
                drop(running.await);
            }
            drop(self.stop_api.take());
            if let Some(api) = self.api.take() {
                drop(api.await);
            }
            self.store.close().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

/// Agents that are told something and write it into the guide.
const AGENTS: &str = r#"
[agent.scribe]
title = "Scribe"
program = "sh"
arguments = ["-c", "cat >> docs/guide.md"]
prompt = "stdin"
mode = "writing"
output = { format = "text" }
network = { kind = "none" }
"#;

fn agent(workshop: &Arc<Workshop>, program: InsideProgram) -> AgentExecutor {
    let adapters = Adapters::shipped().unwrap().with_text("agents.toml", AGENTS).unwrap();
    let options = AgentOptions { program, enabled: std::collections::BTreeSet::new() };
    AgentExecutor::new(Arc::clone(workshop), adapters, PromptTemplate::built_in().unwrap(), options)
}

/// A cache that knows the sample repository alone.
fn cache(folder: &std::path::Path, repository: &SampleRepository) -> Arc<RepoCache> {
    let source = RepoSource::new(None, Some("myorg/app"), repository.path().to_str().unwrap()).unwrap();
    Arc::new(RepoCache::new(folder, RepoSources::new([source]).unwrap()).unwrap())
}

const fn retry() -> RetryPolicy {
    RetryPolicy { max_attempts: 3, base: Duration::from_millis(100), cap: Duration::from_secs(1) }
}

/// A task that runs a shell script in a checkout of the sample repository.
#[must_use]
pub fn command_task(script: &str) -> Value {
    json!({
        "requested_by": { "kind": "agent", "id": "e2e" },
        "objective": "run a script",
        "operation": "ops",
        "target": { "repo": "myorg/app" },
        "inputs": { "executor": "command", "command": ["sh", "-c", script] },
    })
}

/// A task whose agent does exactly these steps in a checkout of the sample repository.
#[must_use]
pub fn script_task(steps: &Value) -> Value {
    json!({
        "requested_by": { "kind": "agent", "id": "e2e" },
        "objective": "change the guide",
        "operation": "code_change",
        "target": { "repo": "myorg/app" },
        "inputs": { "executor": "script", "script": steps },
    })
}

/// A task that reports on the sample repository.
#[must_use]
pub fn survey_task() -> Value {
    json!({
        "requested_by": { "kind": "human", "id": "e2e" },
        "objective": "survey the repository",
        "operation": "analysis",
        "target": { "repo": "myorg/app" },
    })
}
