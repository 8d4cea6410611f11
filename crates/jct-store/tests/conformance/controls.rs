//! Controls: what is held is not handed out, what is killed is called off with its next heartbeat, until it is lifted.

use std::time::Duration;

use jct_contract::{ControlId, TaskId};
use jct_lifecycle::{AttemptEnd, ReasonCode, TaskStatus};
use jct_store::model::{
    ClaimedTask, ControlMode, ControlRecord, ControlScope, DueWork, HeartbeatAnswer, NewControl, PageStart, TaskState,
};
use jct_store::{ChangeAnswer, StatusAction, Store, StoreOptions};

use crate::support::{
    Db, LEASE, Worker, audit_actions, audit_of, change, completed, enqueue_many, on_both_engines, principal, record_of,
    settle, state, status, take, task, worker,
};

on_both_engines![
    nothing_that_a_control_is_about_is_handed_out_until_it_is_lifted,
    a_hold_lets_what_runs_go_on_and_a_kill_calls_it_off,
    a_killed_attempt_ends_cancelled_and_names_the_control,
    a_kill_that_came_after_a_claim_is_heard_by_the_next_heartbeat_only_where_it_applies,
    nobody_takes_from_outside_what_is_held,
    a_kill_ends_what_is_held_outside,
    nothing_is_held_outside_past_a_kill_and_a_heartbeat,
    a_control_is_lifted_once_and_stays_in_the_books,
    an_agent_is_held_once_and_started_by_lifting_all_its_holds,
    what_was_passed_over_while_held_is_found_again,
];

pub(crate) fn new(scope: ControlScope, mode: ControlMode) -> NewControl {
    NewControl { scope, mode, reason: "a bad release".to_owned(), by: principal("ana"), unless_there_is_one: false }
}

pub(crate) async fn hold(store: &Store, scope: ControlScope) -> ControlRecord {
    store.control_create(new(scope, ControlMode::Hold)).await.unwrap()
}

async fn kill(store: &Store, scope: ControlScope) -> ControlRecord {
    store.control_create(new(scope, ControlMode::Kill)).await.unwrap()
}

fn scope(kind: &str, value: &str) -> ControlScope {
    ControlScope::new(kind, Some(value).filter(|value| !value.is_empty())).unwrap()
}

async fn claim(store: &Store, who: &Worker, limit: u32) -> Vec<TaskId> {
    let due = store.due_work(&who.request(limit)).await.unwrap();
    let claimed = who.claim(store, limit).await;
    assert_eq!(due == DueWork::Free, !claimed.is_empty(), "look and claim must agree");
    claimed.iter().map(|task| task.lease.task_id).collect()
}

async fn nothing_that_a_control_is_about_is_handed_out_until_it_is_lifted(db: Db) {
    let store = db.store().await;
    let me = worker("w1");
    let ours = || task().repo("myorg/app").operation("code_change").agent("codex");
    let first = ours().enqueue(&store).await;
    let policy = store.task_admission(first).await.unwrap().unwrap().policy_digest.to_string();
    assert_eq!(claim(&store, &me, 1).await, [first]);
    let about = [
        ("all", ""),
        ("repo", "myorg"),
        ("repo", "myorg/app"),
        ("operation", "code_change"),
        ("agent", "w1"),
        ("agent", "worker:w1"),
        ("agent", "agent"),
        ("agent", "executor:agent"),
        ("agent", "codex"),
        ("agent", "adapter:codex"),
        ("policy", &policy),
    ];
    let other = format!("sha256:{}", "0".repeat(64));
    let not_about = [
        ("repo", "myor"),
        ("repo", "myorg/ap"),
        ("repo", "myorg/app/deeper"),
        ("operation", "docs"),
        ("agent", "w2"),
        ("agent", "executor:w1"),
        ("agent", "worker:codex"),
        ("agent", "executor:codex"),
        ("agent", "adapter:agent"),
        ("agent", "survey"),
        ("policy", &other),
    ];
    for mode in ControlMode::ALL {
        for (kind, value) in about {
            let id = ours().enqueue(&store).await;
            let control = store.control_create(new(scope(kind, value), mode)).await.unwrap();
            assert_eq!(claim(&store, &me, 10).await, [], "{kind} {value} {mode}");
            store.control_lift(control.id, principal("bob")).await.unwrap();
            assert_eq!(claim(&store, &me, 10).await, [id], "{kind} {value} {mode}");
        }
        for (kind, value) in not_about {
            let id = ours().enqueue(&store).await;
            let control = store.control_create(new(scope(kind, value), mode)).await.unwrap();
            assert_eq!(claim(&store, &me, 10).await, [id], "{kind} {value} {mode}");
            store.control_lift(control.id, principal("bob")).await.unwrap();
        }
    }
}

