//! The audit log: one entry for each change, by whoever was authenticated, and one for each refused write.

use jct_audit::{Content, StoredEntry, rebuild};
use jct_contract::{Sha256Digest, Timestamp};
use jct_lifecycle::{AttemptEnd, TaskStatus};
use jct_store::model::{NewApiKey, NewWorker};
use jct_store::{KeyAnswer, RecordAnswer, StatusAction, Store};
use serde_json::{Value, json};

use crate::support::{
    Db, LEASE, audit, audit_of, cancel, change, complete, completed, log_line, on_both_engines, principal, reap,
    settle, take, task, worker,
};

on_both_engines![
    every_change_of_a_task_has_its_entry,
    an_outsiders_changes_carry_its_name,
    a_refused_write_is_noted_and_changes_nothing,
    changes_of_the_tower_itself_have_entries,
    workers_keys_and_the_pause_can_be_rebuilt_from_their_entries,
    incidents_are_counted_for_ever,
];

fn shown(entry: &StoredEntry) -> String {
    let status = |state: &Option<String>| {
        let state = state.as_ref().map(|text| serde_json::from_str::<Value>(text).unwrap());
        state.and_then(|state| state["status"].as_str().map(str::to_owned)).unwrap_or_else(|| "-".to_owned())
    };
    format!("{} {} {}: {} > {}", entry.seq, entry.actor_id, entry.action, status(&entry.before), status(&entry.after))
}

async fn every_change_of_a_task_has_its_entry(db: Db) {
    let store = db.store().await;
    let new = task().held().build();
    let id = crate::support::created(&store.enqueue(vec![new.clone()]).await.unwrap()[0]);
    change(&store, id, "alice", StatusAction::Release).await;
    let first = worker("first").claim_one(&store).await;
    settle(&store, first.lease, AttemptEnd::GivenBack).await;
    worker("second").claim_one(&store).await;
    change(&store, id, "bob", cancel()).await;
    db.pass(LEASE);
    reap(&store).await;
    let trail = audit(&store, id).await;
    assert_eq!(
        trail.iter().map(shown).collect::<Vec<_>>(),
        [
            "1 submitter created: - > pending",
            "2 alice status_changed: pending > queued",
            "3 first status_changed: queued > running",
            "4 first status_changed: running > queued",
            "5 second status_changed: queued > running",
            "6 bob cancel_requested: - > running",
            "7 reaper status_changed: running > cancelled",
        ]
    );
    for entry in &trail {
        assert_eq!((entry.entity_kind.as_str(), entry.entity_id.clone()), ("task", id.to_string()));
        assert_eq!(entry.trace_id.as_deref(), Some(new.trace_id.as_str()));
    }
    assert_eq!(trail.last().unwrap().at, db.now());
}

async fn an_outsiders_changes_carry_its_name(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    change(&store, id, "jules", take()).await;
    change(&store, id, "jules", complete()).await;
    let trail: Vec<String> = audit(&store, id).await.iter().map(shown).collect();
    assert_eq!(trail[1..], ["2 jules status_changed: queued > running", "3 jules status_changed: running > completed"]);
}

async fn a_refused_write_is_noted_and_changes_nothing(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let first = worker("paused").claim_one(&store).await;
    db.pass(LEASE);
    reap(&store).await;
    db.pass_seconds(5);
    let second = worker("successor").claim_one(&store).await;
    let before = crate::support::state(&store, id).await;
    assert_eq!(store.record(first.lease, vec![log_line(db.now(), "I am back")]).await.unwrap(), RecordAnswer::Stale);
    settle(&store, first.lease, completed("{}")).await;
    assert_eq!(crate::support::state(&store, id).await, before);
    let noted: Vec<StoredEntry> =
        audit(&store, id).await.into_iter().filter(|entry| entry.action == "stale_write_refused").collect();
    let told: Vec<Value> =
        noted.iter().map(|entry| serde_json::from_str(entry.after.as_deref().unwrap()).unwrap()).collect();
    let expected = |write: &str| {
        let (fence, current) = (first.lease.fence.to_string(), second.lease.fence.to_string());
        serde_json::json!({ "write": write, "fence": fence, "current_fence": current })
    };
    assert_eq!(told, [expected("record"), expected("settle")]);
    // The refusals took numbers of their own, and the successor's end comes after them without a gap.
    settle(&store, second.lease, completed("{}")).await;
    let numbers: Vec<u64> = audit(&store, id).await.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>());
}

