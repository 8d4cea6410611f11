//! Changes of issues and runs: noted in full, refused in full, one after the other.

use jct_contract::{ObjectId, RunId};
use jct_cwom::{IllegalTransition, ObjectKind, Status, issue};
use jct_store::{ObjectChangeAnswer, Store};
use serde_json::{Value, json};

use crate::support::objects::{
    artifact, chain, change_issue, change_run, changed, get, make, plain_issue, plain_run, reference, wire, world,
};
use crate::support::{Db, on_both_engines};

on_both_engines![
    a_change_leaves_one_entry_for_the_status_and_one_for_the_rest,
    a_change_that_changes_nothing_leaves_no_trace,
    every_move_of_an_issue_is_judged_by_the_model,
    a_run_goes_forward_and_its_end_is_final,
    a_stale_change_is_refused_and_changes_nothing,
    of_changes_that_expect_the_same_version_one_is_made,
    what_a_change_refers_to_must_exist,
    the_artifacts_of_a_run_are_what_they_say_themselves,
    fifty_changes_at_once_leave_a_chain_without_a_gap,
    what_does_not_exist_cannot_be_changed,
    time_never_goes_back,
];

fn json_of(text: &Option<String>) -> Value {
    serde_json::from_str(text.as_deref().unwrap()).unwrap()
}

async fn plain(store: &Store) -> jct_contract::IssueId {
    world(store).await.parent
}

async fn a_change_leaves_one_entry_for_the_status_and_one_for_the_rest(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let id = world.issue.into();
    let before = get(&store, ObjectKind::Issue, id).await;
    db.pass_seconds(5);
    let change = json!({
        "status": "running", "title": "Another", "type": "bug", "meta": { "only": 1 },
        "acceptance": { "criteria": ["it works"] }, "priority": "P0",
    });
    let after = changed(change_issue(&store, world.issue, &change, None).await);
    assert_eq!(after, get(&store, ObjectKind::Issue, id).await);
    assert_eq!(after.version, before.version + 2);
    let (was, now) = (wire(&before.object), wire(&after.object));
    for (name, value) in now.as_object().unwrap() {
        let expected = match name.as_str() {
            "updated_at" => &json!(db.now()),
            "acceptance" => &json!({ "criteria": ["it works"], "tests_expected": null }),
            name if change.get(name).is_some() => &change[name],
            name => &was[name],
        };
        assert_eq!(value, expected, "{name}");
    }
    let entries = chain(&store, ObjectKind::Issue, id).await;
    let [.., status, rest] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((status.action.as_str(), rest.action.as_str()), ("status_changed", "updated"));
    let told = (status.actor_id.as_str(), status.trace_id.as_deref());
    assert_eq!(told, ("bob", Some("trace-change")));
    let at = &now["updated_at"];
    assert_eq!(json_of(&status.before), json!({ "status": "ready" }));
    assert_eq!(json_of(&status.after), json!({ "status": "running", "updated_at": at }));
    let members = |object: &Value| {
        json!({
            "title": object["title"], "type": object["type"], "priority": object["priority"],
            "acceptance": object["acceptance"], "meta": object["meta"],
        })
    };
    assert_eq!(json_of(&rest.before), members(&was));
    let mut expected = members(&now);
    expected["updated_at"] = at.clone();
    assert_eq!(json_of(&rest.after), expected);
}

async fn a_change_that_changes_nothing_leaves_no_trace(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let before = db.dump().await;
    db.pass_seconds(5);
    let now = wire(&get(&store, ObjectKind::Issue, world.issue.into()).await.object);
    for change in [json!({}), json!({ "status": now["status"], "title": now["title"], "meta": now["meta"] })] {
        let same = changed(change_issue(&store, world.issue, &change, None).await);
        assert_eq!(same, get(&store, ObjectKind::Issue, world.issue.into()).await);
    }
    changed(change_run(&store, world.run, &json!({}), None).await);
    assert_eq!(db.dump().await, before);
}

