//! Tokens of workers that come over HTTP: found by their digest, limited, revoked for good.

use std::time::Duration;

use jct_contract::{Capability, JobType, Sha256Digest, WorkerId};
use jct_store::Store;
use jct_store::model::{NewWorker, NewWorkerToken, PageStart, WorkerTokenRecord};

use crate::support::{Db, audit_of, capabilities, offering, on_both_engines, principal, worker};

on_both_engines![
    a_token_is_found_by_its_digest_only,
    limits_that_are_absent_are_not_limits_that_allow_nothing,
    a_revoked_token_stays_revoked,
    a_token_expires_at_its_moment,
    using_a_token_is_noted_and_no_change,
    tokens_are_listed_newest_first,
    a_worker_behind_a_token_shows_up_again_under_its_id,
];

pub(crate) fn new_token(name: &str, secret: &[u8]) -> NewWorkerToken {
    NewWorkerToken {
        id: worker(name).id,
        worker_name: name.to_owned(),
        description: None,
        token_digest: Sha256Digest::of(secret),
        types: None,
        repositories: None,
        capabilities: None,
        created_by: principal("operator"),
        expires_at: None,
    }
}

async fn a_token_is_found_by_its_digest_only(db: Db) {
    let store = db.store().await;
    let new = NewWorkerToken {
        description: Some("the one below the desk".to_owned()),
        types: Some(vec![JobType::Manifest, JobType::Task]),
        repositories: Some(vec!["myorg".to_owned(), "other/app".to_owned()]),
        capabilities: Some(capabilities(&["Qdrant", "manifest"])),
        ..new_token("gpu-1", b"one")
    };
    let kept = store.worker_token_create(new.clone()).await.unwrap();
    let expected = WorkerTokenRecord {
        id: new.id,
        worker_name: "gpu-1".to_owned(),
        description: new.description,
        types: new.types,
        repositories: new.repositories,
        capabilities: new.capabilities,
        created_by: "operator".to_owned(),
        created_at: db.now(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    assert_eq!(kept, expected);
    assert_eq!(store.worker_token_by_digest(Sha256Digest::of(b"one")).await.unwrap(), Some(expected));
    assert_eq!(store.worker_token_by_digest(Sha256Digest::of(b"two")).await.unwrap(), None);
    let entries = audit_of(&store, "worker_token", &new.id.to_string()).await;
    let [created] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((created.action.as_str(), created.actor_id.as_str()), ("created", "operator"));
    let after = created.after.as_deref().unwrap();
    assert!(after.contains("myorg other/app") && after.contains("manifest task"), "{after}");
    let digest = Sha256Digest::of(b"one").to_string();
    assert!(!after.contains(digest.trim_start_matches("sha256:")), "the log must not help to guess a token");
}

async fn limits_that_are_absent_are_not_limits_that_allow_nothing(db: Db) {
    let store = db.store().await;
    let none = NewWorkerToken {
        types: Some(Vec::new()),
        repositories: Some(Vec::new()),
        capabilities: Some(capabilities(&[])),
        ..new_token("none", b"none")
    };
    store.worker_token_create(none.clone()).await.unwrap();
    store.worker_token_create(new_token("all", b"all")).await.unwrap();
    let none_kept = store.worker_token_by_digest(none.token_digest).await.unwrap().unwrap();
    assert_eq!((none_kept.types, none_kept.repositories), (Some(Vec::new()), Some(Vec::new())));
    assert_eq!(none_kept.capabilities.unwrap().len(), 0);
    let all = store.worker_token_by_digest(Sha256Digest::of(b"all")).await.unwrap().unwrap();
    assert_eq!((all.types, all.repositories, all.capabilities), (None, None, None));
}

async fn a_revoked_token_stays_revoked(db: Db) {
    let store = db.store().await;
    let token = store.worker_token_create(new_token("w", b"one")).await.unwrap();
    assert!(token.is_valid_at(db.now()));
    db.pass_seconds(1);
    let revoked_at = Some(db.now());
    for by in ["operator", "somebody else"] {
        let revoked = store.worker_token_revoke(token.id, principal(by)).await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, revoked_at);
        assert!(!revoked.is_valid_at(db.now()));
        db.pass_seconds(1);
    }
    let found = store.worker_token_by_digest(Sha256Digest::of(b"one")).await.unwrap().unwrap();
    assert_eq!(found.revoked_at, revoked_at, "whoever shows it is told why it is refused");
    let nobody = WorkerId::at(db.now());
    assert_eq!(store.worker_token_revoke(nobody, principal("operator")).await.unwrap(), None);
    let entries = audit_of(&store, "worker_token", &token.id.to_string()).await;
    assert_eq!(entries.iter().map(|entry| entry.actor_id.as_str()).collect::<Vec<_>>(), ["operator", "operator"]);
}

async fn a_token_expires_at_its_moment(db: Db) {
    let store = db.store().await;
    let expires_at = Some(db.now().after(Duration::from_secs(60)));
    let new = NewWorkerToken { expires_at, ..new_token("w", b"one") };
    let token = store.worker_token_create(new).await.unwrap();
    assert_eq!(token.expires_at, expires_at);
    db.pass(Duration::from_micros(59_999_999));
    assert!(token.is_valid_at(db.now()));
    db.pass(Duration::from_micros(1));
    assert!(!token.is_valid_at(db.now()));
}

async fn using_a_token_is_noted_and_no_change(db: Db) {
    let store = db.store().await;
    let token = store.worker_token_create(new_token("w", b"one")).await.unwrap();
    db.pass_seconds(5);
    store.worker_token_used(token.id).await.unwrap();
    let found = store.worker_token_by_digest(Sha256Digest::of(b"one")).await.unwrap().unwrap();
    assert_eq!(found, WorkerTokenRecord { last_used_at: Some(db.now()), ..token });
    store.worker_token_used(WorkerId::at(db.now())).await.unwrap();
    assert_eq!(audit_of(&store, "worker_token", &found.id.to_string()).await.len(), 1);
}

async fn tokens_are_listed_newest_first(db: Db) {
    let store = db.store().await;
    let mut expected = Vec::new();
    for n in 0..5_u8 {
        db.pass_seconds(1);
        let id = WorkerId::at(db.now());
        store.worker_token_create(NewWorkerToken { id, ..new_token("w", &[n]) }).await.unwrap();
        expected.insert(0, id);
    }
    let mut seen = Vec::new();
    let mut start = PageStart::Offset(0);
    loop {
        let page = store.worker_token_list(start, 2).await.unwrap();
        seen.extend(page.items.iter().map(|token| token.id));
        let Some(next) = page.next else { break };
        start = PageStart::After(next);
    }
    assert_eq!(seen, expected);
    let behind = store.worker_token_list(PageStart::Offset(3), 10).await.unwrap();
    assert_eq!(behind.items.iter().map(|token| token.id).collect::<Vec<_>>(), expected[3..]);
}

async fn shown(store: &Store, id: WorkerId) -> (String, String) {
    let workers = store.workers(jct_contract::Timestamp::from_micros(0)).await.unwrap();
    let worker = workers.into_iter().find(|worker| worker.id == id).unwrap();
    (worker.name, worker.capabilities.iter().map(Capability::as_str).collect::<Vec<_>>().join(" "))
}

async fn a_worker_behind_a_token_shows_up_again_under_its_id(db: Db) {
    let store = db.store().await;
    let token = store.worker_token_create(new_token("remote", b"one")).await.unwrap();
    let shows_up = |words: &[&str]| NewWorker {
        id: token.id,
        name: token.worker_name.clone(),
        version: "http".to_owned(),
        executors: Vec::new(),
        filter: offering(words),
        slots: 1,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    store.worker_started(shows_up(&["manifest"])).await.unwrap();
    store.worker_started(shows_up(&["manifest"])).await.unwrap();
    assert_eq!(shown(&store, token.id).await, ("remote".to_owned(), "manifest".to_owned()));
    let entity = token.id.to_string();
    assert_eq!(audit_of(&store, "worker", &entity).await.len(), 1, "the same again is no change");
    store.worker_started(shows_up(&["manifest", "qdrant"])).await.unwrap();
    assert_eq!(shown(&store, token.id).await.1, "manifest qdrant");
    store.worker_stopped(token.id).await.unwrap();
    assert!(store.workers(jct_contract::Timestamp::from_micros(0)).await.unwrap().is_empty());
    store.worker_started(shows_up(&["manifest"])).await.unwrap();
    assert_eq!(shown(&store, token.id).await.1, "manifest");
    assert_eq!(audit_of(&store, "worker", &entity).await.len(), 4);
}
