//! The registry of workflows: names are unique, versions never change, one winner a write, and a trail of who did what.

use jct_contract::{Sha256Digest, WorkflowId};
use jct_store::Store;
use jct_store::model::{
    NewWorkflow, PageStart, WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer, WorkflowRecord, WorkflowText,
};

use crate::support::{Db, audit_of, on_both_engines, principal};

on_both_engines![
    a_workflow_is_created_changed_and_switched_off,
    a_name_is_taken_once_however_many_try,
    an_expectation_that_does_not_hold_changes_nothing,
    of_several_changes_that_expect_the_same_one_wins,
    workflows_are_listed_by_name,
    a_page_of_large_definitions_is_shorter,
    versions_never_change,
];

pub(crate) fn text(definition: &str) -> WorkflowText {
    WorkflowText { digest: Sha256Digest::of(definition.as_bytes()), definition: definition.into() }
}

pub(crate) fn new_workflow(name: &str) -> NewWorkflow {
    NewWorkflow { name: name.to_owned(), text: text("{\"a\":1}"), is_active: true, by: principal("ana") }
}

pub(crate) fn change(id: WorkflowId) -> WorkflowChange {
    WorkflowChange { id, is_active: None, text: None, expect: None, expect_version: None, by: principal("bob") }
}

pub(crate) async fn created(store: &Store, name: &str) -> WorkflowRecord {
    match store.workflow_create(new_workflow(name)).await.unwrap() {
        WorkflowCreateAnswer::Created(record) => record,
        other => panic!("not created: {other:?}"),
    }
}

#[track_caller]
fn changed(answer: WorkflowChangeAnswer) -> WorkflowRecord {
    match answer {
        WorkflowChangeAnswer::Changed(record) => record,
        other => panic!("not changed: {other:?}"),
    }
}

async fn a_workflow_is_created_changed_and_switched_off(db: Db) {
    let store = db.store().await;
    let first = created(&store, "release").await;
    assert_eq!((first.version, first.revision, first.is_active, first.runs_started), (1, 1, true, 0));
    assert_eq!((first.owner.name(), first.created_at), ("ana", db.now()));
    assert_eq!(store.workflow_get(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.workflow_by_name("release").await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.workflow_by_name("Release").await.unwrap(), None);
    db.pass_seconds(1);
    let same = WorkflowChange { text: Some(text("{\"a\":1}")), is_active: Some(true), ..change(first.id) };
    assert_eq!(store.workflow_change(same).await.unwrap(), WorkflowChangeAnswer::Unchanged(first.clone()));
    let off = WorkflowChange { is_active: Some(false), ..change(first.id) };
    let off = changed(store.workflow_change(off).await.unwrap());
    assert_eq!((off.version, off.revision, off.is_active, off.updated_by.as_str()), (1, 2, false, "bob"));
    assert!(store.workflows_active().await.unwrap().is_empty());
    let next = WorkflowChange { text: Some(text("{\"a\":2}")), ..change(first.id) };
    let next = changed(store.workflow_change(next).await.unwrap());
    assert_eq!((next.version, next.revision, next.is_active, next.definition.as_str()), (2, 3, false, "{\"a\":2}"));
    // Runs that events start are those of whoever wrote what is done, not of whoever switched it off.
    assert_eq!((off.owner.name(), next.owner.name(), next.updated_by.as_str()), ("ana", "bob", "bob"));
    let old = store.workflow_version(first.id, 1).await.unwrap().unwrap();
    assert_eq!((old.definition.as_str(), old.created_by.as_str()), ("{\"a\":1}", "ana"));
    let versions = store.workflow_versions(first.id, PageStart::Offset(0), 1).await.unwrap().unwrap();
    assert_eq!(versions.items.iter().map(|one| one.version).collect::<Vec<_>>(), [2]);
    let rest = PageStart::After(versions.next.unwrap());
    let rest = store.workflow_versions(first.id, rest, 1).await.unwrap().unwrap();
    assert_eq!((rest.items[0].version, rest.next), (1, None));
    let entries = audit_of(&store, "workflow", &first.id.to_string()).await;
    let said: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor_id.as_str())).collect();
    assert_eq!(said, [("created", "ana"), ("updated", "bob"), ("updated", "bob")]);
}

