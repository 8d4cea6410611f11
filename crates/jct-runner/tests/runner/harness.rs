//! A tower for one test: a database and a trace root in a temporary folder, and workers on top of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Principal, RequesterKind, TaskId, TaskSpec, TraceId};
use jct_exec::Executors;
use jct_lifecycle::{ReasonCode, RetryPolicy, TaskStatus};
use jct_policy::{PolicyConfig, evaluate};
use jct_runner::{RunMode, Shutdown, ShutdownHandle, Worker, WorkerError, WorkerOptions, WorkerReport};
use jct_store::model::{AttemptRecord, Enqueued, JobFacts, NewTask, TaskEventRecord, TaskRecord, TaskState, TraceRef};
use jct_store::{Store, StoreOptions};
use jct_trace::{SealerHandle, TraceRoot, VerifyReport, verify};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::database::Database;
use crate::executors::{Probe, executors};
use crate::faults::FaultyStore;

/// Only a hang reaches this.
const HANG: Duration = Duration::from_secs(60);

pub(crate) struct Tower {
    pub(crate) store: Store,
    /// The same store as workers see it, with faults to be ordered.
    pub(crate) faulty: Arc<FaultyStore>,
    pub(crate) traces: TraceRoot,
    /// What the executors of this test have seen.
    pub(crate) probe: Probe,
    executors: Executors,
    policy: PolicyConfig,
    folder: TempDir,
    _database: Database,
}

pub(crate) struct RunningWorker {
    shutdown: ShutdownHandle,
    task: JoinHandle<Result<WorkerReport, WorkerError>>,
}

/// A task to hand in.
pub(crate) struct NewSpec {
    pub(crate) executor: &'static str,
    pub(crate) inputs: Value,
    pub(crate) time_budget_seconds: i64,
    pub(crate) max_attempts: u32,
}

impl NewSpec {
    pub(crate) fn of(executor: &'static str) -> Self {
        Self { executor, inputs: json!({}), time_budget_seconds: 600, max_attempts: 3 }
    }
}

