//! Work objects: created whole or not at all, and read as they were written.

use jct_contract::{IssueId, ObjectId, RepoId};
use jct_cwom::{ObjectKind, schema};
use jct_store::CreateAnswer;
use jct_store::model::WorkObject;
use serde_json::{Value, json};

use crate::support::objects::{
    artifact, body, chain, create, doctrine, get, issue, make, new_object, packet, plain_issue, plain_run, reference,
    repo, run, snapshot, trace, wire, world,
};
use crate::support::{Db, on_both_engines, principal};

on_both_engines![
    an_object_of_every_kind_is_read_as_it_was_written,
    an_unknown_object_is_not_there,
    all_missing_references_are_named_and_nothing_is_written,
    what_is_unique_is_taken_once,
    of_many_who_want_the_same_one_gets_it,
    objects_that_do_not_belong_together_are_refused,
    what_never_changes_cannot_be_changed_in_the_database,
    the_first_entry_says_everything,
];

const NOBODY: &str = "01900000-0000-7000-8000-00000000dead";

fn nobody() -> ObjectId {
    NOBODY.parse().unwrap()
}

/// Every member that the schema knows is in the body, so that no member is left out of the round trip.
#[track_caller]
fn assert_full(schema: &Value, value: &Value, place: &str) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let found = value.get(name).unwrap_or_else(|| panic!("{place}/{name} is not filled"));
        assert_full(member, found, &format!("{place}/{name}"));
    }
    if let Some(first) = value.as_array().and_then(|items| items.first()) {
        assert_full(&schema["items"], first, &format!("{place}/0"));
    }
}

async fn an_object_of_every_kind_is_read_as_it_was_written(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let bodies = [
        (ObjectKind::Repo, repo("myorg/other")),
        (ObjectKind::DoctrineRef, doctrine("3", world.repo)),
        (ObjectKind::ConstraintSnapshot, snapshot()),
        (ObjectKind::Issue, issue(world.repo, &world.doctrines, &[world.snapshot], world.parent)),
        (ObjectKind::ContextPacket, packet(world.issue, "2.0", &world.doctrines, world.snapshot)),
        (ObjectKind::Run, run(&world)),
        (ObjectKind::Artifact, artifact(world.run, world.issue, "second.txt")),
    ];
    for (kind, body) in bodies {
        assert_full(&schema::of_new(kind), &body, kind.as_str());
        let made = make(&store, kind, &body).await;
        assert_eq!(made.version, 1);
        let read = get(&store, kind, made.object.id()).await;
        assert_eq!(read, made);
        let wire = wire(&read.object);
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&wire[name], value, "{kind} {name}");
        }
        assert_eq!((&wire["kind"], &wire["trace_id"]), (&json!(kind), &json!("trace-create")));
    }
}

async fn an_unknown_object_is_not_there(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    for kind in ObjectKind::ALL {
        assert_eq!(store.object_get(*kind, nobody()).await.unwrap(), None);
    }
    let repo: ObjectId = world.repo.into();
    assert_eq!(store.object_get(ObjectKind::Issue, repo).await.unwrap(), None, "an id counts with its kind");
}

async fn all_missing_references_are_named_and_nothing_is_written(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let nobody = nobody();
    let lost = |kind| reference(kind, nobody);
    let mut issue = issue(world.repo, &world.doctrines, &[world.snapshot], world.parent);
    issue["doctrine_refs"][1] = lost(ObjectKind::DoctrineRef);
    issue["constraints"] = json!([lost(ObjectKind::ConstraintSnapshot)]);
    issue["context_packets"] = json!([lost(ObjectKind::ContextPacket)]);
    issue["relationships"]["blocks"] = json!([lost(ObjectKind::Issue)]);
    let mut run = run(&world);
    run["inputs"]["context_packets"] = json!([lost(ObjectKind::ContextPacket)]);
    run["inputs"]["doctrine_refs"][0] = lost(ObjectKind::DoctrineRef);
    run["inputs"]["constraint_snapshot"] = lost(ObjectKind::ConstraintSnapshot);
    let mut doctrine = doctrine("9", world.repo);
    doctrine["applicability"]["repo_refs"] = json!([lost(ObjectKind::Repo)]);
    let before = db.dump().await;
    for (kind, body, expected) in [
        (
            ObjectKind::Issue,
            issue,
            vec!["/doctrine_refs/1", "/constraints/0", "/context_packets/0", "/relationships/blocks/0"],
        ),
        (ObjectKind::Issue, plain_issue(RepoId::from_uuid(nobody.as_uuid()), "x"), vec!["/repo"]),
        (
            ObjectKind::Run,
            run,
            vec!["/inputs/context_packets/0", "/inputs/doctrine_refs/0", "/inputs/constraint_snapshot"],
        ),
        (ObjectKind::DoctrineRef, doctrine, vec!["/applicability/repo_refs/0"]),
        (
            ObjectKind::Artifact,
            artifact(jct_contract::RunId::from_uuid(nobody.as_uuid()), world.issue, "x"),
            vec!["/produced_by"],
        ),
        (
            ObjectKind::ContextPacket,
            packet(IssueId::from_uuid(nobody.as_uuid()), "1", &[], nobody),
            vec!["/for_issue", "/constraint_snapshot"],
        ),
    ] {
        let CreateAnswer::Missing(missing) = create(&store, kind, &body).await else { panic!("{kind} was accepted") };
        let named: Vec<_> = missing.iter().map(|reference| reference.pointer.as_str()).collect();
        assert_eq!(named, expected);
        assert!(missing.iter().all(|reference| reference.id == nobody));
    }
    assert_eq!(db.dump().await, before);
}

