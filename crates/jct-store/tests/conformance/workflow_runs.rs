//! Runs of workflows: started once, driven by one at a time, moved on as a whole or not at all.

use std::time::Duration;

use jct_contract::{EventId, TaskId, Timestamp, TraceId, WorkerId, WorkflowId, WorkflowRunId};
use jct_event::WorkflowRunStatus;
use jct_lifecycle::{Fence, TaskStatus};
use jct_store::Store;
use jct_store::model::{
    AdvanceAnswer, CancelRunAnswer, ClaimedRun, NewRunEnd, NewWorkflowFact, NewWorkflowRun, OpenedStep, PageStart,
    RunAdvance, RunCause, RunClaim, RunFork, RunLease, RunStartAnswer, RunThen, WorkflowChange, WorkflowRunRecord,
    WorkflowSteps,
};

use crate::support::{Db, audit_of, completed, on_both_engines, principal, settle, task, worker};
use crate::workflows::{change, created};

on_both_engines![
    a_run_is_started_by_hand_and_looked_at_at_once,
    an_event_starts_a_workflow_once_and_only_if_it_is_active,
    a_fork_keeps_what_it_was_begun_with,
    one_at_a_time_drives_a_run,
    whoever_lost_the_lease_changes_nothing,
    facts_follow_each_other_without_a_gap,
    a_run_is_looked_at_when_a_task_of_it_is_over,
    a_run_is_looked_at_when_its_time_has_come,
    a_run_whose_driver_died_in_between_is_due_when_the_lease_ends,
    a_request_to_call_a_run_off_is_not_slept_through,
    a_run_that_is_over_stays_over,
    facts_and_inputs_never_change,
    what_fails_half_way_leaves_nothing,
];

pub(crate) const DRIVING: Duration = Duration::from_secs(10);

pub(crate) fn new_run(workflow: WorkflowId, cause: RunCause) -> NewWorkflowRun {
    NewWorkflowRun {
        workflow_id: workflow,
        version: 1,
        cause,
        event: "null".into(),
        depth: 0,
        timeout: Duration::from_secs(3_600),
        trace_id: TraceId::generate(),
    }
}

fn by_hand() -> RunCause {
    RunCause::Hand { by: principal("eve"), key: None }
}

#[track_caller]
pub(crate) fn started(mut answers: Vec<RunStartAnswer>) -> WorkflowRunRecord {
    match answers.pop() {
        Some(RunStartAnswer::Started(run)) if answers.is_empty() => *run,
        other => panic!("not started: {other:?}"),
    }
}

async fn start(store: &Store) -> WorkflowRunRecord {
    let workflow = match store.workflow_by_name("release").await.unwrap() {
        Some(known) => known.id,
        None => created(store, "release").await.id,
    };
    started(store.workflow_runs_start(vec![new_run(workflow, by_hand())]).await.unwrap())
}

async fn claim(store: &Store, run_id: WorkflowRunId) -> Option<ClaimedRun> {
    let holder = WorkerId::at(Timestamp::from_micros(1));
    store.workflow_run_claim(RunClaim { run_id, holder, lease: DRIVING }).await.unwrap()
}

fn advance(lease: RunLease, facts_before: u64) -> RunAdvance {
    RunAdvance {
        lease,
        facts_before,
        facts: Vec::new(),
        status: WorkflowRunStatus::Running,
        end: None,
        opened: Vec::new(),
        cancelled: Vec::new(),
        closed: Vec::new(),
        knows_cancel: false,
        then: RunThen::Hold(DRIVING),
    }
}

fn facts(texts: &[&str]) -> Vec<NewWorkflowFact> {
    texts.iter().map(|text| NewWorkflowFact { fact: (*text).to_owned(), detail: None }).collect()
}

async fn due(store: &Store) -> Vec<WorkflowRunId> {
    store.workflow_runs_due(10).await.unwrap().runs
}

async fn actions(store: &Store, run: WorkflowRunId) -> Vec<String> {
    audit_of(store, "workflow_run", &run.to_string()).await.into_iter().map(|entry| entry.action).collect()
}

