//! Tasks, workers and settlements, with everything a test does not care about already chosen.

use std::time::Duration;

use jct_audit::StoredEntry;
use jct_contract::{
    CapabilitySet, Clock, IsolationLevel, JobType, Principal, RequesterKind, Sha256Digest, SystemClock, TaskId,
    TaskSpec, TraceId, WorkerId,
};
use jct_lifecycle::{AttemptEnd, Fence, LeaseRef, ReasonCode, RetryPolicy, TaskStatus};
use jct_policy::{PolicyConfig, evaluate};
use jct_store::model::{
    AuditQuery, Claim, ClaimFilter, ClaimedTask, DueWork, Enqueued, EventKind, JobFacts, ManifestUse, NewEvent,
    NewTask, NewTaskObjects, RunReport, SettleAnswer, Settlement, TaskRecord, TaskState,
};
use jct_store::{ChangeAnswer, StatusAction, StatusChange, Store};
use serde_json::{Value, json};

/// How long the leases of [`Worker`] last, in seconds.
pub(crate) const LEASE_SECONDS: u64 = 30;
pub(crate) const LEASE: Duration = Duration::from_secs(LEASE_SECONDS);
/// The test's own, so that no default decides what a test sees: five seconds, doubled for each attempt.
pub(crate) const RETRY: RetryPolicy =
    RetryPolicy { max_attempts: 3, base: Duration::from_secs(5), cap: Duration::from_secs(600) };

/// What a task looks like on its way in; [`Fixture::build`] sends it through the door and the gate.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    spec: Value,
    hold: bool,
    max_attempts: u32,
    submitter: Principal,
    objects: bool,
    job_type: Option<JobType>,
    priority: i64,
    needs: Option<CapabilitySet>,
    affinity_key: Option<String>,
    manifest: Option<ManifestUse>,
    events: Vec<NewEvent>,
}

pub(crate) fn task() -> Fixture {
    let spec = json!({
        "requested_by": { "kind": "agent", "id": "conformance" },
        "objective": "prove the store",
        "operation": "analysis",
        "target": { "repo": "myorg/app" },
    });
    Fixture {
        spec,
        hold: false,
        max_attempts: 3,
        submitter: principal("submitter"),
        objects: false,
        job_type: None,
        priority: 0,
        needs: None,
        affinity_key: None,
        manifest: None,
        events: Vec::new(),
    }
}

