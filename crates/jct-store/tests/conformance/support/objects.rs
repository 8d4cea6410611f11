//! Work objects with every member filled, and one of each kind with its links.

use jct_contract::{ArtifactId, ContextPacketId, DoctrineRefId, IssueId, ObjectId, RepoId, RunId, TraceId};
use jct_cwom::{Body, ObjectKind, parse};
use jct_store::model::{NewObject, Versioned, WorkObject};
use jct_store::{CreateAnswer, ObjectChangeAnswer, Store};
use serde_json::{Value, json};

use super::{assert_chained, audit_of, principal};
use jct_audit::StoredEntry;

/// Through the door, as over HTTP.
#[track_caller]
pub(crate) fn body<T: Body>(value: &Value) -> T {
    parse(value.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

#[track_caller]
pub(crate) fn new_object(kind: ObjectKind, value: &Value) -> NewObject {
    match kind {
        ObjectKind::Repo => NewObject::Repo(body(value)),
        ObjectKind::Issue => NewObject::Issue(body(value)),
        ObjectKind::ContextPacket => NewObject::ContextPacket(body(value)),
        ObjectKind::ConstraintSnapshot => NewObject::ConstraintSnapshot(body(value)),
        ObjectKind::DoctrineRef => NewObject::DoctrineRef(body(value)),
        ObjectKind::Run => NewObject::Run(body(value)),
        ObjectKind::Artifact => NewObject::Artifact(body(value)),
        ObjectKind::EvidencePack | ObjectKind::ReviewDecision => panic!("only the tower makes a {kind}"),
    }
}

pub(crate) fn trace(text: &str) -> TraceId {
    text.parse().unwrap()
}

pub(crate) async fn create(store: &Store, kind: ObjectKind, value: &Value) -> CreateAnswer {
    store.object_create(new_object(kind, value), principal("ada"), trace("trace-create")).await.unwrap()
}

pub(crate) async fn make(store: &Store, kind: ObjectKind, value: &Value) -> Versioned {
    match create(store, kind, value).await {
        CreateAnswer::Created(versioned) => versioned,
        other => panic!("not created: {other:?}"),
    }
}

pub(crate) async fn get(store: &Store, kind: ObjectKind, id: ObjectId) -> Versioned {
    store.object_get(kind, id).await.unwrap().unwrap()
}

pub(crate) async fn change_issue(store: &Store, id: IssueId, value: &Value, expect: Option<u64>) -> ObjectChangeAnswer {
    store.issue_change(id, body(value), expect, principal("bob"), trace("trace-change")).await.unwrap()
}

pub(crate) async fn change_run(store: &Store, id: RunId, value: &Value, expect: Option<u64>) -> ObjectChangeAnswer {
    store.run_change(id, body(value), expect, principal("bob"), trace("trace-change")).await.unwrap()
}

#[track_caller]
pub(crate) fn changed(answer: ObjectChangeAnswer) -> Versioned {
    match answer {
        ObjectChangeAnswer::Changed(versioned) => versioned,
        other => panic!("not changed: {other:?}"),
    }
}

pub(crate) fn wire(object: &WorkObject) -> Value {
    serde_json::to_value(object).unwrap()
}

/// The chain of an object, checked link by link.
pub(crate) async fn chain(store: &Store, kind: ObjectKind, id: ObjectId) -> Vec<StoredEntry> {
    let entries = audit_of(store, kind.as_str(), &id.to_string()).await;
    assert_chained(&entries);
    entries
}

pub(crate) fn reference(kind: ObjectKind, id: impl Into<ObjectId>) -> Value {
    json!({ "kind": kind, "id": id.into() })
}

fn with_role(kind: ObjectKind, id: impl Into<ObjectId>) -> Value {
    json!({ "kind": kind, "id": id.into(), "role": "main" })
}

fn actor() -> Value {
    json!({ "actor_kind": "agent", "actor_id": "jules", "display": "Jules" })
}

/// Notes whose values are hard to carry: numbers without a short form, deep things, text of all sorts.
fn meta() -> Value {
    json!({ "z": 0.1, "a": [1, null, true, "é\u{1f600}"], "whole": 9_007_199_254_740_991_u64, "m": { "x": { "y": -3 } } })
}

pub(crate) fn repo(slug: &str) -> Value {
    json!({
        "name": "Service", "slug": slug,
        "source": { "system": "github", "external_id": "1", "url": "https://example.org/1" },
        "default_branch": "trunk", "visibility": "internal", "owners": [actor()],
        "policy": { "allowed_tools": ["git"], "secrets_profile": "ci" },
        "links": ["https://example.org"], "tags": ["a", "b"], "meta": meta(),
    })
}

pub(crate) fn doctrine(version: &str, repo: RepoId) -> Value {
    json!({
        "namespace": "org", "name": "tests", "version": version, "type": "policy", "priority": "must",
        "statement": "Test it", "rationale": "It breaks", "links": ["https://example.org"],
        "applicability": {
            "repo_refs": [with_role(ObjectKind::Repo, repo)], "issue_types": ["bug"], "tags": ["x"],
        },
        "tags": ["t"], "meta": meta(),
    })
}

pub(crate) fn snapshot() -> Value {
    json!({
        "scope": "run", "owner": actor(),
        "constraints": {
            "time": { "available_minutes": 90, "deadline": "2026-03-01T10:00:00.000000Z" },
            "energy": { "score_0_5": 3, "notes": "tired" },
            "health": { "flags": ["eyes"], "notes": "dim" },
            "budget": { "usd_available": 12.5, "burn_limit_usd": 1.0 },
            "tools": { "allowed": ["git"], "blocked": ["curl"] },
            "environment": { "location": "home", "connectivity": "limited", "device": "laptop" },
            "risk": { "tolerance": "low", "notes": "careful" },
        },
        "tags": ["t"], "meta": meta(),
    })
}

/// An issue without links and notes.
pub(crate) fn plain_issue(repo: RepoId, title: &str) -> Value {
    json!({ "repo": reference(ObjectKind::Repo, repo), "title": title, "type": "doc" })
}

pub(crate) fn issue(repo: RepoId, doctrines: &[DoctrineRefId], snapshots: &[ObjectId], other: IssueId) -> Value {
    let doctrines: Vec<_> = doctrines.iter().map(|id| with_role(ObjectKind::DoctrineRef, *id)).collect();
    let snapshots: Vec<_> = snapshots.iter().map(|id| with_role(ObjectKind::ConstraintSnapshot, *id)).collect();
    let other = with_role(ObjectKind::Issue, other);
    json!({
        "repo": with_role(ObjectKind::Repo, repo), "title": "Describe", "description": "In full", "type": "feature",
        "priority": "P1", "status": "ready", "assignees": [actor()], "watchers": [actor()],
        "doctrine_refs": doctrines, "constraints": snapshots, "context_packets": [],
        "acceptance": { "criteria": ["tests pass"], "tests_expected": ["all"] },
        "relationships": { "parent": other, "blocks": [other], "blocked_by": [other], "duplicates": [other] },
        "tags": ["t"], "meta": meta(),
    })
}

pub(crate) fn packet(issue: IssueId, version: &str, doctrines: &[DoctrineRefId], snapshot: ObjectId) -> Value {
    let doctrines: Vec<_> = doctrines.iter().map(|id| with_role(ObjectKind::DoctrineRef, *id)).collect();
    json!({
        "for_issue": with_role(ObjectKind::Issue, issue), "version": version, "summary": "What is known",
        "inputs": {
            "documents": [{ "title": "Plan", "uri": "file:///plan", "digest": "sha256:00", "excerpt": "first" }],
            "data_blobs": [{
                "name": "data", "media_type": "text/plain", "uri": "file:///data", "inline": "1,2", "digest": "sha256:01",
            }],
            "links": ["https://example.org"],
        },
        "assumptions": ["none"], "open_questions": ["why"], "instructions": "Go",
        "doctrine_refs": doctrines, "constraint_snapshot": with_role(ObjectKind::ConstraintSnapshot, snapshot),
        "tags": ["t"], "meta": meta(),
    })
}

/// A run without inputs and notes.
pub(crate) fn plain_run(issue: IssueId, repo: RepoId) -> Value {
    json!({
        "for_issue": reference(ObjectKind::Issue, issue), "repo": reference(ObjectKind::Repo, repo), "mode": "agent",
        "executor": { "actor": actor(), "runtime": "local" },
    })
}

pub(crate) fn run(world: &World) -> Value {
    json!({
        "for_issue": with_role(ObjectKind::Issue, world.issue), "repo": with_role(ObjectKind::Repo, world.repo),
        "mode": "hybrid", "executor": { "actor": actor(), "runtime": "local", "toolchain": ["cargo"] },
        "inputs": {
            "context_packets": [with_role(ObjectKind::ContextPacket, world.packet)],
            "doctrine_refs": world.doctrines.map(|id| with_role(ObjectKind::DoctrineRef, id)),
            "constraint_snapshot": with_role(ObjectKind::ConstraintSnapshot, world.snapshot),
        },
        "plan": { "steps": ["one", "two"], "risk_notes": ["none"] }, "tags": ["t"], "meta": meta(),
    })
}

pub(crate) fn artifact(run: RunId, issue: IssueId, title: &str) -> Value {
    json!({
        "produced_by": with_role(ObjectKind::Run, run), "for_issue": with_role(ObjectKind::Issue, issue),
        "type": "log", "title": title, "uri": "file:///log.txt", "digest": "sha256:02", "media_type": "text/plain",
        "size_bytes": 9_007_199_254_740_991_u64, "preview": "first line",
        "verification": {
            "status": "passed",
            "checks": [{ "name": "digest", "status": "failed", "evidence_uri": "file:///evidence" }],
        },
        "tags": ["t"], "meta": meta(),
    })
}

/// One of each kind, linked; two doctrines, so that a list has an order.
pub(crate) struct World {
    pub(crate) repo: RepoId,
    pub(crate) doctrines: [DoctrineRefId; 2],
    pub(crate) snapshot: ObjectId,
    pub(crate) parent: IssueId,
    pub(crate) issue: IssueId,
    pub(crate) packet: ContextPacketId,
    pub(crate) run: RunId,
    pub(crate) artifact: ArtifactId,
}

pub(crate) async fn world(store: &Store) -> World {
    let made = async |kind, value: Value| make(store, kind, &value).await.object.id().as_uuid();
    let repo = RepoId::from_uuid(made(ObjectKind::Repo, repo("myorg/app")).await);
    let first = DoctrineRefId::from_uuid(made(ObjectKind::DoctrineRef, doctrine("1", repo)).await);
    let second = DoctrineRefId::from_uuid(made(ObjectKind::DoctrineRef, doctrine("2", repo)).await);
    // Not in the order of their ids: a list keeps the order it was given.
    let doctrines = [second, first];
    let snapshot = ObjectId::from_uuid(made(ObjectKind::ConstraintSnapshot, snapshot()).await);
    let parent = IssueId::from_uuid(made(ObjectKind::Issue, plain_issue(repo, "Parent")).await);
    let own = issue(repo, &doctrines, &[snapshot], parent);
    let issue = IssueId::from_uuid(made(ObjectKind::Issue, own).await);
    let packet = made(ObjectKind::ContextPacket, packet(issue, "1.0", &doctrines, snapshot)).await;
    let mut world = World {
        repo,
        doctrines,
        snapshot,
        parent,
        issue,
        packet: ContextPacketId::from_uuid(packet),
        run: RunId::from_uuid(packet),
        artifact: ArtifactId::from_uuid(packet),
    };
    world.run = RunId::from_uuid(made(ObjectKind::Run, run(&world)).await);
    world.artifact = ArtifactId::from_uuid(made(ObjectKind::Artifact, artifact(world.run, issue, "log.txt")).await);
    world
}
