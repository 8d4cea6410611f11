//! Lists and the graph: what fits, newest first, on pages that miss nothing; and links seen from both ends.

use std::time::Duration;

use jct_contract::{IssueId, ObjectId, RepoId, RunId};
use jct_cwom::{
    ArtifactType, ConstraintScope, DoctrinePriority, DoctrineType, IssueType, ObjectKind, Priority,
    ReviewDecisionStatus, RunMode, Status, Visibility,
};
use jct_store::Store;
use jct_store::model::{Cursor, ObjectFilter, PageStart};
use serde_json::{Value, json};

use crate::support::evidence::waiting;
use crate::support::objects::{
    artifact, change_issue, change_run, doctrine, get, make, packet, plain_issue, plain_run, reference, repo, snapshot,
    wire, world,
};
use crate::support::{Db, on_both_engines};

on_both_engines![
    every_filter_shows_exactly_what_fits,
    pages_by_cursor_and_by_offset_cover_everything_once,
    a_list_shows_what_a_single_read_shows,
    links_are_seen_from_both_ends,
    the_graph_of_an_issue_has_everything_that_hangs_on_it,
];

async fn ids(store: &Store, filter: ObjectFilter) -> Vec<ObjectId> {
    let page = store.object_list(filter, PageStart::Offset(0), 500).await.unwrap();
    assert_eq!(page.next, None);
    page.items.iter().map(|item| item.object.id()).collect()
}

/// What of the kind's whole list has this value at the pointer.
async fn expected(store: &Store, kind: ObjectKind, wanted: &[(&str, Value)]) -> Vec<ObjectId> {
    let page = store.object_list(ObjectFilter::all(kind), PageStart::Offset(0), 500).await.unwrap();
    let fits = |wire: &Value| wanted.iter().all(|(pointer, value)| wire.pointer(pointer) == Some(value));
    page.items.iter().filter(|item| fits(&wire(&item.object))).map(|item| item.object.id()).collect()
}

/// Two of everything that differ in every member that a filter knows.
async fn varied(store: &Store) -> (RepoId, IssueId, RunId) {
    let world = world(store).await;
    let mut other = repo("myorg/other");
    other["visibility"] = json!("public");
    let other = RepoId::from_uuid(make(store, ObjectKind::Repo, &other).await.object.id().as_uuid());
    for (type_, priority) in [("bug", "P0"), ("ops", "P4"), ("bug", "P4")] {
        let mut body = plain_issue(other, "varied");
        (body["type"], body["priority"]) = (json!(type_), json!(priority));
        make(store, ObjectKind::Issue, &body).await;
    }
    change_issue(store, world.parent, &json!({ "status": "blocked", "priority": "P0", "type": "bug" }), None).await;
    let mut limits = snapshot();
    (limits["scope"], limits["owner"]["actor_id"]) = (json!("org"), json!("ana"));
    make(store, ObjectKind::ConstraintSnapshot, &limits).await;
    make(store, ObjectKind::ContextPacket, &packet(world.parent, "1", &[], world.snapshot)).await;
    let mut rule = doctrine("1", world.repo);
    (rule["namespace"], rule["type"], rule["priority"]) = (json!("team"), json!("pattern"), json!("may"));
    make(store, ObjectKind::DoctrineRef, &rule).await;
    let run = make(store, ObjectKind::Run, &plain_run(world.parent, world.repo)).await.object.id();
    let run = RunId::from_uuid(run.as_uuid());
    change_run(store, run, &json!({ "status": "running" }), None).await;
    let mut made = artifact(run, world.parent, "other");
    made["type"] = json!("trace");
    make(store, ObjectKind::Artifact, &made).await;
    (world.repo, world.issue, run)
}