async fn every_move_of_an_issue_is_judged_by_the_model(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    for from in Status::ALL {
        for to in Status::ALL {
            let mut body = plain_issue(world.repo, "moves");
            body["status"] = json!(from);
            let made = make(&store, ObjectKind::Issue, &body).await;
            let id = jct_contract::IssueId::from_uuid(made.object.id().as_uuid());
            let answer = change_issue(&store, id, &json!({ "status": to, "title": "moved" }), None).await;
            let now = wire(&get(&store, ObjectKind::Issue, id.into()).await.object);
            match issue::next(*from, *to) {
                Ok(_) => assert_eq!((&now["status"], &now["title"]), (&json!(to), &json!("moved"))),
                Err(illegal) => {
                    let can_go = |to: &Status| issue::next(*from, *to).is_ok();
                    let allowed = Status::ALL.iter().copied().filter(can_go).collect();
                    assert_eq!(answer, ObjectChangeAnswer::Illegal { illegal, allowed });
                    assert_eq!(now, wire(&made.object));
                }
            }
        }
    }
}

async fn a_run_goes_forward_and_its_end_is_final(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let refused = change_run(&store, world.run, &json!({ "status": "done" }), None).await;
    let illegal = |from, to, allowed: &[Status]| ObjectChangeAnswer::Illegal {
        illegal: IllegalTransition { from, to },
        allowed: allowed.to_vec(),
    };
    let ahead = [Status::Running, Status::Failed, Status::Canceled];
    assert_eq!(refused, illegal(Status::Planned, Status::Done, &ahead));
    for status in ["running", "blocked", "running", "under_review"] {
        changed(change_run(&store, world.run, &json!({ "status": status }), None).await);
    }
    let end = json!({
        "status": "failed",
        "telemetry": { "started_at": "2026-03-01T10:00:00.000000Z", "duration_s": 1.5 },
        "cost": { "usd": 0.25, "tokens": 9_007_199_254_740_991_u64, "compute_s": 3.0 },
        "failure": { "category": "test", "message": "one failed" },
        "outputs": {
            "artifacts": [reference(ObjectKind::Artifact, world.artifact)], "result_summary": "no", "decision_log": ["a"],
        },
    });
    let ended = changed(change_run(&store, world.run, &end, None).await);
    let wire = wire(&ended.object);
    assert_eq!((&wire["cost"], &wire["failure"]), (&end["cost"], &end["failure"]));
    assert_eq!(wire["outputs"]["result_summary"], "no");
    assert_eq!(wire["telemetry"]["ended_at"], Value::Null);
    let refused = change_run(&store, world.run, &json!({ "status": "running" }), None).await;
    assert_eq!(refused, illegal(Status::Failed, Status::Running, &[]));
    assert_eq!(get(&store, ObjectKind::Run, world.run.into()).await, ended);
}

async fn a_stale_change_is_refused_and_changes_nothing(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let before = db.dump().await;
    // The issue has two links and the run one, beside their creation.
    for (expect, current) in [(0, 3), (2, 3), (4, 3), (u64::MAX, 3)] {
        let refused = change_issue(&store, world.issue, &json!({ "title": "late" }), Some(expect)).await;
        assert_eq!(refused, ObjectChangeAnswer::Stale { current });
    }
    let refused = change_run(&store, world.run, &json!({ "status": "running" }), Some(1)).await;
    assert_eq!(refused, ObjectChangeAnswer::Stale { current: 2 });
    assert_eq!(db.dump().await, before);
    assert_eq!(changed(change_issue(&store, world.issue, &json!({ "title": "in time" }), Some(3)).await).version, 4);
    assert_eq!(changed(change_run(&store, world.run, &json!({ "status": "running" }), Some(2)).await).version, 3);
}

async fn of_changes_that_expect_the_same_version_one_is_made(db: Db) {
    let store = db.store().await;
    let id = plain(&store).await;
    let asks = (0..20).map(|n| {
        let (store, change) = (&store, json!({ "title": format!("title {n}") }));
        async move { change_issue(store, id, &change, Some(1)).await }
    });
    let answers = futures_util::future::join_all(asks).await;
    let made = answers.iter().filter(|answer| matches!(answer, ObjectChangeAnswer::Changed(_))).count();
    let stale = answers.iter().filter(|answer| matches!(answer, ObjectChangeAnswer::Stale { current: 2 })).count();
    assert_eq!((made, stale), (1, 19));
}