async fn a_run_is_started_by_hand_and_looked_at_at_once(db: Db) {
    let store = db.store().await;
    assert!(due(&store).await.is_empty());
    let run = start(&store).await;
    assert_eq!((run.status, run.facts, run.started_by.name()), (WorkflowRunStatus::Running, 0, "eve"));
    assert_eq!(run.deadline_at, db.now().after(Duration::from_secs(3_600)));
    assert_eq!(store.workflow_run(run.id).await.unwrap().as_ref(), Some(&run));
    assert_eq!(due(&store).await, [run.id]);
    let workflow = store.workflow_get(run.workflow_id).await.unwrap().unwrap();
    assert_eq!((workflow.runs_started, workflow.last_run.as_ref()), (1, Some(&run)));
    assert_eq!(workflow.revision, 1, "a run is no change of its workflow");
    db.pass_seconds(1);
    let second = start(&store).await;
    let page = store.workflow_runs(run.workflow_id, PageStart::Offset(0), 1).await.unwrap().unwrap();
    assert_eq!(page.items, [second]);
    let rest = PageStart::After(page.next.unwrap());
    assert_eq!(store.workflow_runs(run.workflow_id, rest, 1).await.unwrap().unwrap().items, std::slice::from_ref(&run));
    assert_eq!(actions(&store, run.id).await, ["created"]);
    let nobody = new_run(WorkflowId::at(db.now()), by_hand());
    assert_eq!(store.workflow_runs_start(vec![nobody]).await.unwrap(), [RunStartAnswer::NotFound]);
}

async fn an_event_starts_a_workflow_once_and_only_if_it_is_active(db: Db) {
    let stores = [db.store().await, db.store().await];
    let workflow = created(&stores[0], "release").await.id;
    let event = EventId::at(db.now());
    let tries = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        let new = NewWorkflowRun { depth: 3, ..new_run(workflow, RunCause::Event { id: event }) };
        tokio::spawn(async move { store.workflow_runs_start(vec![new.clone(), new]).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().flat_map(Result::unwrap).collect();
    let runs: Vec<_> = answers.iter().filter(|one| matches!(one, RunStartAnswer::Started(_))).collect();
    let [RunStartAnswer::Started(run)] = runs.as_slice() else { panic!("{answers:?}") };
    // The run is the owner's, not anybody's who sent the event.
    assert_eq!((run.started_by.name(), run.event_id, run.depth), ("ana", Some(event), 3));
    assert_eq!(stores[0].workflow_get(workflow).await.unwrap().unwrap().runs_started, 1);
    stores[0].workflow_change(WorkflowChange { is_active: Some(false), ..change(workflow) }).await.unwrap();
    let other = new_run(workflow, RunCause::Event { id: EventId::at(db.now()) });
    assert_eq!(stores[0].workflow_runs_start(vec![other]).await.unwrap(), [RunStartAnswer::Inactive]);
    started(stores[0].workflow_runs_start(vec![new_run(workflow, by_hand())]).await.unwrap());
}

async fn a_fork_keeps_what_it_was_begun_with(db: Db) {
    let store = db.store().await;
    let workflow = created(&store, "release").await.id;
    let event_id = EventId::at(db.now());
    let first = new_run(workflow, RunCause::Event { id: event_id });
    let first = started(store.workflow_runs_start(vec![first]).await.unwrap());
    let fork = RunFork { from: first.id, step: "b".to_owned() };
    let kept = "{\"a\":1}".to_owned();
    let cause =
        RunCause::Fork { by: principal("eve"), fork: fork.clone(), kept: kept.clone(), event_id: Some(event_id) };
    let new = NewWorkflowRun { event: "{\"id\":1}".into(), ..new_run(workflow, cause) };
    let run = started(store.workflow_runs_start(vec![new]).await.unwrap());
    assert_eq!((run.fork, run.event_id, run.started_by.name()), (Some(fork), Some(event_id), "eve"));
    let input = store.workflow_run_input(run.id).await.unwrap().unwrap();
    assert_eq!((input.event.as_str(), input.kept), ("{\"id\":1}", Some(kept)));
}

async fn one_at_a_time_drives_a_run(db: Db) {
    let stores = [db.store().await, db.store().await];
    let run = start(&stores[0]).await;
    let tries = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { claim(&store, run.id).await })
    });
    let claims: Vec<_> = futures_util::future::join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    let [claimed] = claims.as_slice() else { panic!("{claims:?}") };
    assert_eq!(claimed.lease.fence, Fence { epoch: 1, generation: 1 });
    assert!(due(&stores[0]).await.is_empty(), "what is driven is not due");
    db.pass(DRIVING);
    assert_eq!(due(&stores[0]).await, [run.id]);
    assert_eq!(claim(&stores[1], run.id).await.unwrap().lease.fence.generation, 2);
}

async fn whoever_lost_the_lease_changes_nothing(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let first = claim(&store, run.id).await.unwrap().lease;
    db.pass(DRIVING);
    let late = RunAdvance { facts: facts(&["late"]), ..advance(first, 0) };
    assert_eq!(store.workflow_run_advance(late.clone()).await.unwrap(), AdvanceAnswer::Stale);
    let second = claim(&store, run.id).await.unwrap().lease;
    assert_eq!(store.workflow_run_advance(late).await.unwrap(), AdvanceAnswer::Stale);
    let forged = RunLease { fence: Fence { epoch: 2, ..second.fence }, ..second };
    assert_eq!(store.workflow_run_advance(advance(forged, 0)).await.unwrap(), AdvanceAnswer::Stale);
    assert!(store.workflow_facts(run.id, 0).await.unwrap().is_empty());
    assert_eq!(actions(&store, run.id).await, ["created"]);
    let done = RunAdvance { facts: facts(&["done"]), ..advance(second, 0) };
    assert_eq!(store.workflow_run_advance(done).await.unwrap(), AdvanceAnswer::Advanced { at: db.now() });
}

