//! Whatever controls there are: what is handed out is what none of them is about, and what is called off is what a kill is
//! about. The oracle is the scope's own account of what it is about, which no statement uses.

use jct_contract::Sha256Digest;
use jct_store::model::{AgentKind, ControlMode, ControlRecord, ControlScope, DueWork, HeartbeatAnswer, TaskRecord};
use jct_store::{ChangeAnswer, StatusAction, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::controls::new;
use crate::support::{Db, Fixture, LEASE, change, on_both_engines, principal, record_of, take, task, worker};

on_both_engines![
    no_claimed_task_is_one_that_a_control_is_about,
    a_heartbeat_calls_off_what_a_kill_is_about,
    nobody_outside_takes_what_a_control_is_about,
];

const ROUNDS: usize = 40;
const REPOS: [&str; 5] = ["myorg/app", "myorg/app/deep", "myorg/app-two", "myorg/lib", "partner/app"];
const OPERATIONS: [&str; 4] = ["code_change", "docs", "analysis", "ops"];
const EXECUTORS: [&str; 3] = ["survey", "command", "codex"];
const AGENTS: [&str; 3] = ["codex", "claude", "survey"];
const WORKERS: [&str; 4] = ["w1", "w2", "survey", "worker:w1"];

fn tasks() -> impl Strategy<Value = Vec<Fixture>> {
    let one = (0..REPOS.len(), 0..OPERATIONS.len(), 0..EXECUTORS.len() + AGENTS.len(), -1..=1i64);
    let one = one.prop_map(|(repo, operation, runs, priority)| {
        let task = task().repo(REPOS[repo]).operation(OPERATIONS[operation]).priority(priority);
        match EXECUTORS.get(runs) {
            Some(executor) => task.executor(executor),
            None => task.agent(AGENTS[runs - EXECUTORS.len()]),
        }
    });
    prop::collection::vec(one, 1..8)
}

fn scopes(policy: Sha256Digest) -> impl Strategy<Value = Vec<(ControlScope, ControlMode)>> {
    let name = prop::sample::select([&EXECUTORS[..], &AGENTS, &WORKERS, &["agent"]].concat());
    let kind = prop::sample::select(vec!["", "worker:", "executor:", "adapter:", "external:"]);
    let repo = prop::sample::select([&REPOS[..], &["myorg", "partner", "myorg/ap"]].concat());
    let scope = prop_oneof![
        1 => Just(ControlScope::All),
        4 => repo.prop_map(|repo| ControlScope::new("repo", Some(repo)).unwrap()),
        2 => prop::sample::select(OPERATIONS.to_vec()).prop_map(|one| ControlScope::new("operation", Some(one)).unwrap()),
        8 => (kind, name).prop_map(|(kind, name)| ControlScope::Agent(format!("{kind}{name}"))),
        1 => prop::sample::select(vec![policy, Sha256Digest::of(b"another")]).prop_map(ControlScope::Policy),
    ];
    let mode = prop::sample::select(ControlMode::ALL.to_vec());
    prop::collection::vec((scope, mode), 0..4)
}

fn any_of<T>(strategy: impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).unwrap().current()
}

async fn policy_of(store: &Store) -> Sha256Digest {
    let id = task().enqueue(store).await;
    worker("first").claim_one(store).await;
    store.task_admission(id).await.unwrap().unwrap().policy_digest
}

async fn set(store: &Store, scopes: Vec<(ControlScope, ControlMode)>) -> Vec<ControlRecord> {
    let mut all = Vec::new();
    for (scope, mode) in scopes {
        all.push(store.control_create(new(scope, mode)).await.unwrap());
    }
    all
}

async fn lift_all(store: &Store, controls: &[ControlRecord]) {
    for control in controls {
        store.control_lift(control.id, principal("bob")).await.unwrap();
    }
}

fn is_about(scope: &ControlScope, record: &TaskRecord, policy: &Sha256Digest, worker: &str) -> bool {
    scope.is_about_task(&record.task, policy) || scope.is_about_worker(worker)
}