impl Fixture {
    fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.spec.pointer_mut(parent).unwrap()[name] = value;
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.with("/idempotency_key", key.into())
    }

    pub(crate) fn objective(self, objective: &str) -> Self {
        self.with("/objective", objective.into())
    }

    pub(crate) fn operation(self, operation: &str) -> Self {
        self.with("/operation", operation.into())
    }

    pub(crate) fn repo(self, repo: &str) -> Self {
        self.with("/target/repo", repo.into())
    }

    pub(crate) fn requester(self, kind: &str) -> Self {
        self.with("/requested_by/kind", kind.into())
    }

    pub(crate) fn executor(self, executor: &str) -> Self {
        self.with("/inputs", json!({ "executor": executor }))
    }

    /// For the executor `agent`, with this agent.
    pub(crate) fn agent(self, name: &str) -> Self {
        self.with("/inputs", json!({ "executor": "agent", "agent": name }))
    }

    pub(crate) fn isolation(self, level: &str) -> Self {
        self.inputs(json!({ "isolation": level }))
    }

    pub(crate) fn inputs(self, inputs: Value) -> Self {
        self.with("/inputs", inputs)
    }

    pub(crate) fn budget(self, seconds: u64) -> Self {
        self.with("/constraints", json!({ "time_budget_seconds": seconds }))
    }

    pub(crate) fn held(self) -> Self {
        Self { hold: true, ..self }
    }

    pub(crate) fn attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// A job of this type that needs these capabilities.
    pub(crate) fn job(self, job_type: JobType, needs: &[&str]) -> Self {
        Self { job_type: Some(job_type), needs: Some(capabilities(needs)), ..self }
    }

    pub(crate) fn priority(self, priority: i64) -> Self {
        Self { priority, ..self }
    }

    pub(crate) fn affinity(self, key: &str) -> Self {
        Self { affinity_key: Some(key.to_owned()), ..self }
    }

    /// A run of a manifest, out of the registry or not.
    pub(crate) fn manifest(self, name: &str, content: &str, from_registry: bool) -> Self {
        let manifest = ManifestUse {
            name: name.to_owned(),
            hash: Sha256Digest::of(content.as_bytes()).to_string(),
            content: content.into(),
            from_registry,
        };
        Self { manifest: Some(manifest), ..self }.executor("manifest").job(JobType::Manifest, &["manifest"])
    }

    pub(crate) fn event(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// With the work objects that come with a task.
    pub(crate) fn with_objects(self) -> Self {
        Self { objects: true, ..self }
    }

    pub(crate) fn build(&self) -> NewTask {
        let policy = PolicyConfig::from_prefix_list("myorg/,partner/").unwrap();
        let spec = TaskSpec::from_json(self.spec.to_string().as_bytes()).unwrap();
        let (admitted, trace_id) = (evaluate(&spec, &policy).unwrap(), TraceId::generate());
        let objects = |task| NewTaskObjects::of(task, None, trace_id.clone(), SystemClock.now()).unwrap();
        let plain = JobFacts::of_task(admitted.task());
        let job = JobFacts {
            job_type: self.job_type.unwrap_or(plain.job_type),
            priority: self.priority.try_into().unwrap(),
            capabilities: self.needs.clone().unwrap_or(plain.capabilities),
            affinity_key: self.affinity_key.as_ref().map(|key| key.parse().unwrap()),
            manifest: self.manifest.clone(),
        };
        NewTask {
            objects: self.objects.then(|| Box::new(objects(admitted.task()))),
            job,
            events: self.events.clone(),
            admitted,
            policy_canonical: policy.canonical_json().into(),
            trace_id,
            submitter: self.submitter.clone(),
            hold: self.hold,
            max_attempts: self.max_attempts,
        }
    }

    pub(crate) async fn enqueue(&self, store: &Store) -> TaskId {
        match store.enqueue(vec![self.build()]).await.unwrap().as_slice() {
            [Enqueued::Created { task_id, .. }] => *task_id,
            other => panic!("not created: {other:?}"),
        }
    }
}

/// Enqueues `count` tasks one after the other.
pub(crate) async fn enqueue_many(store: &Store, count: usize) -> Vec<TaskId> {
    let tasks = (0..count).map(|n| task().objective(&format!("task number {n}")).build()).collect();
    let answers = store.enqueue(tasks).await.unwrap();
    answers.into_iter().map(|answer| created(&answer)).collect()
}

#[track_caller]
pub(crate) fn created(answer: &Enqueued) -> TaskId {
    match answer {
        Enqueued::Created { task_id, .. } => *task_id,
        other => panic!("not created: {other:?}"),
    }
}

pub(crate) fn principal(name: &str) -> Principal {
    Principal::new(RequesterKind::Human, name).unwrap()
}

/// A worker process: an id and a name.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) id: WorkerId,
    name: String,
}

pub(crate) fn worker(name: &str) -> Worker {
    Worker { id: WorkerId::at(SystemClock.now()), name: name.to_owned() }
}

impl Worker {
    pub(crate) fn request(&self, limit: u32) -> Claim {
        Claim {
            worker_id: self.id,
            worker_name: self.name.clone(),
            limit,
            lease: LEASE,
            filter: any(),
            isolation: None,
        }
    }

    pub(crate) async fn claim(&self, store: &Store, limit: u32) -> Vec<ClaimedTask> {
        store.claim(self.request(limit)).await.unwrap()
    }

    pub(crate) async fn claim_only(&self, store: &Store, executors: &[&str], limit: u32) -> Vec<ClaimedTask> {
        store.claim(Claim { filter: offering(executors), ..self.request(limit) }).await.unwrap()
    }

    /// The one task there is to claim.
    pub(crate) async fn claim_one(&self, store: &Store) -> ClaimedTask {
        let mut claimed = self.claim(store, 1).await;
        assert_eq!(claimed.len(), 1, "one due task was expected");
        claimed.remove(0)
    }
}

/// Whether a worker without any job yet would find something.
pub(crate) async fn has_due_work(store: &Store, filter: &ClaimFilter, isolation: Option<IsolationLevel>) -> bool {
    let claim = Claim { filter: filter.clone(), isolation, ..worker("onlooker").request(1) };
    store.due_work(&claim).await.unwrap() == DueWork::Free
}