async fn every_filter_shows_exactly_what_fits(db: Db) {
    let store = db.store().await;
    let (repo, issue, run) = varied(&store).await;
    let issues = |status, type_, priority| ObjectFilter::Issues { repo_id: None, status, type_, priority };
    let runs = |status, mode| ObjectFilter::Runs { issue_id: None, repo_id: None, status, mode };
    let rules = |namespace: Option<&str>, type_, priority| ObjectFilter::DoctrineRefs {
        namespace: namespace.map(str::to_owned),
        type_,
        priority,
    };
    let limits =
        |scope, owner: Option<&str>| ObjectFilter::ConstraintSnapshots { scope, owner_id: owner.map(str::to_owned) };
    for (filter, wanted) in [
        (ObjectFilter::Repos { visibility: Some(Visibility::Public) }, vec![("/visibility", json!("public"))]),
        (
            ObjectFilter::Issues { repo_id: Some(repo), status: None, type_: None, priority: None },
            vec![("/repo/id", json!(repo))],
        ),
        (issues(Some(Status::Blocked), None, None), vec![("/status", json!("blocked"))]),
        (issues(None, Some(IssueType::Bug), None), vec![("/type", json!("bug"))]),
        (issues(None, None, Some(Priority::P4)), vec![("/priority", json!("P4"))]),
        (
            issues(None, Some(IssueType::Bug), Some(Priority::P0)),
            vec![("/type", json!("bug")), ("/priority", json!("P0"))],
        ),
        (ObjectFilter::ContextPackets { issue_id: Some(issue) }, vec![("/for_issue/id", json!(issue))]),
        (limits(Some(ConstraintScope::Org), None), vec![("/scope", json!("org"))]),
        (limits(None, Some("ana")), vec![("/owner/actor_id", json!("ana"))]),
        (rules(Some("team"), None, None), vec![("/namespace", json!("team"))]),
        (rules(None, Some(DoctrineType::Pattern), None), vec![("/type", json!("pattern"))]),
        (rules(None, None, Some(DoctrinePriority::Must)), vec![("/priority", json!("must"))]),
        (runs(Some(Status::Running), None), vec![("/status", json!("running"))]),
        (runs(None, Some(RunMode::Hybrid)), vec![("/mode", json!("hybrid"))]),
        (
            ObjectFilter::Runs { issue_id: Some(issue), repo_id: Some(repo), status: None, mode: None },
            vec![("/for_issue/id", json!(issue)), ("/repo/id", json!(repo))],
        ),
        (
            ObjectFilter::Artifacts { run_id: Some(run), issue_id: None, type_: None },
            vec![("/produced_by/id", json!(run))],
        ),
        (
            ObjectFilter::Artifacts { run_id: None, issue_id: Some(issue), type_: None },
            vec![("/for_issue/id", json!(issue))],
        ),
        (
            ObjectFilter::Artifacts { run_id: None, issue_id: None, type_: Some(ArtifactType::Trace) },
            vec![("/type", json!("trace"))],
        ),
    ] {
        let expected = expected(&store, filter.kind(), &wanted).await;
        let everything = ids(&store, ObjectFilter::all(filter.kind())).await;
        assert!(!expected.is_empty() && expected.len() < everything.len(), "{filter:?} is no test");
        assert_eq!(ids(&store, filter.clone()).await, expected, "{filter:?}");
    }
    assert_eq!(ids(&store, rules(Some("nobody"), None, None)).await, []);
}

async fn pages_by_cursor_and_by_offset_cover_everything_once(db: Db) {
    let store = db.store().await;
    let repo = make(&store, ObjectKind::Repo, &repo("myorg/app")).await.object.id();
    let repo = RepoId::from_uuid(repo.as_uuid());
    let mut made = Vec::new();
    for n in 0..23 {
        let body = plain_issue(repo, &n.to_string());
        made.push(make(&store, ObjectKind::Issue, &body).await.object.id());
        if n % 5 == 0 {
            db.pass(Duration::from_micros(1));
        }
    }
    made.reverse();
    let filter = || ObjectFilter::Issues { repo_id: Some(repo), status: None, type_: None, priority: None };
    let (mut seen, mut start) = (Vec::new(), PageStart::Offset(0));
    loop {
        let page = store.object_list(filter(), start, 7).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.object.id()));
        // What comes in meanwhile shifts nothing.
        make(&store, ObjectKind::Issue, &plain_issue(repo, "late")).await;
        match page.next {
            Some(next) => start = PageStart::After(next.to_string().parse::<Cursor>().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let page = store.object_list(filter(), PageStart::Offset(4 + 20), 7).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.object.id()).collect::<Vec<_>>(), made[20..]);
    assert_eq!(page.next, None);
    let page = store.object_list(filter(), PageStart::After(Cursor::after_object(made[9])), 3).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.object.id()).collect::<Vec<_>>(), made[10..13]);
    assert_eq!(page.next, Some(Cursor::after_object(made[12])));
}

async fn a_list_shows_what_a_single_read_shows(db: Db) {
    let store = db.store().await;
    varied(&store).await;
    for _ in 0..2 {
        waiting(&store).await.decide(&store, "ana", ReviewDecisionStatus::Approved).await;
    }
    for kind in ObjectKind::ALL {
        let page = store.object_list(ObjectFilter::all(*kind), PageStart::Offset(0), 500).await.unwrap();
        assert!(page.items.len() > 1, "{kind}");
        for item in page.items {
            assert_eq!(item, get(&store, *kind, item.object.id()).await);
        }
    }
}

