//! Agents: registered by workers, limited over all processes, and judged by what they ended.

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{AgentKind, AgentRecord, ClaimedTask, DueWork, Holder, NewAgent, NewWorker};
use jct_store::{ChangeAnswer, StatusAction, Store, StoreOptions};

use crate::support::{
    Db, LEASE, Worker, audit_of, change, complete, completed, enqueue_many, failed, offering, on_both_engines,
    principal, reap, settle, take, task, worker,
};

on_both_engines![
    workers_register_themselves_and_what_they_bring,
    names_that_clash_get_their_kind_before_them,
    a_configured_limit_wins_and_one_that_was_set_stays,
    a_limit_is_kept_by_claims_one_after_the_other,
    a_limit_is_kept_within_one_claim,
    two_claims_at_once_do_not_both_pass_a_limit,
    a_lease_that_ran_out_makes_room,
    what_was_ended_is_told_with_the_latest_first,
    whoever_takes_tasks_from_outside_is_an_agent,
    a_limit_is_kept_by_whoever_takes_tasks_from_outside,
    two_takes_at_once_do_not_both_pass_a_limit,
    who_comes_too_late_for_a_task_is_no_agent,
];

fn agent(kind: AgentKind, name: &str) -> NewAgent {
    NewAgent {
        kind,
        name: name.to_owned(),
        description: format!("the {kind} {name}"),
        capabilities: vec!["one".to_owned(), "two".to_owned()],
        config: "{}".to_owned(),
        max_concurrent_tasks: None,
    }
}

fn brings(who: &Worker, name: &str, agents: Vec<NewAgent>) -> NewWorker {
    NewWorker {
        id: who.id,
        name: name.to_owned(),
        version: "1".to_owned(),
        executors: vec!["survey".to_owned()],
        filter: offering(&["survey"]),
        slots: 2,
        isolation: None,
        agents,
        max_concurrent_tasks: None,
    }
}

async fn start(store: &Store, new: NewWorker) {
    store.worker_started(new).await.unwrap();
}

async fn named(store: &Store, name: &str) -> AgentRecord {
    store.agents().await.unwrap().into_iter().find(|agent| agent.name == name).unwrap()
}

async fn names(store: &Store) -> Vec<String> {
    store.agents().await.unwrap().into_iter().map(|agent| agent.name).collect()
}

async fn limit(store: &Store, name: &str, limit: Option<u32>) {
    assert!(store.agent_limit(name.to_owned(), limit, principal("ana")).await.unwrap());
}

async fn workers_register_themselves_and_what_they_bring(db: Db) {
    let store = db.store().await;
    let bringing = || vec![agent(AgentKind::Executor, "survey"), agent(AgentKind::Adapter, "codex")];
    start(&store, brings(&worker("w1"), "w1", bringing())).await;
    assert_eq!(names(&store).await, ["codex", "survey", "w1"]);
    let codex = named(&store, "codex").await;
    assert_eq!((codex.kind, codex.description.as_str()), (AgentKind::Adapter, "the adapter codex"));
    assert_eq!((codex.capabilities.len(), codex.running, codex.created_at), (2, 0, db.now()));
    let itself = named(&store, "w1").await;
    assert_eq!((itself.kind, itself.capabilities), (AgentKind::Worker, vec!["survey".to_owned()]));
    let seen = store.workers(Timestamp::from_micros(0)).await.unwrap();
    assert_eq!(seen[0].adapters, ["codex"]);
    // The same again, from another process of the same name: nothing is new but the process.
    start(&store, brings(&worker("w1"), "w1", bringing())).await;
    assert_eq!(names(&store).await.len(), 3);
    assert_eq!(audit_of(&store, "agent", "codex").await.len(), 1);
    let changed = NewAgent { description: "better".to_owned(), ..agent(AgentKind::Adapter, "codex") };
    start(&store, brings(&worker("w2"), "w2", vec![changed])).await;
    assert_eq!(named(&store, "codex").await.description, "better");
    let actors: Vec<_> = audit_of(&store, "agent", "codex").await.into_iter().map(|entry| entry.actor_id).collect();
    assert_eq!(actors, ["w1", "w2"]);
}