async fn no_claimed_task_is_one_that_a_control_is_about(db: Db) {
    let store = db.store().await;
    let (policy, mut runner) = (policy_of(&store).await, TestRunner::deterministic());
    for round in 0..ROUNDS {
        let mut waiting = Vec::new();
        for fixture in any_of(tasks(), &mut runner) {
            waiting.push(fixture.enqueue(&store).await);
        }
        let controls = set(&store, any_of(scopes(policy), &mut runner)).await;
        for name in WORKERS {
            let (who, limit) = (worker(name), any_of(1..4u32, &mut runner));
            let mut free = Vec::new();
            for id in &waiting {
                let record = record_of(&store, *id).await;
                if !controls.iter().any(|control| is_about(&control.scope, &record, &policy, name)) {
                    free.push(*id);
                }
            }
            let seen = store.due_work(&who.request(limit)).await.unwrap();
            assert_eq!(seen == DueWork::Free, !free.is_empty(), "round {round}, `{name}`: {controls:#?}");
            let claimed: Vec<_> = who.claim(&store, limit).await.iter().map(|task| task.lease.task_id).collect();
            assert!(claimed.iter().all(|id| free.contains(id)), "round {round}, `{name}`: {controls:#?}");
            assert_eq!(claimed.len(), free.len().min(limit as usize), "round {round}, `{name}`: {controls:#?}");
            waiting.retain(|id| !claimed.contains(id));
        }
        lift_all(&store, &controls).await;
        let rest: Vec<_> = worker("last").claim(&store, 100).await.iter().map(|task| task.lease.task_id).collect();
        assert_eq!(rest.len(), waiting.len(), "round {round}: lifted, all of it can be had");
    }
}

async fn a_heartbeat_calls_off_what_a_kill_is_about(db: Db) {
    let store = db.store().await;
    let (policy, mut runner) = (policy_of(&store).await, TestRunner::deterministic());
    for round in 0..ROUNDS {
        let name = any_of(prop::sample::select(WORKERS.to_vec()), &mut runner);
        let who = worker(name);
        for fixture in any_of(tasks(), &mut runner) {
            fixture.enqueue(&store).await;
        }
        let claimed = who.claim(&store, 100).await;
        let controls = set(&store, any_of(scopes(policy), &mut runner)).await;
        let leases = claimed.iter().map(|task| task.lease).collect();
        for (task, answer) in claimed.iter().zip(store.heartbeat(who.id, leases, LEASE).await.unwrap()) {
            let record = record_of(&store, task.lease.task_id).await;
            let kills = controls.iter().filter(|control| control.mode == ControlMode::Kill);
            let expect = kills.into_iter().any(|control| is_about(&control.scope, &record, &policy, name));
            let HeartbeatAnswer::Held { cancel_requested, .. } = answer else { panic!("{answer:?}") };
            assert_eq!(cancel_requested, expect, "round {round}, `{name}`, {:?}: {controls:#?}", record.task);
        }
        lift_all(&store, &controls).await;
    }
}

async fn nobody_outside_takes_what_a_control_is_about(db: Db) {
    let store = db.store().await;
    let (policy, mut runner) = (policy_of(&store).await, TestRunner::deterministic());
    for round in 0..ROUNDS {
        let mut waiting = Vec::new();
        for fixture in any_of(tasks(), &mut runner) {
            waiting.push(fixture.enqueue(&store).await);
        }
        let controls = set(&store, any_of(scopes(policy), &mut runner)).await;
        for id in waiting {
            let name = any_of(prop::sample::select(WORKERS.to_vec()), &mut runner);
            let record = record_of(&store, id).await;
            let is_about = |control: &ControlRecord| {
                let scope = &control.scope;
                scope.is_about_task(&record.task, &policy) || scope.is_about_agent(AgentKind::External, name)
            };
            let answer = change(&store, id, name, take()).await;
            match controls.iter().filter(|control| is_about(control)).min_by_key(|control| control.id) {
                Some(control) => assert_eq!(answer, ChangeAnswer::HeldByControl(Box::new(control.clone()))),
                None => assert!(matches!(answer, ChangeAnswer::Taken(_)), "round {round}, `{name}`: {controls:#?}"),
            }
            change(&store, id, name, StatusAction::Cancel { note: None }).await;
        }
        lift_all(&store, &controls).await;
    }
}
