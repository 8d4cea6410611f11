//! What leaves the tower is on record: requests to the world under the fence, pushes with the run.

use jct_contract::RunId;
use jct_cwom::ObjectKind;
use jct_store::RecordAnswer;
use jct_store::model::{EgressRecord, NewPush};
use serde_json::{Value, json};

use crate::support::evidence::waiting;
use crate::support::objects::{chain, trace};
use crate::support::{
    Db, LEASE, assert_rebuilt, audit, audit_actions, completed, forged, on_both_engines, principal, settle, task,
    worker,
};

on_both_engines![
    every_request_to_the_world_has_its_entry,
    who_lost_the_lease_records_nothing,
    a_push_is_an_artifact_of_its_run_once,
];

pub(crate) fn request(host: &str, allowed: bool) -> EgressRecord {
    EgressRecord {
        agent: "claude".to_owned(),
        host: host.to_owned(),
        port: 443,
        method: "POST".to_owned(),
        path: "/v1/messages".to_owned(),
        allowed,
        reason: if allowed { "upstream of the adapter" } else { "host not allowed" }.to_owned(),
    }
}

async fn every_request_to_the_world_has_its_entry(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let claimed = worker("w").claim_one(&store).await;
    let records = vec![request("api.example.org", true), request("evil\0.example.org", false)];
    assert!(matches!(store.record_egress(claimed.lease, records).await.unwrap(), RecordAnswer::Recorded { .. }));
    assert!(matches!(store.record_egress(claimed.lease, Vec::new()).await.unwrap(), RecordAnswer::Recorded { .. }));
    settle(&store, claimed.lease, completed("{}")).await;
    let told = audit(&store, id).await;
    let actions: Vec<_> = told.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["created", "status_changed", "egress_allowed", "egress_denied", "status_changed"]);
    let after: Value = serde_json::from_str(told[3].after.as_deref().unwrap()).unwrap();
    assert_eq!((&after["attempt"], &after["reason"]), (&json!(1), &json!("host not allowed")));
    assert_eq!((&after["egress"]["port"], &after["egress"]["path"]), (&json!(443), &json!("/v1/messages")));
    assert_rebuilt(&store, id).await;
}

async fn who_lost_the_lease_records_nothing(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let lease = worker("w").claim_one(&store).await.lease;
    let answer = store.record_egress(forged(lease), vec![request("a", true)]).await.unwrap();
    assert_eq!(answer, RecordAnswer::Stale);
    db.pass(LEASE);
    assert_eq!(store.record_egress(lease, vec![request("a", true)]).await.unwrap(), RecordAnswer::Stale);
    let actions = audit_actions(&store, id).await;
    assert_eq!(actions[2..], ["stale_write_refused", "stale_write_refused"]);
    assert_rebuilt(&store, id).await;
}

async fn a_push_is_an_artifact_of_its_run_once(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let push = |branch: &str| NewPush {
        run_id: waiting.run,
        commit: "b".repeat(40),
        branch: branch.to_owned(),
        remote: "https://example.org/myorg/app.git".to_owned(),
        by: principal("ana"),
        trace_id: trace("trace-push"),
    };
    assert!(store.record_push(push("jct/one")).await.unwrap());
    assert!(!store.record_push(push("jct/one")).await.unwrap(), "the same push is known");
    assert!(store.record_push(push("jct/two")).await.unwrap());
    assert!(!store.record_push(NewPush { run_id: RunId::at(db.now()), ..push("jct/one") }).await.unwrap());
    let run = store.object_get(ObjectKind::Run, waiting.run.into()).await.unwrap().unwrap();
    let run = serde_json::to_value(&run.object).unwrap();
    let artifacts = run["outputs"]["artifacts"].as_array().unwrap();
    assert_eq!((artifacts.len(), &run["status"]), (2, &json!("under_review")));
    let id = artifacts[0]["id"].as_str().unwrap().parse().unwrap();
    let artifact =
        serde_json::to_value(&store.object_get(ObjectKind::Artifact, id).await.unwrap().unwrap().object).unwrap();
    assert_eq!((&artifact["type"], &artifact["meta"]["branch"]), (&json!("link"), &json!("jct/one")));
    assert_eq!(chain(&store, ObjectKind::Artifact, id).await[0].actor_id, "ana");
    assert_rebuilt(&store, waiting.task).await;
}