async fn names_that_clash_get_their_kind_before_them(db: Db) {
    let store = db.store().await;
    start(&store, brings(&worker("w"), "survey", vec![agent(AgentKind::Executor, "survey")])).await;
    start(&store, brings(&worker("w"), "survey", vec![agent(AgentKind::Adapter, "survey")])).await;
    assert_eq!(names(&store).await, ["adapter:survey", "survey", "worker:survey"]);
    assert_eq!(named(&store, "survey").await.kind, AgentKind::Executor);
    assert!(store.agent_exists("worker:survey".to_owned()).await.unwrap());
    assert!(!store.agent_exists("executor:survey".to_owned()).await.unwrap());
}

async fn a_configured_limit_wins_and_one_that_was_set_stays(db: Db) {
    let store = db.store().await;
    let plain = || agent(AgentKind::Adapter, "codex");
    start(&store, brings(&worker("w"), "w", vec![plain()])).await;
    limit(&store, "codex", Some(3)).await;
    limit(&store, "codex", Some(3)).await;
    assert_eq!(audit_of(&store, "agent", "codex").await.len(), 2, "the same limit twice is set once");
    start(&store, brings(&worker("w"), "w", vec![plain()])).await;
    assert_eq!(named(&store, "codex").await.max_concurrent_tasks, Some(3));
    let configured = NewAgent { max_concurrent_tasks: Some(5), ..plain() };
    start(&store, brings(&worker("w"), "w", vec![configured])).await;
    assert_eq!(named(&store, "codex").await.max_concurrent_tasks, Some(5));
    limit(&store, "codex", None).await;
    assert_eq!(named(&store, "codex").await.max_concurrent_tasks, None);
    assert!(!store.agent_limit("nobody".to_owned(), Some(1), principal("ana")).await.unwrap());
}

async fn claim(store: &Store, who: &Worker, most: u32) -> Vec<ClaimedTask> {
    let due = store.due_work(&who.request(most)).await.unwrap();
    let claimed = who.claim(store, most).await;
    assert_eq!(due == DueWork::Free, !claimed.is_empty(), "look and claim must agree");
    claimed
}

async fn a_limit_is_kept_by_claims_one_after_the_other(db: Db) {
    let store = db.store().await;
    let (one, other) = (worker("w1"), worker("w1"));
    start(&store, brings(&one, "w1", vec![])).await;
    enqueue_many(&store, 5).await;
    limit(&store, "w1", Some(2)).await;
    let first = claim(&store, &one, 1).await;
    assert_eq!(claim(&store, &other, 5).await.len(), 1, "two processes of one name are one agent");
    assert_eq!(claim(&store, &one, 5).await.len(), 0);
    assert_eq!(claim(&store, &worker("w2"), 1).await.len(), 1, "another worker has no limit");
    settle(&store, first[0].lease, completed("{}")).await;
    assert_eq!(claim(&store, &one, 5).await.len(), 1);
    limit(&store, "w1", None).await;
    assert_eq!(claim(&store, &one, 5).await.len(), 1);
}

async fn a_limit_is_kept_within_one_claim(db: Db) {
    let store = db.store().await;
    let bringing = vec![agent(AgentKind::Executor, "survey"), agent(AgentKind::Adapter, "codex")];
    start(&store, brings(&worker("w"), "w", bringing)).await;
    limit(&store, "survey", Some(2)).await;
    limit(&store, "codex", Some(1)).await;
    for _ in 0..4 {
        task().executor("survey").enqueue(&store).await;
        task().agent("codex").enqueue(&store).await;
        task().executor("command").enqueue(&store).await;
    }
    let claimed = claim(&store, &worker("w"), 100).await;
    let count = |claimed: &[ClaimedTask], name: &str| {
        claimed.iter().filter(|claimed| claimed.task.executor().as_str() == name).count()
    };
    assert_eq!([count(&claimed, "survey"), count(&claimed, "agent"), count(&claimed, "command")], [2, 1, 4]);
    let running = async |name| named(&store, name).await.running;
    assert_eq!([running("survey").await, running("codex").await, running("w").await], [2, 1, 7]);
    assert_eq!(claim(&store, &worker("w"), 100).await.len(), 0);
    let survey = claimed.iter().find(|claimed| claimed.task.executor().as_str() == "survey").unwrap();
    settle(&store, survey.lease, completed("{}")).await;
    let more = claim(&store, &worker("w2"), 100).await;
    assert_eq!((more.len(), count(&more, "survey")), (1, 1));
}