async fn changes_of_the_tower_itself_have_entries(db: Db) {
    let store = db.store().await;
    store.queue_pause(principal("alice"), "lunch".to_owned()).await.unwrap();
    store.queue_pause(principal("bob"), "twice".to_owned()).await.unwrap();
    store.queue_resume(principal("bob")).await.unwrap();
    let actors: Vec<String> =
        audit_of(&store, "queue", "tasks").await.iter().map(|entry| entry.actor_id.clone()).collect();
    assert_eq!(actors, ["alice", "bob"], "a pause that changed nothing has no entry");

    let process = worker("w1");
    let new = NewWorker {
        id: process.id,
        name: "w1".to_owned(),
        version: "0.1.0".to_owned(),
        executors: vec!["survey".to_owned()],
        filter: crate::support::any(),
        slots: 2,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    store.worker_started(new).await.unwrap();
    store.worker_seen(process.id).await.unwrap();
    store.worker_stopped(process.id).await.unwrap();
    store.worker_stopped(process.id).await.unwrap();
    let entries = audit_of(&store, "worker", &process.id.to_string()).await;
    assert_eq!(entries.len(), 2, "presence is no change, and stopping twice is stopping once");

    let key = NewApiKey {
        principal: principal("ci"),
        scopes: vec!["tasks:read".to_owned()],
        key_digest: Sha256Digest::of(b"secret"),
        expires_at: None,
        created_by: principal("operator"),
    };
    assert!(matches!(store.key_create(key).await.unwrap(), KeyAnswer::Kept(_)));
    store.key_revoke("ci".to_owned(), principal("operator")).await.unwrap();
    store.key_revoke("ci".to_owned(), principal("operator")).await.unwrap();
    let entries = audit_of(&store, "api_key", "ci").await;
    assert_eq!(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["created", "updated"]);
    let digest = Sha256Digest::of(b"secret").to_string();
    assert!(!format!("{entries:?}").contains(&digest), "not even the digest of a key belongs in the log");
}

/// The state that the log tells, without what is absent.
async fn told(store: &Store, kind: &str, id: &str) -> Value {
    let Content::Live(state) = rebuild(&audit_of(store, kind, id).await, None).unwrap().unwrap().content else {
        panic!("{kind} {id} was deleted")
    };
    present(state)
}

fn present(mut state: Value) -> Value {
    state.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    state
}

async fn workers_keys_and_the_pause_can_be_rebuilt_from_their_entries(db: Db) {
    let store = db.store().await;
    let process = worker("w1");
    let new = NewWorker {
        id: process.id,
        name: "w1".to_owned(),
        version: "0.1.0".to_owned(),
        executors: vec!["survey".to_owned()],
        filter: crate::support::any(),
        slots: 2,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    store.worker_started(new).await.unwrap();
    let row = store.workers(Timestamp::from_micros(0)).await.unwrap().remove(0);
    let shown = json!({
        "name": row.name,
        "version": row.version,
        "executors": row.executors.join(" "),
        "adapters": row.adapters.join(" "),
        "takes_any": row.takes_any,
        "capabilities": row.capabilities.iter().map(jct_contract::Capability::as_str).collect::<Vec<_>>().join(" "),
        "slots": row.slots,
        "started_at": row.started_at,
        "stopped_at": row.stopped_at,
    });
    assert_eq!(told(&store, "worker", &process.id.to_string()).await, present(shown));
    db.pass_seconds(1);
    store.worker_stopped(process.id).await.unwrap();
    assert_eq!(told(&store, "worker", &process.id.to_string()).await["stopped_at"], db.now().to_string());

    let key = NewApiKey {
        principal: principal("ci"),
        scopes: vec!["tasks:read".to_owned()],
        key_digest: Sha256Digest::of(b"secret"),
        expires_at: Some(db.now().after(LEASE)),
        created_by: principal("operator"),
    };
    store.key_create(key).await.unwrap();
    for revoked in [false, true] {
        if revoked {
            db.pass_seconds(1);
            store.key_revoke("ci".to_owned(), principal("operator")).await.unwrap();
        }
        let row = store.key_list().await.unwrap().remove(0);
        let shown = json!({
            "kind": row.principal.kind().as_str(),
            "scopes": row.scopes.join(" "),
            "created_by": row.created_by,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
        });
        assert_eq!(told(&store, "api_key", "ci").await, present(shown));
    }

    store.queue_pause(principal("alice"), "lunch".to_owned()).await.unwrap();
    let pause = store.queue_status().await.unwrap().paused.unwrap();
    let shown = json!({ "paused_by": pause.by, "reason": pause.reason, "paused_at": pause.at });
    assert_eq!(told(&store, "queue", "tasks").await, shown);
    store.queue_resume(principal("bob")).await.unwrap();
    assert_eq!(told(&store, "queue", "tasks").await, json!({}));
}

async fn incidents_are_counted_for_ever(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let first = worker("paused").claim_one(&store).await;
    let counts = store.incident_counts().await.unwrap();
    assert_eq!((counts.leases_lost, counts.stale_writes_refused), (0, 0));
    db.pass(LEASE);
    settle(&store, first.lease, completed("{}")).await;
    reap(&store).await;
    settle(&store, first.lease, completed("{}")).await;
    change(&store, id, "operator", cancel()).await;
    let counts = store.incident_counts().await.unwrap();
    assert_eq!((counts.leases_lost, counts.stale_writes_refused), (1, 2));
    assert_eq!(crate::support::status(&store, id).await, TaskStatus::Cancelled);
}