async fn a_name_is_taken_once_however_many_try(db: Db) {
    let stores = [db.store().await, db.store().await];
    let tries = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.workflow_create(new_workflow("same")).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let winners = answers.iter().filter(|one| matches!(one, WorkflowCreateAnswer::Created(_))).count();
    assert_eq!(winners, 1, "{answers:?}");
    let known = stores[0].workflow_by_name("same").await.unwrap().unwrap();
    for answer in answers {
        let (WorkflowCreateAnswer::Created(record) | WorkflowCreateAnswer::Exists(record)) = answer;
        assert_eq!(record, known);
    }
    assert_eq!(audit_of(&stores[0], "workflow", &known.id.to_string()).await.len(), 1);
}

async fn an_expectation_that_does_not_hold_changes_nothing(db: Db) {
    let store = db.store().await;
    let first = created(&store, "release").await;
    let stale = WorkflowChange { is_active: Some(false), expect: Some(2), ..change(first.id) };
    assert_eq!(store.workflow_change(stale).await.unwrap(), WorkflowChangeAnswer::Stale { current: 1 });
    for expected in [1, 3] {
        let other =
            WorkflowChange { text: Some(text("{\"a\":2}")), expect_version: Some(expected), ..change(first.id) };
        assert_eq!(store.workflow_change(other).await.unwrap(), WorkflowChangeAnswer::OtherVersion { current: 1 });
    }
    let nobody = WorkflowId::at(db.now());
    assert_eq!(store.workflow_change(change(nobody)).await.unwrap(), WorkflowChangeAnswer::NotFound);
    assert_eq!(store.workflow_get(first.id).await.unwrap(), Some(first.clone()));
    let next = WorkflowChange { text: Some(text("{\"a\":2}")), expect_version: Some(2), ..change(first.id) };
    assert_eq!(changed(store.workflow_change(next).await.unwrap()).version, 2);
}

async fn of_several_changes_that_expect_the_same_one_wins(db: Db) {
    let stores = [db.store().await, db.store().await];
    let first = created(&stores[0], "release").await;
    let tries = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        let new = WorkflowChange { text: Some(text(&format!("{n}"))), expect: Some(1), ..change(first.id) };
        tokio::spawn(async move { store.workflow_change(new).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let losers = answers.iter().filter(|one| **one == WorkflowChangeAnswer::Stale { current: 2 }).count();
    assert_eq!(losers, 7, "{answers:?}");
}

async fn workflows_are_listed_by_name(db: Db) {
    let store = db.store().await;
    let names = ["b", "a-1", "a_1", "a", "c"];
    for name in names {
        created(&store, name).await;
    }
    let off = store.workflow_by_name("b").await.unwrap().unwrap().id;
    store.workflow_change(WorkflowChange { is_active: Some(false), ..change(off) }).await.unwrap();
    for (only_active, expect) in [(false, vec!["a", "a-1", "a_1", "b", "c"]), (true, vec!["a", "a-1", "a_1", "c"])] {
        for limit in [1, 2, 100] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.workflow_list(only_active, after, limit).await.unwrap();
                seen.extend(page.items.into_iter().map(|one| one.name));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expect);
        }
    }
}

async fn a_page_of_large_definitions_is_shorter(db: Db) {
    let store = db.store().await;
    for name in ["a", "b", "c"] {
        let large = format!("\"{}\"", "x".repeat(3_000_000));
        store.workflow_create(NewWorkflow { text: text(&large), ..new_workflow(name) }).await.unwrap();
    }
    let page = store.workflow_list(true, None, 100).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("a")));
    let rest = store.workflow_list(true, page.next, 100).await.unwrap();
    assert_eq!((rest.items.len(), rest.next.as_deref()), (1, Some("b")));
}

async fn versions_never_change(db: Db) {
    let store = db.store().await;
    created(&store, "release").await;
    for statement in ["UPDATE workflow_versions SET definition = '{}'", "DELETE FROM workflow_versions"] {
        let refused = db.execute(statement).await.unwrap_err();
        assert!(refused.contains("a version of a workflow never changes"), "{refused}");
    }
}