async fn two_claims_at_once_do_not_both_pass_a_limit(db: Db) {
    let options = || StoreOptions { writers: 2, ..StoreOptions::default() };
    let (here, there) = (db.open(options()).await.unwrap(), db.open(options()).await.unwrap());
    start(&here, brings(&worker("w"), "w", vec![agent(AgentKind::Executor, "survey")])).await;
    limit(&here, "survey", Some(1)).await;
    enqueue_many(&here, 40).await;
    for _ in 0..10 {
        let claims = [&here, &there, &here, &there].map(|store| {
            let store = store.clone();
            tokio::spawn(async move { worker("w").claim(&store, 3).await })
        });
        let mut claimed = Vec::new();
        for claim in claims {
            claimed.extend(claim.await.unwrap());
        }
        assert_eq!(claimed.len(), 1, "the limit is one");
        settle(&there, claimed[0].lease, completed("{}")).await;
    }
}

async fn a_lease_that_ran_out_makes_room(db: Db) {
    let store = db.store().await;
    start(&store, brings(&worker("w"), "w", vec![])).await;
    limit(&store, "w", Some(1)).await;
    enqueue_many(&store, 2).await;
    assert_eq!(claim(&store, &worker("w"), 2).await.len(), 1);
    assert_eq!(claim(&store, &worker("w"), 2).await.len(), 0);
    db.pass(LEASE);
    assert_eq!(claim(&store, &worker("w"), 2).await.len(), 1, "whoever is dead keeps nobody waiting");
    reap(&store).await;
}

async fn what_was_ended_is_told_with_the_latest_first(db: Db) {
    let store = db.store().await;
    let start = db.now();
    task().agent("codex").enqueue(&store).await;
    let first = worker("w1").claim_one(&store).await;
    db.pass_seconds(5);
    settle(&store, first.lease, completed("{}")).await;
    task().enqueue(&store).await;
    let second = worker("w2").claim_one(&store).await;
    db.pass_seconds(2);
    settle(&store, second.lease, failed(ReasonCode::CommandFailed)).await;
    task().enqueue(&store).await;
    let back = worker("w2").claim_one(&store).await;
    settle(&store, back.lease, AttemptEnd::GivenBack).await;
    db.pass_seconds(1);
    let outside = task().enqueue(&store).await;
    taken(&store, outside, "jules").await;
    assert_eq!(change(&store, outside, "jules", complete()).await, ChangeAnswer::Changed);
    let told = store.attempts_finished(start, 10).await.unwrap();
    let facts: Vec<_> = told
        .iter()
        .map(|one| {
            let seconds = one.finished_at.since(one.started_at).as_secs();
            (name_of(&one.holder), one.executor.as_str(), one.adapter.as_deref(), seconds, one.error.is_some())
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("jules", "survey", None, 0, false),
            ("w2", "survey", None, 2, true),
            ("w1", "agent", Some("codex"), 5, false)
        ]
    );
    assert!(matches!(told[0].holder, Holder::External { .. }));
    assert_eq!(store.attempts_finished(start, 1).await.unwrap().len(), 1);
    assert_eq!(store.attempts_finished(db.now(), 10).await.unwrap(), []);
}

fn name_of(holder: &Holder) -> &str {
    match holder {
        Holder::Worker { name, .. } => name,
        Holder::External { principal } => principal,
    }
}

