//! Every command of the writer has its audit entry, or a reason to have none. The commands are read from the code, so
//! that a new one cannot be forgotten.

use std::time::Duration;

use jct_audit::{Checkpoint, KeyRotation, Leaves, SigningKey};
use jct_contract::{Sha256Digest, TraceId};
use jct_cwom::{ObjectKind, ReviewDecisionStatus};
use jct_event::webhook::WebhookSecret;
use jct_lifecycle::AttemptEnd;
use jct_store::Store;
use jct_store::model::{
    ClaimDeliveries, ControlScope, DeliveryEnd, DeliverySettlement, EventEnd, NewApiKey, NewAuditKey, NewCheckpoint,
    NewPush, NewWorker, WebhookChange,
};
use serde_json::json;

use crate::controls::hold;
use crate::egress::request;
use crate::job_artifacts::new_artifact;
use crate::manifests::new_manifest;
use crate::support::events::{claim_events, done, event, post, settle_event, webhook};
use crate::support::evidence::waiting;
use crate::support::objects::new_object;
use crate::support::{
    Db, LEASE, any, cancel, change, log_line, on_both_engines, principal, reap, settle, take, task, worker,
};
use crate::taken::file;
use crate::worker_tokens::new_token;
use crate::workflows::new_workflow;

on_both_engines![every_command_has_its_entry_or_a_reason_to_have_none];

