//! Feed and reaper on a real store whose clock the test moves.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{
    CapabilitySet, Clock, ManualClock, Principal, RequesterKind, SystemClock, TaskId, TaskSpec, TraceId, WorkerId,
};
use jct_lifecycle::{ReasonCode, RetryPolicy, TaskStatus};
use jct_policy::{PolicyConfig, evaluate};
use jct_store::model::{Claim, ClaimFilter, Enqueued, JobFacts, NewTask, TaskState};
use jct_store::{ChangeAnswer, DatabaseUrl, StatusAction, StatusChange, Store, StoreOptions};
use tempfile::TempDir;

use super::{Reaper, WorkFeed};

const LEASE: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(60);
const BUDGET: Duration = Duration::from_secs(120);

struct Bench {
    store: Store,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let options = StoreOptions { clock: Some(clock.clone()), ..StoreOptions::default() };
        let store = Store::open(&DatabaseUrl::sqlite(folder.path().join("jct.db")), options).await.unwrap();
        Self { store, clock, _folder: folder }
    }

    async fn enqueue(&self) -> TaskId {
        let spec = TaskSpec::from_json(
            br#"{"requested_by": {"kind": "agent", "id": "jules"}, "objective": "Wait for a worker",
                "operation": "analysis", "target": {"repo": "acme/service"},
                "constraints": {"time_budget_seconds": 120}}"#,
        );
        let policy = PolicyConfig::from_prefix_list("acme/").unwrap();
        let admitted = evaluate(&spec.unwrap(), &policy).unwrap();
        let task = NewTask {
            job: JobFacts::of_task(admitted.task()),
            events: Vec::new(),
            admitted,
            policy_canonical: policy.canonical_json().into(),
            trace_id: TraceId::generate(),
            submitter: operator(),
            hold: false,
            max_attempts: 3,
            objects: None,
        };
        match self.store.enqueue(vec![task]).await.unwrap().as_slice() {
            [Enqueued::Created { task_id, .. }] => *task_id,
            other => panic!("not created: {other:?}"),
        }
    }

    fn feed(&self) -> WorkFeed {
        let claim = Claim {
            worker_id: WorkerId::at(self.clock.now()),
            worker_name: "tester".to_owned(),
            limit: 1,
            lease: LEASE,
            filter: ClaimFilter::any(CapabilitySet::default()),
            isolation: None,
        };
        WorkFeed::new(Arc::new(self.store.clone()), claim)
    }

    fn reaper(&self) -> Reaper {
        Reaper::new(Arc::new(self.store.clone()), RetryPolicy::default())
    }

    async fn state(&self, id: TaskId) -> TaskState {
        self.store.task_get(id).await.unwrap().unwrap().state
    }
}

fn operator() -> Principal {
    Principal::new(RequesterKind::Human, "operator").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_hands_out_each_task_once_and_no_more_than_asked_for() {
    let bench = Bench::new().await;
    let mut feed = bench.feed();
    assert!(feed.take(10).await.unwrap().is_empty());
    let mut expect = vec![bench.enqueue().await, bench.enqueue().await, bench.enqueue().await];
    let mut taken = Vec::new();
    for limit in [2, 2, 2] {
        let tasks = feed.take(limit).await.unwrap();
        assert!(tasks.len() <= 2);
        taken.extend(tasks.iter().map(|task| task.lease.task_id));
    }
    taken.sort();
    expect.sort();
    assert_eq!(taken, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_a_look_and_a_rest_ends_the_rest() {
    let bench = Bench::new().await;
    let mut feed = bench.feed();
    assert!(feed.take(1).await.unwrap().is_empty());
    bench.enqueue().await;
    assert!(feed.rest().await, "the change was missed and the poll ended the rest");
    assert_eq!(feed.take(1).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_vanished_loses_its_task_to_the_queue_when_the_lease_ends() {
    let bench = Bench::new().await;
    let id = bench.enqueue().await;
    assert_eq!(bench.feed().take(1).await.unwrap().len(), 1);
    bench.reaper().reap_all().await.unwrap();
    assert_eq!(bench.state(id).await.status(), TaskStatus::Running);
    bench.clock.advance(LEASE);
    bench.reaper().reap_all().await.unwrap();
    let state = bench.state(id).await;
    assert!(
        matches!(state, TaskState::Queued { attempts: 1, last_reason: Some(ReasonCode::LeaseLost), .. }),
        "{state:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_executor_that_does_not_report_fails_its_task_without_any_worker() {
    let bench = Bench::new().await;
    let id = bench.enqueue().await;
    let action = StatusAction::Take { assigned_to: None, grace: GRACE, most: None };
    let change = StatusChange { task_id: id, by: operator(), fence: None, action };
    assert!(matches!(bench.store.change_status(change).await.unwrap(), ChangeAnswer::Taken(_)));
    bench.clock.advance(BUDGET + GRACE - Duration::from_secs(1));
    bench.reaper().reap_all().await.unwrap();
    assert_eq!(bench.state(id).await.status(), TaskStatus::Running);
    bench.clock.advance(Duration::from_secs(1));
    bench.reaper().reap_all().await.unwrap();
    match bench.state(id).await {
        TaskState::Finished { status, reason, .. } => {
            assert_eq!((status, reason), (TaskStatus::Failed, ReasonCode::ExternalTimeout));
        }
        other => panic!("not finished: {other:?}"),
    }
}