impl Tower {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path()).await;
        let store = Store::open(database.url(), StoreOptions::default()).await.unwrap();
        let traces = TraceRoot::open(&folder.path().join("traces")).unwrap();
        let probe = Probe::default();
        let executors = executors(&probe);
        let faulty = Arc::new(FaultyStore::new(store.clone()));
        let policy = PolicyConfig::builder().allow_prefix_list("acme/").unwrap();
        let policy = policy.time_budget_seconds(1, 86_400).build().unwrap();
        Self { store, faulty, traces, probe, executors, policy, folder, _database: database }
    }

    /// Settings under which everything that takes time takes little, except what a test is to wait for in vain.
    pub(crate) fn options(&self) -> WorkerOptions {
        let retry = RetryPolicy { max_attempts: 3, base: Duration::ZERO, cap: Duration::ZERO };
        WorkerOptions::new("tester", &self.folder.path().join("workspaces"))
            .with_lease(Duration::from_secs(20), Duration::from_millis(50))
            .unwrap()
            .with_slots(8)
            .unwrap()
            .with_retry(retry)
            .with_grace(HANG)
            .with_stop_patience(HANG)
    }

    pub(crate) fn worker(&self, options: WorkerOptions) -> Worker {
        let sealer = SealerHandle::start(self.traces.clone());
        Worker::new(options, self.faulty.clone(), self.executors.clone(), self.traces.clone(), sealer)
    }

    pub(crate) fn start(&self, options: WorkerOptions) -> RunningWorker {
        let (handle, shutdown) = Shutdown::new();
        RunningWorker { shutdown: handle, task: tokio::spawn(self.worker(options).run(shutdown)) }
    }

    /// Runs a worker until nothing is due any more.
    pub(crate) async fn drain(&self) -> WorkerReport {
        let (_handle, shutdown) = Shutdown::new();
        let worker = self.worker(self.options().with_mode(RunMode::Drain));
        tokio::time::timeout(HANG, worker.run(shutdown)).await.unwrap().unwrap()
    }

    pub(crate) async fn enqueue(&self, spec: NewSpec) -> TaskId {
        let NewSpec { executor, mut inputs, time_budget_seconds, max_attempts } = spec;
        inputs["executor"] = executor.into();
        let spec = json!({
            "requested_by": { "kind": "agent", "id": "jules" },
            "objective": "Try out a worker",
            "operation": "ops",
            "target": { "repo": "acme/service" },
            "constraints": { "time_budget_seconds": time_budget_seconds },
            "inputs": inputs,
        });
        let spec = TaskSpec::from_json(spec.to_string().as_bytes()).unwrap();
        let admitted = evaluate(&spec, &self.policy).unwrap();
        let task = NewTask {
            job: JobFacts::of_task(admitted.task()),
            events: Vec::new(),
            admitted,
            policy_canonical: self.policy.canonical_json().into(),
            trace_id: TraceId::generate(),
            submitter: operator(),
            hold: false,
            max_attempts,
            objects: None,
        };
        match self.store.enqueue(vec![task]).await.unwrap().as_slice() {
            [Enqueued::Created { task_id, .. }] => *task_id,
            other => panic!("not created: {other:?}"),
        }
    }

    pub(crate) async fn task(&self, id: TaskId) -> TaskRecord {
        self.store.task_get(id).await.unwrap().unwrap()
    }

    /// Waits until the task has this status.
    pub(crate) async fn until(&self, id: TaskId, status: TaskStatus) -> TaskRecord {
        until(&format!("the task is {status}"), async || {
            let task = self.task(id).await;
            (task.state.status() == status).then_some(task)
        })
        .await
    }

    pub(crate) async fn finished(&self, id: TaskId) -> Finished {
        match self.task(id).await.state {
            TaskState::Finished { status, reason, outcome, trace, attempt, .. } => {
                Finished { status, reason, outcome, trace, attempt }
            }
            other => panic!("not finished: {other:?}"),
        }
    }

    pub(crate) async fn attempts(&self, id: TaskId) -> Vec<AttemptRecord> {
        self.store.task_attempts(id).await.unwrap()
    }

    /// The reasons for which the attempts of a task ended.
    pub(crate) async fn reasons(&self, id: TaskId) -> Vec<Option<ReasonCode>> {
        self.attempts(id).await.into_iter().map(|attempt| attempt.end.map(|end| end.reason)).collect()
    }

    /// All events of a task, whose numbers are checked to have no gap.
    pub(crate) async fn events(&self, id: TaskId) -> Vec<TaskEventRecord> {
        let events = self.store.task_events(id, 0, 100_000).await.unwrap().unwrap();
        for (event, expect) in events.iter().zip(1..) {
            assert_eq!(event.seq, expect);
        }
        events
    }

    /// Verifies a sealed folder against the digest that the tower accepted.
    pub(crate) fn verified(&self, id: TaskId, attempt: u32, trace: &TraceRef) -> VerifyReport {
        let digest = trace.manifest_digest.as_ref().unwrap().parse().unwrap();
        let report = verify(&self.traces, id, attempt, Some(digest)).unwrap();
        assert!(report.is_clean() && report.anchored, "{report:?}");
        report
    }

    pub(crate) fn trace_file(&self, trace: &TraceRef, name: &str) -> String {
        std::fs::read_to_string(self.traces.path().join(&trace.path).join(name)).unwrap()
    }

    /// The folder of everything about one task.
    pub(crate) fn task_folder(&self, id: TaskId) -> PathBuf {
        self.traces.path().join(id.to_string())
    }

    /// How many folders wait to be sealed.
    pub(crate) fn unsealed(&self) -> usize {
        std::fs::read_dir(self.traces.path().join(".unsealed")).unwrap().count()
    }
}

impl RunningWorker {
    /// One SIGTERM.
    pub(crate) fn terminate(&self) {
        self.shutdown.escalate();
    }

    pub(crate) async fn stopped(self) -> WorkerReport {
        tokio::time::timeout(HANG, self.task).await.unwrap().unwrap().unwrap()
    }

    /// Drains the worker and waits for its end.
    pub(crate) async fn stop(self) -> WorkerReport {
        self.terminate();
        self.stopped().await
    }
}

/// A task that is over.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: TaskStatus,
    pub(crate) reason: ReasonCode,
    pub(crate) outcome: Result<String, String>,
    pub(crate) trace: Option<TraceRef>,
    pub(crate) attempt: Option<u32>,
}

impl Finished {
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        self.outcome.as_ref().unwrap_err()
    }

    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        serde_json::from_str(self.outcome.as_ref().unwrap()).unwrap()
    }

    #[track_caller]
    pub(crate) fn trace(&self) -> &TraceRef {
        self.trace.as_ref().unwrap()
    }
}

pub(crate) fn operator() -> Principal {
    Principal::new(RequesterKind::Human, "operator").unwrap()
}

/// Waits until `look` finds something.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(HANG, found).await {
        Ok(found) => found,
        Err(_) => panic!("waited in vain until {what}"),
    }
}