/// What a command does to the log.
#[derive(Debug, PartialEq)]
enum Expected {
    Entry,
    /// None, and why.
    None(&'static str),
}

/// The names of the writer's commands, out of the code; for those of events the writes that they carry.
fn commands() -> Vec<String> {
    let own = variants(include_str!("../../src/command.rs"), "Command");
    let events = variants(include_str!("../../src/command_events.rs"), "EventWrite");
    let events = events.into_iter().map(|name| format!("Event {name}"));
    own.into_iter().filter(|name| name != "Event").chain(events).collect()
}

fn variants(code: &str, of: &str) -> Vec<String> {
    let (_, rest) = code.split_once(&format!("pub(crate) enum {of} {{")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    ").filter(|line| !line.starts_with(' ')));
    let name = |line: &str| line.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    lines.map(name).filter(|name| !name.is_empty()).collect()
}

fn a_worker() -> NewWorker {
    NewWorker {
        id: worker("w").id,
        name: "w".to_owned(),
        version: "1".to_owned(),
        executors: vec!["survey".to_owned()],
        filter: any(),
        slots: 1,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    }
}

fn a_key(name: &str) -> NewApiKey {
    NewApiKey {
        principal: principal(name),
        scopes: vec!["tasks:read".to_owned()],
        key_digest: Sha256Digest::of(name.as_bytes()),
        expires_at: None,
        created_by: principal("operator"),
    }
}

fn sealing_key() -> SigningKey {
    SigningKey::from_entropy(&[9; 32])
}

/// Prepares what the command needs, and gives the number of entries before and after it.
async fn drive(db: &Db, store: &Store, command: &str) -> Option<(Expected, u64, u64)> {
    macro_rules! driven {
        ($expected:expr, $command:expr) => {{
            let before = db.count("audit_log").await;
            let _answer = $command;
            Some(($expected, before, db.count("audit_log").await))
        }};
    }
    match command {
        "Enqueue" => driven!(Expected::Entry, task().enqueue(store).await),
        "Claim" => {
            task().enqueue(store).await;
            driven!(Expected::Entry, worker("w").claim_one(store).await)
        }
        "Heartbeat" => {
            task().enqueue(store).await;
            let holder = worker("w");
            let lease = holder.claim_one(store).await.lease;
            let why = Expected::None("renewing a lease changes nothing but its end, many times a minute");
            driven!(why, store.heartbeat(holder.id, vec![lease], LEASE).await.unwrap())
        }
        "Record" => {
            task().enqueue(store).await;
            let lease = worker("w").claim_one(store).await.lease;
            let why = Expected::None("the output of an attempt is proven by its trace folder");
            driven!(why, store.record(lease, vec![log_line(db.now(), "a line")]).await.unwrap())
        }
        "Settle" => {
            task().enqueue(store).await;
            let lease = worker("w").claim_one(store).await.lease;
            driven!(Expected::Entry, settle(store, lease, AttemptEnd::GivenBack).await)
        }
        "Reap" => {
            task().enqueue(store).await;
            worker("w").claim_one(store).await;
            db.pass(LEASE + Duration::from_secs(1));
            driven!(Expected::Entry, reap(store).await)
        }
        "ChangeStatus" => {
            let id = task().enqueue(store).await;
            driven!(Expected::Entry, change(store, id, "alice", cancel()).await)
        }
        "Pause" => driven!(Expected::Entry, store.queue_pause(principal("a"), "lunch".to_owned()).await.unwrap()),
        "Resume" => {
            store.queue_pause(principal("a"), "lunch".to_owned()).await.unwrap();
            driven!(Expected::Entry, store.queue_resume(principal("a")).await.unwrap())
        }
        "WorkerStarted" => driven!(Expected::Entry, store.worker_started(a_worker()).await.unwrap()),
        "WorkerSeen" => {
            let new = a_worker();
            store.worker_started(new.clone()).await.unwrap();
            let why = Expected::None("presence is no change of state");
            driven!(why, store.worker_seen(new.id).await.unwrap())
        }
        "WorkerStopped" => {
            let new = a_worker();
            store.worker_started(new.clone()).await.unwrap();
            driven!(Expected::Entry, store.worker_stopped(new.id).await.unwrap())
        }
        "CreateKey" => driven!(Expected::Entry, store.key_create(a_key("one")).await.unwrap()),
        "RevokeKey" => {
            store.key_create(a_key("two")).await.unwrap();
            driven!(Expected::Entry, store.key_revoke("two".to_owned(), principal("a")).await.unwrap())
        }
        "Object" => {
            let repo = json!({ "name": "App", "slug": "myorg/app", "source": { "system": "git" } });
            let new = new_object(ObjectKind::Repo, &repo);
            driven!(Expected::Entry, store.object_create(new, principal("a"), TraceId::generate()).await.unwrap())
        }
        "Review" => {
            let waiting = waiting(store).await;
            driven!(Expected::Entry, waiting.decide(store, "ana", ReviewDecisionStatus::Approved).await)
        }
        "Egress" => {
            task().enqueue(store).await;
            let lease = worker("w").claim_one(store).await.lease;
            driven!(Expected::Entry, store.record_egress(lease, vec![request("api.example.org", true)]).await.unwrap())
        }
        "Push" => {
            let run_id = waiting(store).await.run;
            let push = NewPush {
                run_id,
                commit: "c".repeat(40),
                branch: "jct/x".to_owned(),
                remote: "https://example.org/app.git".to_owned(),
                by: principal("a"),
                trace_id: TraceId::generate(),
            };
            driven!(Expected::Entry, store.record_push(push).await.unwrap())
        }
        "KeepAuditKey" => {
            // The first key is there since the checkpoint was driven: this one follows it.
            let next = SigningKey::from_entropy(&[10; 32]).public();
            let origin = store.audit_origin().await.unwrap();
            let rotation = KeyRotation::sign(origin, &sealing_key(), next, db.now(), 1);
            let new = NewAuditKey::Next { rotation, by: principal("a") };
            driven!(Expected::Entry, store.audit_key_keep(new).await.unwrap())
        }
        "Seal" => {
            let new = NewAuditKey::First { key: sealing_key().public(), by: principal("a") };
            store.audit_key_keep(new).await.unwrap();
            let (origin, leaves) = (store.audit_origin().await.unwrap(), Leaves::default());
            let checkpoint = Checkpoint::following(None, origin, db.now(), 0, 0, &leaves).sign(&sealing_key());
            let why = Expected::None("there would always be something left to seal");
            driven!(why, store.audit_seal(NewCheckpoint { checkpoint, leaves }).await.unwrap())
        }
        "CreateWorkerToken" => {
            driven!(Expected::Entry, store.worker_token_create(new_token("t", b"a")).await.unwrap())
        }
        "RevokeWorkerToken" => {
            let token = store.worker_token_create(new_token("t", b"b")).await.unwrap();
            driven!(Expected::Entry, store.worker_token_revoke(token.id, principal("a")).await.unwrap())
        }
        "WorkerTokenUsed" => {
            let token = store.worker_token_create(new_token("t", b"c")).await.unwrap();
            let why = Expected::None("that a token is used is no change of it");
            driven!(why, store.worker_token_used(token.id).await.unwrap())
        }
        "AddJobArtifact" => {
            task().enqueue(store).await;
            let holder = worker("w");
            let claimed = holder.claim_one(store).await;
            let file = new_artifact(&claimed, holder.id, "log.txt", b"one");
            driven!(Expected::Entry, store.job_artifact_add(file, 1_000).await.unwrap())
        }
        "CreateControl" => driven!(Expected::Entry, hold(store, ControlScope::All).await),
        "LiftControl" => {
            let set = store.controls_active().await.unwrap().remove(0);
            driven!(Expected::Entry, store.control_lift(set.id, principal("a")).await.unwrap())
        }
        "StartAgent" => {
            hold(store, ControlScope::Agent("w".to_owned())).await;
            driven!(Expected::Entry, store.agent_start("w".to_owned(), principal("a")).await.unwrap())
        }
        "LimitAgent" => {
            driven!(Expected::Entry, store.agent_limit("w".to_owned(), Some(7), principal("a")).await.unwrap())
        }
        "AddTakenArtifact" => {
            let id = task().enqueue(store).await;
            change(store, id, "jules", take()).await;
            driven!(
                Expected::Entry,
                store.taken_artifact_add(file(id, "jules", "log.txt", b"one"), 1_000).await.unwrap()
            )
        }
        "PutManifest" => driven!(Expected::Entry, store.manifest_put(new_manifest("one", "a: 1")).await.unwrap()),
        "DeleteManifest" => {
            store.manifest_put(new_manifest("two", "a: 1")).await.unwrap();
            driven!(Expected::Entry, store.manifest_delete("two", None, principal("a")).await.unwrap())
        }
        // Each write about workflows is looked at beside its own tests.
        "Workflow" => driven!(Expected::Entry, store.workflow_create(new_workflow("covered")).await.unwrap()),
        other => drive_event(db, store, other.strip_prefix("Event ")?).await,
    }
}

/// The same for the writes of events and webhooks.
async fn drive_event(db: &Db, store: &Store, write: &str) -> Option<(Expected, u64, u64)> {
    macro_rules! driven {
        ($expected:expr, $command:expr) => {{
            let before = db.count("audit_log").await;
            let _answer = $command;
            Some(($expected, before, db.count("audit_log").await))
        }};
    }
    let own_record =
        || Expected::None("an event is itself a durable record, with who handed it in and what became of it");
    let own_log = || Expected::None("the log of deliveries says what became of each");
    let by = || principal("a");
    match write {
        "Post" => driven!(own_record(), post(store, event("user.action", json!({}))).await),
        "Emit" => driven!(own_record(), store.events_emit(Vec::new()).await.unwrap()),
        "Tail" => {
            let from = store.tail_position().await.unwrap();
            let horizon = store.tail_horizon(from).await.unwrap().unwrap();
            let page = store.tail_page(from, horizon, true, 1_000).await.unwrap();
            driven!(own_record(), store.tail_advance(from, page).await.unwrap().unwrap())
        }
        "Claim" | "Settle" => {
            post(store, event("user.action", json!({}))).await;
            driven!(own_record(), {
                let claimed = claim_events(store, "c", 1).await;
                settle_event(store, &claimed[0], done(&[])).await
            })
        }
        "Redrive" => {
            let id = post(store, event("user.action", json!({ "priority": "critical" }))).await;
            let claimed = claim_events(store, "c", 1).await;
            settle_event(store, &claimed[0], EventEnd::Failed { error: "no".to_owned() }).await;
            driven!(Expected::Entry, store.event_redrive(id, by()).await.unwrap())
        }
        "CreateWebhook" => driven!(Expected::Entry, webhook(store, "one", &["*"]).await),
        "ChangeWebhook" => {
            let id = webhook(store, "two", &["*"]).await.id;
            let off = WebhookChange { active: Some(false), ..WebhookChange::default() };
            driven!(Expected::Entry, store.webhook_change(id, off, by()).await.unwrap())
        }
        "RotateWebhook" => {
            let id = webhook(store, "three", &["*"]).await.id;
            let secret = WebhookSecret::from_bytes(vec![1; 24]).unwrap();
            driven!(Expected::Entry, store.webhook_rotate(id, secret, db.now(), by()).await.unwrap())
        }
        "DeleteWebhook" => {
            let id = webhook(store, "four", &["*"]).await.id;
            driven!(Expected::Entry, store.webhook_delete(id, by()).await.unwrap())
        }
        "TestWebhook" => {
            let id = webhook(store, "five", &["*"]).await.id;
            driven!(Expected::Entry, store.webhook_test(id, by()).await.unwrap())
        }
        "ClaimDeliveries" | "SettleDelivery" | "Redeliver" => {
            let id = webhook(store, &write.to_lowercase(), &["*"]).await.id;
            store.webhook_test(id, by()).await.unwrap();
            let before = db.count("audit_log").await;
            let claim = ClaimDeliveries { wanted: vec![(id, 1)], lease: LEASE, max_attempts: 3 };
            let claimed = store.deliveries_claim(claim).await.unwrap();
            let lease = claimed[0].lease;
            let settlement = DeliverySettlement { lease, status: Some(200), end: DeliveryEnd::Delivered };
            store.delivery_settle(settlement).await.unwrap();
            if write != "Redeliver" {
                return Some((own_log(), before, db.count("audit_log").await));
            }
            driven!(Expected::Entry, store.redeliver(id, lease.id, by()).await.unwrap())
        }
        _ => None,
    }
}

async fn every_command_has_its_entry_or_a_reason_to_have_none(db: Db) {
    let store = db.store().await;
    let commands = commands();
    assert!(commands.len() >= 20, "{commands:?}");
    for command in commands {
        // What the one before left behind must not get in the way.
        while !worker("sweeper").claim(&store, 100).await.is_empty() {}
        store.queue_resume(principal("a")).await.unwrap();
        let Some((expected, before, after)) = drive(&db, &store, &command).await else {
            panic!("{command} is new: drive it here, and see to its entry")
        };
        assert_eq!(after > before, expected == Expected::Entry, "{command} should have: {expected:?}");
    }
}