async fn what_a_change_refers_to_must_exist(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let nobody: ObjectId = "01900000-0000-7000-8000-00000000dead".parse().unwrap();
    let before = db.dump().await;
    let change = json!({ "relationships": {
        "parent": reference(ObjectKind::Issue, nobody), "blocks": [reference(ObjectKind::Issue, world.parent)],
        "duplicates": [reference(ObjectKind::Issue, nobody)],
    } });
    let ObjectChangeAnswer::Missing(missing) = change_issue(&store, world.issue, &change, None).await else {
        panic!("accepted")
    };
    let named: Vec<_> = missing.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(named, ["/relationships/parent", "/relationships/duplicates/0"]);
    let change = json!({ "outputs": { "artifacts": [
        reference(ObjectKind::Artifact, world.artifact), reference(ObjectKind::Artifact, nobody),
    ] } });
    let ObjectChangeAnswer::Missing(missing) = change_run(&store, world.run, &change, None).await else {
        panic!("accepted")
    };
    assert_eq!(missing[0].pointer, "/outputs/artifacts/1");
    assert_eq!(db.dump().await, before);
}

async fn the_artifacts_of_a_run_are_what_they_say_themselves(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let other = make(&store, ObjectKind::Run, &plain_run(world.issue, world.repo)).await.object.id();
    let foreign = artifact(RunId::from_uuid(other.as_uuid()), world.issue, "of another");
    let foreign = make(&store, ObjectKind::Artifact, &foreign).await.object.id();
    let own = reference(ObjectKind::Artifact, world.artifact);
    let before = db.dump().await;
    for (artifacts, pointer, code) in [
        (json!([own, reference(ObjectKind::Artifact, foreign)]), "/outputs/artifacts/1", "REFERENCE_MISMATCH"),
        (json!([]), "/outputs/artifacts", "ENTRY_REMOVED"),
    ] {
        let change = json!({ "outputs": { "artifacts": artifacts } });
        let ObjectChangeAnswer::Refused(violation) = change_run(&store, world.run, &change, None).await else {
            panic!("accepted")
        };
        assert_eq!((violation.pointer.as_str(), violation.code.as_str()), (pointer, code));
    }
    assert_eq!(db.dump().await, before);
    let change = json!({ "outputs": { "artifacts": [own], "result_summary": "done" } });
    let outputs = wire(&changed(change_run(&store, world.run, &change, None).await).object)["outputs"].clone();
    assert_eq!(outputs["artifacts"], json!([{ "kind": "Artifact", "id": world.artifact, "role": null }]));
    assert_eq!(outputs["result_summary"], "done");
}

async fn fifty_changes_at_once_leave_a_chain_without_a_gap(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let asks = (0..50).map(|n| {
        let (store, world) = (&store, &world);
        async move {
            match n % 3 {
                0 => drop(make(store, ObjectKind::Run, &plain_run(world.issue, world.repo)).await),
                1 => drop(make(store, ObjectKind::Artifact, &artifact(world.run, world.issue, &n.to_string())).await),
                _ => {
                    let change = json!({ "title": format!("title {n}"), "priority": "P3" });
                    changed(change_issue(store, world.issue, &change, None).await);
                }
            }
        }
    });
    futures_util::future::join_all(asks).await;
    // Creation and two links, then 17 runs and 16 titles; creation and one link, then 17 artifacts.
    for (kind, id, entries) in
        [(ObjectKind::Issue, ObjectId::from(world.issue), 36), (ObjectKind::Run, world.run.into(), 19)]
    {
        let told = chain(&store, kind, id).await.len() as u64;
        assert_eq!((told, get(&store, kind, id).await.version), (entries, entries));
    }
}

async fn what_does_not_exist_cannot_be_changed(db: Db) {
    let store = db.store().await;
    let nobody: ObjectId = "01900000-0000-7000-8000-00000000dead".parse().unwrap();
    let issue = change_issue(&store, jct_contract::IssueId::from_uuid(nobody.as_uuid()), &json!({}), Some(1)).await;
    let run = change_run(&store, RunId::from_uuid(nobody.as_uuid()), &json!({}), None).await;
    assert_eq!((issue, run), (ObjectChangeAnswer::NotFound, ObjectChangeAnswer::NotFound));
    assert_eq!(db.count("audit_log").await, 0);
}

async fn time_never_goes_back(db: Db) {
    let store = db.store().await;
    let id = plain(&store).await;
    let made = wire(&get(&store, ObjectKind::Issue, id.into()).await.object);
    let now = wire(&changed(change_issue(&store, id, &json!({ "title": "at once" }), None).await).object);
    // Creation times run a few microseconds ahead of a clock that stands still.
    assert!(now["updated_at"].as_str() >= made["created_at"].as_str());
}