async fn facts_follow_each_other_without_a_gap(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    for (before, texts) in [(0, &["a", "b"][..]), (2, &["c"]), (3, &[]), (3, &["d"])] {
        let more = RunAdvance { facts: facts(texts), ..advance(lease, before) };
        assert_eq!(store.workflow_run_advance(more).await.unwrap(), AdvanceAnswer::Advanced { at: db.now() });
    }
    for before in [0, 3, 5] {
        let wrong = RunAdvance { facts: facts(&["x"]), ..advance(lease, before) };
        assert_eq!(store.workflow_run_advance(wrong).await.unwrap(), AdvanceAnswer::Stale);
    }
    let kept: Vec<_> =
        store.workflow_facts(run.id, 1).await.unwrap().into_iter().map(|fact| (fact.seq, fact.fact)).collect();
    assert_eq!(kept, [(2, "b".to_owned()), (3, "c".to_owned()), (4, "d".to_owned())]);
    assert_eq!(store.workflow_run(run.id).await.unwrap().unwrap().facts, 4);
    assert_eq!(actions(&store, run.id).await, ["created", "updated", "updated", "updated"]);
}

fn opened(db: &Db, step: &str, task_id: TaskId) -> OpenedStep {
    let deadline_at = db.now().after(Duration::from_secs(300));
    OpenedStep { step: step.to_owned(), attempt: 1, task_id, enqueued_at: db.now(), deadline_at }
}

fn release(db: &Db, seconds: u64) -> RunThen {
    RunThen::Release { look_at: db.now().after(Duration::from_secs(seconds)) }
}

async fn a_run_is_looked_at_when_a_task_of_it_is_over(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let ids = [task().enqueue(&store).await, task().objective("another task").enqueue(&store).await];
    let both = vec![opened(&db, "a", ids[0]), opened(&db, "b", ids[1])];
    let waits = RunAdvance { opened: both, then: release(&db, 300), ..advance(lease, 0) };
    store.workflow_run_advance(waits).await.unwrap();
    assert!(due(&store).await.is_empty());
    let claimed = worker("w").claim(&store, 2).await;
    for one in &claimed {
        settle(&store, one.lease, completed("{\"n\":1}")).await;
    }
    assert_eq!(due(&store).await, [run.id], "once, though two of its tasks are over");
    let lease = claim(&store, run.id).await.unwrap().lease;
    assert!(due(&store).await.is_empty());
    let open = store.workflow_steps(run.id, WorkflowSteps::Open).await.unwrap();
    let ends: Vec<_> =
        open.iter().map(|one| one.end.as_ref().unwrap()).map(|end| (end.status, end.result.as_deref())).collect();
    assert_eq!(ends, [(TaskStatus::Completed, Some("{\"n\":1}")); 2]);
    let noted = RunAdvance { closed: ids.to_vec(), then: release(&db, 300), ..advance(lease, 0) };
    store.workflow_run_advance(noted).await.unwrap();
    assert!(due(&store).await.is_empty());
    assert!(store.workflow_steps(run.id, WorkflowSteps::Open).await.unwrap().is_empty());
    assert_eq!(store.workflow_steps(run.id, WorkflowSteps::All).await.unwrap().len(), 2);
    let one = store.workflow_steps(run.id, WorkflowSteps::Of(vec!["b".to_owned(), "c".to_owned()])).await.unwrap();
    assert_eq!((one.len(), one[0].task_id), (1, ids[1]));
    let results = store.task_results(ids.to_vec()).await.unwrap();
    assert_eq!(results[&ids[0]].as_deref(), Some("{\"n\":1}"));
}

async fn a_run_is_looked_at_when_its_time_has_come(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let waits = RunAdvance { then: release(&db, 60), ..advance(lease, 0) };
    store.workflow_run_advance(waits).await.unwrap();
    let found = store.workflow_runs_due(10).await.unwrap();
    assert_eq!((found.runs, found.next), (vec![], Some(db.now().after(Duration::from_secs(60)))));
    db.pass_seconds(60);
    assert_eq!(due(&store).await, [run.id]);
}

