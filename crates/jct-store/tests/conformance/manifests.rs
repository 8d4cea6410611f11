//! The registry of manifests: versions that never change, one winner a write, and a trail of who did what.

use jct_contract::Sha256Digest;
use jct_store::model::{
    ManifestDelete, ManifestEntry, ManifestExpectation, ManifestPut, ManifestRecord, NewManifestVersion, Page,
    PageStart,
};
use jct_store::{Store, StoreError};

use crate::support::{Db, audit_of, on_both_engines, principal, task};

on_both_engines![
    an_entry_is_created_changed_and_left_alone,
    an_expectation_that_does_not_hold_changes_nothing,
    of_several_puts_at_once_each_sees_the_one_before_it,
    of_several_puts_that_expect_the_same_one_wins,
    of_several_puts_that_expect_nothing_there_one_wins,
    a_text_must_have_the_digest_it_comes_with,
    entries_are_listed_by_prefix_in_the_order_of_their_bytes,
    every_version_can_be_read_again,
    an_entry_that_was_deleted_comes_back_with_the_next_version,
    a_deletion_names_what_it_deletes,
    versions_and_texts_never_change,
    an_old_text_that_comes_back_is_a_new_version,
];

pub(crate) fn hash(content: &str) -> String {
    Sha256Digest::of(content.as_bytes()).to_string()
}

pub(crate) fn new_manifest(name: &str, content: &str) -> NewManifestVersion {
    NewManifestVersion {
        name: name.to_owned(),
        hash: hash(content),
        content: content.into(),
        expect: ManifestExpectation::Anything,
        by: principal("ana"),
    }
}

fn expecting(name: &str, content: &str, if_match: &str) -> NewManifestVersion {
    NewManifestVersion {
        expect: ManifestExpectation::Hash(hash(if_match)),
        by: principal("bob"),
        ..new_manifest(name, content)
    }
}

#[track_caller]
pub(crate) fn created(answer: ManifestPut) -> ManifestRecord {
    match answer {
        ManifestPut::Created(record) => record,
        other => panic!("not created: {other:?}"),
    }
}

#[track_caller]
fn changed(answer: ManifestPut) -> ManifestRecord {
    match answer {
        ManifestPut::Changed(record) => record,
        other => panic!("not changed: {other:?}"),
    }
}

async fn actions(store: &Store, name: &str) -> Vec<String> {
    audit_of(store, "manifest", name).await.into_iter().map(|entry| entry.action).collect()
}

async fn an_entry_is_created_changed_and_left_alone(db: Db) {
    let store = db.store().await;
    let start = db.now();
    let first = created(store.manifest_put(new_manifest("Docs", "a: 1\n")).await.unwrap());
    let entry = ManifestEntry {
        name: "Docs".to_owned(),
        version: 1,
        hash: hash("a: 1\n"),
        created_by: "ana".to_owned(),
        created_at: start,
        updated_by: "ana".to_owned(),
        updated_at: start,
        last_run: None,
        state_updated_at: None,
    };
    assert_eq!(first, ManifestRecord { entry: entry.clone(), content: "a: 1\n".to_owned(), state: None });
    db.pass_seconds(1);
    let again = store.manifest_put(expecting("Docs", "a: 1\n", "a: 1\n")).await.unwrap();
    assert_eq!(again, ManifestPut::Unchanged(first));
    let second = changed(store.manifest_put(expecting("Docs", "a: 1", "a: 1\n")).await.unwrap());
    let entry =
        ManifestEntry { version: 2, hash: hash("a: 1"), updated_by: "bob".to_owned(), updated_at: db.now(), ..entry };
    assert_eq!((&second.entry, second.content.as_str()), (&entry, "a: 1"));
    assert_eq!(store.manifest_get("Docs").await.unwrap(), Some(second));
    // Case counts.
    assert_eq!(store.manifest_get("docs").await.unwrap(), None);
    assert_eq!(actions(&store, "Docs").await, ["created", "updated"]);
    let entries = audit_of(&store, "manifest", "Docs").await;
    assert_eq!((entries[0].actor_id.as_str(), entries[1].actor_id.as_str()), ("ana", "bob"));
    assert!(entries[1].before.as_deref().unwrap().contains(&hash("a: 1\n")));
    assert!(entries.iter().all(|entry| !entry.after.as_deref().unwrap().contains("a: 1")));
}

async fn an_expectation_that_does_not_hold_changes_nothing(db: Db) {
    let store = db.store().await;
    let stale = store.manifest_put(expecting("docs", "a: 1", "a: 0")).await.unwrap();
    assert_eq!(stale, ManifestPut::Stale { current: None });
    assert_eq!(store.manifest_get("docs").await.unwrap(), None);
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    for content in ["a: 2", "a: 1"] {
        let stale = store.manifest_put(expecting("docs", content, "a: 0")).await.unwrap();
        assert_eq!(stale, ManifestPut::Stale { current: Some(hash("a: 1")) });
    }
    assert_eq!(store.manifest_get("docs").await.unwrap().unwrap().entry.version, 1);
    assert_eq!(actions(&store, "docs").await, ["created"]);
}