/// Whatever task there is; of other jobs those that need nothing.
pub(crate) fn any() -> ClaimFilter {
    ClaimFilter::any(CapabilitySet::default())
}

/// What needs nothing beside these capabilities.
pub(crate) fn offering(words: &[&str]) -> ClaimFilter {
    ClaimFilter::offering(capabilities(words))
}

pub(crate) fn capabilities(words: &[&str]) -> CapabilitySet {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

pub(crate) fn completed(result: &str) -> AttemptEnd {
    AttemptEnd::Completed { result: result.to_owned() }
}

pub(crate) fn failed(reason: ReasonCode) -> AttemptEnd {
    AttemptEnd::Failed { reason, message: format!("{reason} for the test") }
}

/// A settlement whose retry, if one follows, comes after exactly the policy's backoff.
pub(crate) fn settlement(lease: LeaseRef, end: AttemptEnd) -> Settlement {
    Settlement {
        lease,
        end,
        trace: None,
        artifacts: Vec::new(),
        evidence: None,
        report: RunReport::default(),
        manifest_state: None,
        retry: RETRY,
        jitter: 1.0,
    }
}

pub(crate) async fn settle(store: &Store, lease: LeaseRef, end: AttemptEnd) -> SettleAnswer {
    store.settle(settlement(lease, end)).await.unwrap()
}

pub(crate) async fn reap(store: &Store) -> Vec<jct_store::model::Reaped> {
    store.reap(RETRY, 1_000, 1.0).await.unwrap()
}

pub(crate) async fn change(store: &Store, id: TaskId, by: &str, action: StatusAction) -> ChangeAnswer {
    change_with_fence(store, id, by, None, action).await
}

pub(crate) async fn change_with_fence(
    store: &Store,
    task_id: TaskId,
    by: &str,
    fence: Option<Fence>,
    action: StatusAction,
) -> ChangeAnswer {
    store.change_status(StatusChange { task_id, by: principal(by), fence, action }).await.unwrap()
}

pub(crate) fn status_change(task_id: TaskId, by: &str, action: StatusAction) -> StatusChange {
    StatusChange { task_id, by: principal(by), fence: None, action }
}

pub(crate) fn cancel() -> StatusAction {
    StatusAction::Cancel { note: None }
}

pub(crate) fn take() -> StatusAction {
    StatusAction::Take { assigned_to: None, grace: Duration::from_secs(60), most: None }
}

pub(crate) fn complete() -> StatusAction {
    StatusAction::Complete { result: "{}".to_owned(), trace_path: None }
}

pub(crate) fn fail(error: &str) -> StatusAction {
    StatusAction::Fail { error: error.to_owned(), trace_path: None }
}

pub(crate) async fn record_of(store: &Store, id: TaskId) -> TaskRecord {
    store.task_get(id).await.unwrap().unwrap()
}

pub(crate) async fn state(store: &Store, id: TaskId) -> TaskState {
    record_of(store, id).await.state
}

pub(crate) async fn status(store: &Store, id: TaskId) -> TaskStatus {
    state(store, id).await.status()
}

/// The whole audit trail of a task, oldest first.
pub(crate) async fn audit(store: &Store, id: TaskId) -> Vec<StoredEntry> {
    audit_of(store, "task", &id.to_string()).await
}

pub(crate) async fn audit_of(store: &Store, kind: &str, id: &str) -> Vec<StoredEntry> {
    let query = AuditQuery { entity_kind: kind.to_owned(), entity_id: id.to_owned(), limit: 10_000 };
    let entries = store.audit_entries(query).await.unwrap();
    super::assert_chained(&entries);
    entries
}

pub(crate) async fn audit_actions(store: &Store, id: TaskId) -> Vec<String> {
    audit(store, id).await.into_iter().map(|entry| entry.action).collect()
}

pub(crate) fn log_line(at: jct_contract::Timestamp, line: &str) -> NewEvent {
    NewEvent { at, kind: EventKind::Log, body: json!({ "stream": "stdout", "line": line }).to_string() }
}

/// The same lease under a fence that was never handed out.
pub(crate) fn forged(lease: LeaseRef) -> LeaseRef {
    LeaseRef { fence: Fence { generation: lease.fence.generation + 1, ..lease.fence }, ..lease }
}