/// What made the run due is taken note of by then, and nothing else would.
async fn a_run_whose_driver_died_in_between_is_due_when_the_lease_ends(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let id = task().enqueue(&store).await;
    let waits = RunAdvance { opened: vec![opened(&db, "a", id)], then: release(&db, 300), ..advance(lease, 0) };
    store.workflow_run_advance(waits).await.unwrap();
    settle(&store, worker("w").claim_one(&store).await.lease, completed("{}")).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let noted = RunAdvance { facts: facts(&["a"]), closed: vec![id], ..advance(lease, 0) };
    store.workflow_run_advance(noted).await.unwrap();
    let found = store.workflow_runs_due(10).await.unwrap();
    assert_eq!((found.runs, found.next), (vec![], Some(db.now().after(DRIVING))));
    db.pass(DRIVING);
    assert_eq!(due(&store).await, [run.id]);
}

async fn a_request_to_call_a_run_off_is_not_slept_through(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let by = principal("ana");
    let asked = store.workflow_run_cancel(run.workflow_id, run.id, by.clone()).await.unwrap();
    let CancelRunAnswer::Requested(asked) = asked else { panic!("{asked:?}") };
    assert_eq!(asked.cancel.as_ref().unwrap().by, "ana");
    let again = store.workflow_run_cancel(run.workflow_id, run.id, principal("bob")).await.unwrap();
    assert_eq!(again, CancelRunAnswer::Requested(asked));
    let unaware = RunAdvance { then: release(&db, 300), ..advance(lease, 0) };
    store.workflow_run_advance(unaware).await.unwrap();
    assert_eq!(due(&store).await, [run.id]);
    let lease = claim(&store, run.id).await.unwrap().lease;
    let aware = RunAdvance {
        facts: facts(&["cancel"]),
        status: WorkflowRunStatus::Stopping,
        knows_cancel: true,
        then: release(&db, 300),
        ..advance(lease, 0)
    };
    store.workflow_run_advance(aware).await.unwrap();
    assert!(due(&store).await.is_empty());
    assert_eq!(actions(&store, run.id).await, ["created", "updated", "status_changed"]);
    let other = created(&store, "other").await.id;
    assert_eq!(store.workflow_run_cancel(other, run.id, by).await.unwrap(), CancelRunAnswer::NotFound);
}

async fn a_run_that_is_over_stays_over(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let end = NewRunEnd { result: Some("{}".to_owned()), error: Some("step `a`\0 failed".to_owned()) };
    let over =
        RunAdvance { facts: facts(&["x"]), status: WorkflowRunStatus::Failed, end: Some(end), ..advance(lease, 0) };
    store.workflow_run_advance(over.clone()).await.unwrap();
    let record = store.workflow_run(run.id).await.unwrap().unwrap();
    let end = record.end.as_ref().unwrap();
    assert_eq!((record.status, end.at, end.result.as_deref()), (WorkflowRunStatus::Failed, db.now(), Some("{}")));
    assert_eq!(end.error.as_deref(), Some("step `a`\u{fffd} failed"));
    assert_eq!(store.workflow_run_advance(RunAdvance { facts_before: 1, ..over }).await.unwrap(), AdvanceAnswer::Stale);
    db.pass_seconds(10_000);
    assert!(due(&store).await.is_empty());
    assert!(claim(&store, run.id).await.is_none());
    let refused = store.workflow_run_cancel(run.workflow_id, run.id, principal("ana")).await.unwrap();
    assert_eq!(refused, CancelRunAnswer::Over(Box::new(record)));
}

async fn facts_and_inputs_never_change(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    store.workflow_run_advance(RunAdvance { facts: facts(&["a"]), ..advance(lease, 0) }).await.unwrap();
    for (statement, why) in [
        ("UPDATE workflow_facts SET fact = 'b'", "a fact never changes"),
        ("DELETE FROM workflow_facts", "a fact never changes"),
        ("UPDATE workflow_inputs SET event = '1'", "what a run was begun with never changes"),
        ("DELETE FROM workflow_inputs", "what a run was begun with never changes"),
    ] {
        let refused = db.execute(statement).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

/// Whichever of the writes of a step fails, nothing of the step is there afterwards, and it can be done again.
async fn what_fails_half_way_leaves_nothing(db: Db) {
    let store = db.store().await;
    let run = start(&store).await;
    let lease = claim(&store, run.id).await.unwrap().lease;
    let id = task().enqueue(&store).await;
    let step = RunAdvance { facts: facts(&["a"]), opened: vec![opened(&db, "a", id)], ..advance(lease, 0) };
    for place in ["INSERT ON workflow_facts", "INSERT ON workflow_steps", "INSERT ON audit_log"] {
        db.break_writes(place).await;
        let before = db.dump().await;
        store.workflow_run_advance(step.clone()).await.unwrap_err();
        assert_eq!(db.dump().await, before, "{place}");
        db.mend_writes(place).await;
    }
    assert_eq!(store.workflow_run_advance(step).await.unwrap(), AdvanceAnswer::Advanced { at: db.now() });
}