async fn at_once(stores: &[Store], puts: Vec<NewManifestVersion>) -> Vec<ManifestPut> {
    let puts = puts.into_iter().enumerate().map(|(n, put)| {
        let store = stores[n % stores.len()].clone();
        tokio::spawn(async move { store.manifest_put(put).await.unwrap() })
    });
    futures_util::future::join_all(puts).await.into_iter().map(Result::unwrap).collect()
}

async fn of_several_puts_at_once_each_sees_the_one_before_it(db: Db) {
    let stores = [db.store().await, db.store().await];
    let same = at_once(&stores, vec![new_manifest("same", "a: 1"); 8]).await;
    let count =
        |answers: &[ManifestPut], what: fn(&ManifestPut) -> bool| answers.iter().filter(|one| what(one)).count();
    assert_eq!(count(&same, |one| matches!(one, ManifestPut::Created(_))), 1);
    assert_eq!(count(&same, |one| matches!(one, ManifestPut::Unchanged(_))), 7);
    let different = (0..8).map(|n| new_manifest("different", &format!("a: {n}"))).collect();
    let different = at_once(&stores, different).await;
    assert_eq!(count(&different, |one| matches!(one, ManifestPut::Created(_))), 1);
    assert_eq!(count(&different, |one| matches!(one, ManifestPut::Changed(_))), 7);
    let entry = stores[0].manifest_get("different").await.unwrap().unwrap().entry;
    assert_eq!(entry.version, 8);
    assert_eq!(actions(&stores[0], "different").await.len(), 8);
}

async fn of_several_puts_that_expect_the_same_one_wins(db: Db) {
    let stores = [db.store().await, db.store().await];
    created(stores[0].manifest_put(new_manifest("docs", "a: 0")).await.unwrap());
    let puts = (1..=8).map(|n| expecting("docs", &format!("a: {n}"), "a: 0")).collect();
    let answers = at_once(&stores, puts).await;
    let winners: Vec<_> = answers.iter().filter(|one| matches!(one, ManifestPut::Changed(_))).collect();
    let [ManifestPut::Changed(winner)] = winners.as_slice() else { panic!("{answers:?}") };
    let current = Some(winner.entry.hash.clone());
    let losers = answers.iter().filter(|one| **one == ManifestPut::Stale { current: current.clone() }).count();
    assert_eq!(losers, 7);
}

async fn of_several_puts_that_expect_nothing_there_one_wins(db: Db) {
    let stores = [db.store().await, db.store().await];
    let fresh =
        |content: &str| NewManifestVersion { expect: ManifestExpectation::Absent, ..new_manifest("docs", content) };
    let answers = at_once(&stores, (0..8).map(|n| fresh(&format!("a: {n}"))).collect()).await;
    let winners: Vec<_> = answers.iter().filter(|one| matches!(one, ManifestPut::Created(_))).collect();
    let [ManifestPut::Created(winner)] = winners.as_slice() else { panic!("{answers:?}") };
    let stale = ManifestPut::Stale { current: Some(winner.entry.hash.clone()) };
    assert_eq!(answers.iter().filter(|one| **one == stale).count(), 7, "{answers:?}");
    // The same text again is another's: whoever sends this wants to be the first.
    assert_eq!(stores[1].manifest_put(fresh(&winner.content)).await.unwrap(), stale);
    assert_eq!(actions(&stores[0], "docs").await, ["created"]);
    assert_eq!(stores[0].manifest_delete("docs", None, principal("bob")).await.unwrap(), ManifestDelete::Deleted);
    let back = created(stores[0].manifest_put(fresh("a: 9")).await.unwrap());
    assert_eq!(back.entry.version, 2, "what is deleted is not there");
}

async fn a_text_must_have_the_digest_it_comes_with(db: Db) {
    let store = db.store().await;
    let forged = NewManifestVersion { hash: hash("a: 2"), ..new_manifest("docs", "a: 1") };
    assert!(matches!(store.manifest_put(forged).await, Err(StoreError::Corrupt { .. })));
    assert_eq!(store.manifest_get("docs").await.unwrap(), None);
}

async fn entries_are_listed_by_prefix_in_the_order_of_their_bytes(db: Db) {
    let store = db.store().await;
    let names = ["a", "B", "a_b", "a%b", "ab", "ä", "a-1", "b"];
    for name in names {
        created(store.manifest_put(new_manifest(name, "a: 1")).await.unwrap());
    }
    let listed = |prefix: Option<&str>, limit| {
        let (store, prefix) = (store.clone(), prefix.map(str::to_owned));
        async move {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.manifest_list(prefix.clone(), after, limit).await.unwrap();
                assert!(page.items.len() <= limit as usize);
                seen.extend(page.items.into_iter().map(|entry| entry.name));
                after = page.next;
                if after.is_none() {
                    return seen;
                }
            }
        }
    };
    let mut sorted = names.map(str::to_owned);
    sorted.sort_unstable();
    for limit in [1, 3, 8, 100] {
        assert_eq!(listed(None, limit).await, sorted);
        assert_eq!(listed(Some("a"), limit).await, ["a", "a%b", "a-1", "a_b", "ab"]);
        assert_eq!(listed(Some("a_"), limit).await, ["a_b"], "nothing in a prefix stands for anything else");
        assert_eq!(listed(Some("a%"), limit).await, ["a%b"]);
        assert!(listed(Some("A"), limit).await.is_empty());
    }
}