async fn what_is_unique_is_taken_once(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let before = db.dump().await;
    for (kind, body, existing, pointer) in [
        (ObjectKind::Repo, repo("myorg/app"), ObjectId::from(world.repo), "/slug"),
        (ObjectKind::DoctrineRef, doctrine("1", world.repo), world.doctrines[1].into(), "/version"),
        (ObjectKind::ContextPacket, packet(world.issue, "1.0", &[], world.snapshot), world.packet.into(), "/version"),
    ] {
        let refused = create(&store, kind, &body).await;
        assert_eq!(refused, CreateAnswer::Duplicate { existing, pointer });
    }
    assert_eq!(db.dump().await, before);
    // The same version of another issue is another packet.
    make(&store, ObjectKind::ContextPacket, &packet(world.parent, "1.0", &[], world.snapshot)).await;
}

async fn of_many_who_want_the_same_one_gets_it(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    for (kind, value) in [
        (ObjectKind::Repo, repo("myorg/wanted")),
        (ObjectKind::DoctrineRef, doctrine("wanted", world.repo)),
        (ObjectKind::ContextPacket, packet(world.issue, "wanted", &[], world.snapshot)),
    ] {
        let asks = (0..20).map(|_| store.object_create(new_object(kind, &value), principal("ada"), trace("race")));
        let answers = futures_util::future::join_all(asks).await;
        let (mut made, mut refused) = (Vec::new(), Vec::new());
        for answer in answers {
            match answer.unwrap() {
                CreateAnswer::Created(versioned) => made.push(versioned.object.id()),
                CreateAnswer::Duplicate { existing, .. } => refused.push(existing),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((made.len(), refused.len()), (1, 19));
        assert!(refused.iter().all(|existing| *existing == made[0]));
        assert_eq!(chain(&store, kind, made[0]).await.len(), 1);
    }
    // The issue tells of each packet once.
    let told = chain(&store, ObjectKind::Issue, world.issue.into()).await;
    assert_eq!(told.iter().filter(|entry| entry.action == "linked").count(), 3);
}

async fn objects_that_do_not_belong_together_are_refused(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let elsewhere = make(&store, ObjectKind::Repo, &repo("myorg/elsewhere")).await.object.id();
    let mut foreign = plain_issue(world.repo, "takes the packets of another");
    foreign["context_packets"] = json!([reference(ObjectKind::ContextPacket, world.packet)]);
    let before = db.dump().await;
    for (kind, body, pointer) in [
        (ObjectKind::Run, plain_run(world.issue, RepoId::from_uuid(elsewhere.as_uuid())), "/repo"),
        (ObjectKind::Artifact, artifact(world.run, world.parent, "x"), "/for_issue"),
        (ObjectKind::Issue, foreign, "/context_packets/0"),
    ] {
        let CreateAnswer::Mismatch(violations) = create(&store, kind, &body).await else {
            panic!("{kind} was accepted")
        };
        let short: Vec<_> = violations.iter().map(|one| (one.pointer.as_str(), one.code.as_str())).collect();
        assert_eq!(short, [(pointer, "REFERENCE_MISMATCH")]);
    }
    assert_eq!(db.dump().await, before);
}

async fn what_never_changes_cannot_be_changed_in_the_database(db: Db) {
    let store = db.store().await;
    world(&store).await;
    let before = db.dump().await;
    for (table, set, why) in [
        ("cwom_context_packets", "version = 'x'", "a context packet never changes"),
        ("cwom_context_packet_doctrine_refs", "role = 'x'", "a context packet never changes"),
        ("cwom_constraint_snapshots", "owner_id = 'x'", "a constraint snapshot never changes"),
        ("audit_log", "note = 'x'", "the audit log only grows"),
    ] {
        let mut statements = vec![format!("UPDATE {table} SET {set}"), format!("DELETE FROM {table}")];
        if db.is_postgres() {
            statements.push(format!("TRUNCATE {table} CASCADE"));
        }
        for statement in statements {
            let refused = db.execute(&statement).await.unwrap_err();
            assert!(refused.contains(why), "{statement}: {refused}");
        }
    }
    assert_eq!(db.dump().await, before);
}

async fn the_first_entry_says_everything(db: Db) {
    let store = db.store().await;
    let new = new_object(ObjectKind::Repo, &repo("myorg/app"));
    let CreateAnswer::Created(made) = store.object_create(new, principal("ada"), trace("t-1")).await.unwrap() else {
        panic!("not created")
    };
    let entries = chain(&store, ObjectKind::Repo, made.object.id()).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(entry.after, Some(serde_json::to_string(&made.object).unwrap()));
    let told = (entry.actor_id.as_str(), entry.action.as_str(), entry.trace_id.as_deref(), &entry.before);
    assert_eq!(told, ("ada", "created", Some("t-1"), &None));
    let WorkObject::Repo(repo) = made.object else { panic!("not a repository") };
    assert_eq!(repo.created_at, repo.updated_at);
    assert_eq!(repo.content, body(&crate::support::objects::repo("myorg/app")));
}