async fn taken(store: &Store, id: TaskId, by: &str) {
    let answer = change(store, id, by, take()).await;
    assert!(matches!(answer, ChangeAnswer::Taken(_)), "{answer:?}");
}

async fn whoever_takes_tasks_from_outside_is_an_agent(db: Db) {
    let store = db.store().await;
    let (one, other) = (task().enqueue(&store).await, task().enqueue(&store).await);
    start(&store, brings(&worker("jules"), "jules", vec![agent(AgentKind::Executor, "survey")])).await;
    taken(&store, one, "jules").await;
    taken(&store, other, "jules").await;
    assert_eq!(names(&store).await, ["external:jules", "jules", "survey"]);
    let jules = named(&store, "external:jules").await;
    assert_eq!((jules.kind, jules.own_name.as_str(), jules.running), (AgentKind::External, "jules", 2));
    assert_eq!(audit_of(&store, "agent", "external:jules").await.len(), 1, "registered once");
    // What is done outside keeps no executor and no worker busy.
    assert_eq!([named(&store, "jules").await.running, named(&store, "survey").await.running], [0, 0]);
}

async fn a_limit_is_kept_by_whoever_takes_tasks_from_outside(db: Db) {
    let store = db.store().await;
    let ids = enqueue_many(&store, 4).await;
    taken(&store, ids[0], "jules").await;
    limit(&store, "jules", Some(2)).await;
    taken(&store, ids[1], "jules").await;
    let full = ChangeAnswer::AgentFull { agent: "jules".to_owned(), limit: 2 };
    assert_eq!(change(&store, ids[2], "jules", take()).await, full);
    taken(&store, ids[2], "other").await;
    assert_eq!(claim(&store, &worker("jules"), 1).await.len(), 1, "a worker of that name is somebody else");
    let failed = StatusAction::Fail { error: "no".to_owned(), trace_path: None };
    assert_eq!(change(&store, ids[0], "jules", failed).await, ChangeAnswer::Changed);
    let next = task().enqueue(&store).await;
    taken(&store, next, "jules").await;
    db.pass_seconds(10_000);
    let next = task().enqueue(&store).await;
    taken(&store, next, "jules").await;
}

async fn two_takes_at_once_do_not_both_pass_a_limit(db: Db) {
    let options = || StoreOptions { writers: 2, ..StoreOptions::default() };
    let (here, there) = (db.open(options()).await.unwrap(), db.open(options()).await.unwrap());
    let first = task().enqueue(&here).await;
    taken(&here, first, "jules").await;
    limit(&here, "jules", Some(2)).await;
    for _ in 0..10 {
        let ids = enqueue_many(&here, 4).await;
        let takes = [&here, &there, &here, &there].into_iter().zip(ids).map(|(store, id)| {
            let store = store.clone();
            tokio::spawn(async move { (id, change(&store, id, "jules", take()).await) })
        });
        let mut passed = Vec::new();
        for take in takes.collect::<Vec<_>>() {
            let (id, answer) = take.await.unwrap();
            passed.extend(matches!(answer, ChangeAnswer::Taken(_)).then_some(id));
        }
        assert_eq!(passed.len(), 1, "there was room for one");
        assert_eq!(change(&there, passed[0], "jules", complete()).await, ChangeAnswer::Changed);
    }
}

async fn who_comes_too_late_for_a_task_is_no_agent(db: Db) {
    let options = || StoreOptions { writers: 2, ..StoreOptions::default() };
    let stores = [db.open(options()).await.unwrap(), db.open(options()).await.unwrap()];
    for round in 0..5 {
        let id = task().enqueue(&stores[0]).await;
        let takes = (0..6).map(|n| {
            let (store, name) = (stores[n % 2].clone(), format!("late-{round}-{n}"));
            tokio::spawn(async move { change(&store, id, &name, take()).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap();
        }
        assert_eq!(names(&stores[0]).await.len(), round + 1, "only whoever got it");
    }
}