async fn links_are_seen_from_both_ends(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let second = make(&store, ObjectKind::Run, &plain_run(world.issue, world.repo)).await.object.id();
    let newer = packet(world.issue, "2.0", &[], world.snapshot);
    let newer = make(&store, ObjectKind::ContextPacket, &newer).await.object.id();
    let last = artifact(world.run, world.issue, "last");
    let last = make(&store, ObjectKind::Artifact, &last).await.object.id();
    let issue = wire(&get(&store, ObjectKind::Issue, world.issue.into()).await.object);
    let plain = |kind, id: ObjectId| json!({ "kind": kind, "id": id, "role": null });
    assert_eq!(
        issue["runs"],
        json!([plain(ObjectKind::Run, world.run.into()), plain(ObjectKind::Run, second)]),
        "oldest first"
    );
    let packet = |id| plain(ObjectKind::ContextPacket, id);
    assert_eq!(issue["context_packets"], json!([packet(world.packet.into()), packet(newer)]));
    let rules: Vec<_> = world.doctrines.iter().map(|id| json!(id)).collect();
    let shown: Vec<_> = issue["doctrine_refs"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(shown, rules, "in the order in which they were given");
    let run = wire(&get(&store, ObjectKind::Run, world.run.into()).await.object);
    let artifacts = json!([plain(ObjectKind::Artifact, world.artifact.into()), plain(ObjectKind::Artifact, last),]);
    assert_eq!(run["outputs"]["artifacts"], artifacts);
    let parent = wire(&get(&store, ObjectKind::Issue, world.parent.into()).await.object);
    assert_eq!((&parent["runs"], &parent["context_packets"]), (&json!([]), &json!([])));
}

async fn the_graph_of_an_issue_has_everything_that_hangs_on_it(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    // Each of these is named by one object of the graph alone.
    let rule = doctrine("of the packet", world.repo);
    let rule = make(&store, ObjectKind::DoctrineRef, &rule).await.object.id();
    let limits = make(&store, ObjectKind::ConstraintSnapshot, &snapshot()).await.object.id();
    let mut known = packet(world.issue, "2.0", &[], limits);
    known["doctrine_refs"] = json!([reference(ObjectKind::DoctrineRef, rule)]);
    make(&store, ObjectKind::ContextPacket, &known).await;
    let run_limits = make(&store, ObjectKind::ConstraintSnapshot, &snapshot()).await.object.id();
    let foreign = packet(world.parent, "1.0", &[], world.snapshot);
    let foreign = make(&store, ObjectKind::ContextPacket, &foreign).await.object.id();
    let mut run = plain_run(world.issue, world.repo);
    run["inputs"] = json!({
        "constraint_snapshot": reference(ObjectKind::ConstraintSnapshot, run_limits),
        "context_packets": [reference(ObjectKind::ContextPacket, foreign)],
    });
    make(&store, ObjectKind::Run, &run).await;
    // Not part of it.
    make(&store, ObjectKind::Run, &plain_run(world.parent, world.repo)).await;
    make(&store, ObjectKind::ConstraintSnapshot, &snapshot()).await;

    let graph = store.issue_graph(world.issue).await.unwrap().unwrap();
    let shown = serde_json::to_value(&graph).unwrap();
    for (name, kind, count) in [
        ("context_packets", ObjectKind::ContextPacket, 3),
        ("constraint_snapshots", ObjectKind::ConstraintSnapshot, 3),
        ("doctrine_refs", ObjectKind::DoctrineRef, 3),
        ("runs", ObjectKind::Run, 2),
        ("artifacts", ObjectKind::Artifact, 1),
    ] {
        let objects = shown[name].as_array().unwrap();
        assert_eq!(objects.len(), count, "{name}");
        for object in objects {
            let id = object["id"].as_str().unwrap().parse().unwrap();
            assert_eq!(object, &wire(&get(&store, kind, id).await.object));
        }
        let ids: Vec<_> = objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect();
        assert!(ids.is_sorted(), "{name} is oldest first");
    }
    assert_eq!(shown["issue"], wire(&get(&store, ObjectKind::Issue, world.issue.into()).await.object));
    assert_eq!(shown["repo"], wire(&get(&store, ObjectKind::Repo, world.repo.into()).await.object));
    assert_eq!(store.issue_graph(IssueId::from_uuid(rule.as_uuid())).await.unwrap(), None);
}