async fn cancel_asked(store: &Store, who: &Worker, claimed: &ClaimedTask) -> bool {
    match store.heartbeat(who.id, vec![claimed.lease], LEASE).await.unwrap()[..] {
        [HeartbeatAnswer::Held { cancel_requested, .. }] => cancel_requested,
        ref other => panic!("not held: {other:?}"),
    }
}

async fn a_hold_lets_what_runs_go_on_and_a_kill_calls_it_off(db: Db) {
    let store = db.store().await;
    for (kind, value) in
        [("all", ""), ("repo", "myorg"), ("operation", "analysis"), ("agent", "w1"), ("agent", "survey")]
    {
        let me = worker("w1");
        task().enqueue(&store).await;
        let claimed = me.claim_one(&store).await;
        let held = hold(&store, scope(kind, value)).await;
        assert!(!cancel_asked(&store, &me, &claimed).await, "{kind} {value}");
        let killed = kill(&store, scope(kind, value)).await;
        assert!(cancel_asked(&store, &me, &claimed).await, "{kind} {value}");
        assert!(cancel_asked(&store, &me, &claimed).await, "asked once, it stays asked for");
        for control in [held, killed] {
            store.control_lift(control.id, principal("bob")).await.unwrap();
        }
        assert!(cancel_asked(&store, &me, &claimed).await, "what was called off is not called back");
        settle(&store, claimed.lease, AttemptEnd::Cancelled).await;
    }
}

async fn a_killed_attempt_ends_cancelled_and_names_the_control(db: Db) {
    let store = db.store().await;
    let me = worker("w1");
    let id = task().enqueue(&store).await;
    let claimed = me.claim_one(&store).await;
    let control = kill(&store, scope("repo", "myorg")).await;
    assert!(cancel_asked(&store, &me, &claimed).await);
    let TaskState::Running { cancel_note, cancel_requested_at, .. } = state(&store, id).await else { panic!() };
    assert_eq!(cancel_note, Some(format!("control {}: a bad release", control.id)));
    assert_eq!(cancel_requested_at, Some(db.now()));
    settle(&store, claimed.lease, AttemptEnd::Cancelled).await;
    let TaskState::Finished { status, reason, outcome, .. } = state(&store, id).await else { panic!() };
    assert_eq!((status, reason), (TaskStatus::Cancelled, ReasonCode::Cancelled));
    assert_eq!(outcome, Err(format!("cancelled by `ana`: control {}: a bad release", control.id)));
    let actions = audit_actions(&store, id).await;
    assert!(actions.iter().any(|action| action == "cancel_requested"), "{actions:?}");
}