async fn every_version_can_be_read_again(db: Db) {
    let store = db.store().await;
    for n in 1..=3 {
        store.manifest_put(new_manifest("docs", &"x".repeat(n))).await.unwrap();
        db.pass_seconds(1);
    }
    let numbers = |page: &Page<jct_store::model::ManifestVersionRecord>| {
        page.items.iter().map(|version| (version.version, version.size_bytes)).collect::<Vec<_>>()
    };
    let first = store.manifest_versions("docs", PageStart::Offset(0), 2).await.unwrap().unwrap();
    assert_eq!(numbers(&first), [(3, 3), (2, 2)]);
    let rest = store.manifest_versions("docs", PageStart::After(first.next.unwrap()), 2).await.unwrap().unwrap();
    assert_eq!((numbers(&rest), rest.next), (vec![(1, 1)], None));
    let (version, content) = store.manifest_version("docs", &hash("xx")).await.unwrap().unwrap();
    assert_eq!((version.version, version.created_by.as_str(), content.as_str()), (2, "ana", "xx"));
    assert!(store.manifest_version("docs", &hash("y")).await.unwrap().is_none());
    assert!(store.manifest_version("other", &hash("xx")).await.unwrap().is_none());
    assert!(store.manifest_versions("other", PageStart::Offset(0), 2).await.unwrap().is_none());
}

async fn an_entry_that_was_deleted_comes_back_with_the_next_version(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    assert_eq!(store.manifest_delete("docs", None, principal("bob")).await.unwrap(), ManifestDelete::Deleted);
    assert_eq!(store.manifest_get("docs").await.unwrap(), None);
    assert!(store.manifest_list(None, None, 10).await.unwrap().items.is_empty());
    assert!(store.manifest_versions("docs", PageStart::Offset(0), 2).await.unwrap().is_none());
    assert!(store.manifest_version("docs", &hash("a: 1")).await.unwrap().is_none());
    assert!(store.manifest_runs("docs", PageStart::Offset(0), 2).await.unwrap().is_none());
    let stale = store.manifest_put(expecting("docs", "a: 1", "a: 1")).await.unwrap();
    assert_eq!(stale, ManifestPut::Stale { current: None }, "what is deleted has no text to expect");
    db.pass_seconds(1);
    let back = created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    assert_eq!((back.entry.version, back.entry.created_at), (2, db.now()));
    let versions = store.manifest_versions("docs", PageStart::Offset(0), 10).await.unwrap().unwrap();
    assert_eq!(versions.items.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(actions(&store, "docs").await, ["created", "deleted", "created"]);
}

async fn a_deletion_names_what_it_deletes(db: Db) {
    let store = db.store().await;
    let delete = |name: &'static str, if_match: Option<&str>| {
        let (store, if_match) = (store.clone(), if_match.map(hash));
        async move { store.manifest_delete(name, if_match, principal("bob")).await.unwrap() }
    };
    assert_eq!(delete("docs", None).await, ManifestDelete::NotFound);
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    assert_eq!(delete("docs", Some("a: 0")).await, ManifestDelete::Stale { current: hash("a: 1") });
    let run = task().manifest("docs", "a: 1", true).enqueue(&store).await;
    // One that only bears its name is none of its runs.
    task().manifest("docs", "a: 9", false).enqueue(&store).await;
    assert_eq!(delete("docs", Some("a: 1")).await, ManifestDelete::Busy { jobs: vec![run] });
    crate::support::change(&store, run, "ana", crate::support::cancel()).await;
    assert_eq!(delete("docs", Some("a: 1")).await, ManifestDelete::Deleted);
    assert_eq!(delete("docs", None).await, ManifestDelete::NotFound);
    let deleted = audit_of(&store, "manifest", "docs").await.pop().unwrap();
    assert_eq!((deleted.action.as_str(), deleted.actor_id.as_str()), ("deleted", "bob"));
}

async fn versions_and_texts_never_change(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    for (statement, why) in [
        ("UPDATE manifest_contents SET content = 'a: 2'", "the content of a manifest never changes"),
        ("DELETE FROM manifest_contents", "the content of a manifest never changes"),
        ("UPDATE manifest_versions SET hash = 'x'", "a version of a manifest never changes"),
        ("DELETE FROM manifest_versions", "a version of a manifest never changes"),
    ] {
        let refused = db.execute(statement).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

async fn an_old_text_that_comes_back_is_a_new_version(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    changed(store.manifest_put(new_manifest("docs", "a: 2")).await.unwrap());
    let back = changed(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    assert_eq!(back.entry.version, 3);
    let (version, _) = store.manifest_version("docs", &hash("a: 1")).await.unwrap().unwrap();
    assert_eq!(version.version, 3, "the latest of those that have the text");
    assert_eq!(db.count("manifest_contents").await, 2);
}