async fn a_kill_that_came_after_a_claim_is_heard_by_the_next_heartbeat_only_where_it_applies(db: Db) {
    let store = db.store().await;
    let me = worker("w1");
    task().repo("myorg/app").enqueue(&store).await;
    task().repo("myorg/lib").enqueue(&store).await;
    let claimed = me.claim(&store, 2).await;
    kill(&store, scope("repo", "myorg/lib")).await;
    let leases = claimed.iter().map(|task| task.lease).collect();
    let answers = store.heartbeat(me.id, leases, LEASE).await.unwrap();
    for (task, answer) in claimed.iter().zip(answers) {
        let HeartbeatAnswer::Held { cancel_requested, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(cancel_requested, task.task.repo().as_str() == "myorg/lib");
    }
}

async fn nobody_takes_from_outside_what_is_held(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let control = hold(&store, scope("repo", "myorg")).await;
    let answer = change(&store, id, "jules", take()).await;
    assert_eq!(answer, ChangeAnswer::HeldByControl(Box::new(control.clone())));
    assert_eq!(status(&store, id).await, TaskStatus::Queued);
    // Ending it is no beginning.
    let other = task().enqueue(&store).await;
    let cancel = StatusAction::Cancel { note: None };
    assert_eq!(change(&store, other, "jules", cancel).await, ChangeAnswer::Changed);
    store.control_lift(control.id, principal("bob")).await.unwrap();
    assert!(matches!(change(&store, id, "jules", take()).await, ChangeAnswer::Taken(_)));
}

async fn a_kill_ends_what_is_held_outside(db: Db) {
    let store = db.store().await;
    let (hit, spared) = (task().enqueue(&store).await, task().repo("partner/x").enqueue(&store).await);
    for id in [hit, spared] {
        assert!(matches!(change(&store, id, "jules", take()).await, ChangeAnswer::Taken(_)));
    }
    let control = kill(&store, scope("repo", "myorg")).await;
    let TaskState::Finished { status: end, outcome, .. } = state(&store, hit).await else { panic!("it goes on") };
    assert_eq!(end, TaskStatus::Cancelled);
    assert_eq!(outcome, Err(format!("cancelled by `ana`: control {}: a bad release", control.id)));
    assert_eq!(status(&store, spared).await, TaskStatus::Running);
}

async fn nothing_is_held_outside_past_a_kill_and_a_heartbeat(db: Db) {
    let options = || StoreOptions { writers: 2, ..StoreOptions::default() };
    let (here, there) = (db.open(options()).await.unwrap(), db.open(options()).await.unwrap());
    for _ in 0..20 {
        let id = task().enqueue(&here).await;
        let taking = tokio::spawn({
            let here = here.clone();
            async move { change(&here, id, "jules", take()).await }
        });
        let control = kill(&there, ControlScope::All).await;
        let taken = taking.await.unwrap();
        let beat = StatusAction::Renew { grace: Duration::from_secs(60), most: None };
        let beat = change(&here, id, "jules", beat).await;
        assert!(!matches!(beat, ChangeAnswer::Taken(_)), "{taken:?}, then {beat:?}");
        assert_ne!(status(&here, id).await, TaskStatus::Running, "{taken:?}, then {beat:?}");
        here.control_lift(control.id, principal("bob")).await.unwrap();
        change(&here, id, "jules", StatusAction::Cancel { note: None }).await;
    }
}

async fn a_control_is_lifted_once_and_stays_in_the_books(db: Db) {
    let store = db.store().await;
    let first = hold(&store, ControlScope::All).await;
    db.pass_seconds(1);
    let second = kill(&store, scope("agent", "w1")).await;
    assert_eq!(store.controls_active().await.unwrap(), [first.clone(), second.clone()]);
    db.pass_seconds(1);
    let lifted = store.control_lift(first.id, principal("bob")).await.unwrap().unwrap();
    assert_eq!(lifted.lifted.as_ref().map(|lifted| (lifted.by.as_str(), lifted.at)), Some(("bob", db.now())));
    db.pass_seconds(1);
    assert_eq!(store.control_lift(first.id, principal("eve")).await.unwrap(), Some(lifted.clone()));
    assert_eq!(store.control_get(first.id).await.unwrap(), Some(lifted.clone()));
    let unknown = ControlId::at(db.now());
    assert_eq!(store.control_lift(unknown, principal("eve")).await.unwrap(), None);
    let list = async |active| store.control_list(active, PageStart::Offset(0), 10).await.unwrap().items;
    assert_eq!(list(Some(true)).await, std::slice::from_ref(&second));
    assert_eq!(list(Some(false)).await, std::slice::from_ref(&lifted));
    assert_eq!(list(None).await, [second, lifted.clone()]);
    let page = store.control_list(None, PageStart::Offset(0), 1).await.unwrap();
    let next = store.control_list(None, PageStart::After(page.next.unwrap()), 1).await.unwrap();
    assert_eq!((next.items, next.next), (vec![lifted], None));
    let entries = audit_of(&store, "control", &first.id.to_string()).await;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor_id.as_str())).collect();
    assert_eq!(told, [("created", "ana"), ("updated", "bob")], "who came too late changed nothing");
}

async fn an_agent_is_held_once_and_started_by_lifting_all_its_holds(db: Db) {
    let store = db.store().await;
    let once = |name: &str| NewControl {
        unless_there_is_one: true,
        ..new(ControlScope::Agent(name.to_owned()), ControlMode::Hold)
    };
    let first = store.control_create(once("w1")).await.unwrap();
    assert_eq!(store.control_create(once("w1")).await.unwrap(), first);
    assert_ne!(store.control_create(once("w2")).await.unwrap(), first);
    hold(&store, scope("agent", "w1")).await;
    let killed = kill(&store, scope("agent", "w1")).await;
    assert!(store.agent_start("w1".to_owned(), principal("bob")).await.unwrap());
    assert!(!store.agent_start("w1".to_owned(), principal("bob")).await.unwrap());
    let left: Vec<_> = store.controls_active().await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&killed), "a kill is lifted by its id");
}

async fn what_was_passed_over_while_held_is_found_again(db: Db) {
    let store = db.store().await;
    let me = worker("w1");
    let held = task().repo("myorg/held").enqueue(&store).await;
    db.pass_seconds(1);
    enqueue_many(&store, 4).await;
    let control = hold(&store, scope("repo", "myorg/held")).await;
    for _ in 0..2 {
        assert_eq!(claim(&store, &me, 1).await.len(), 1);
    }
    store.control_lift(control.id, principal("bob")).await.unwrap();
    // Whoever went past it learns with the next claim that there is something behind.
    let mut found = claim(&store, &me, 1).await;
    found.extend(claim(&store, &me, 1).await);
    assert!(found.contains(&held), "it was first in line and nobody came back for it");
    let record = record_of(&store, held).await;
    assert_eq!(record.state.status(), TaskStatus::Running);
    let rest = me.claim(&store, 10).await;
    for task in rest {
        settle(&store, task.lease, completed("{}")).await;
    }
}
