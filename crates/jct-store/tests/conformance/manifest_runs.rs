//! Runs of manifests: the exact bytes for each, the entry that follows its last run, and the state from run to run.

use jct_contract::{JobType, TaskId};
use jct_lifecycle::{AttemptEnd, JobStatus, ReasonCode};
use jct_store::model::{
    Claim, ClaimedManifest, ClaimedTask, Enqueued, JobManifest, ManifestDelete, ManifestRun, PageStart, Settlement,
};
use jct_store::{StatusAction, Store};

use crate::manifests::{created, hash, new_manifest};
use crate::support::{
    Db, LEASE_SECONDS, assert_rebuilt, audit_of, cancel, change, completed, created as enqueued, failed, offering,
    on_both_engines, principal, reap, record_of, settle, settlement, task, worker,
};

on_both_engines![
    a_run_gets_the_bytes_it_was_handed_in_with,
    a_manifest_that_is_not_registered_has_no_entry_to_follow,
    the_last_run_follows_its_job_through_every_transition,
    a_run_of_an_entry_that_is_gone_is_not_kept,
    a_repetition_is_answered_even_when_the_entry_is_gone,
    a_deletion_and_a_run_at_once_do_not_both_win,
    a_state_is_kept_only_with_an_accepted_completion,
    a_state_goes_with_the_entry,
    runs_are_listed_newest_first,
    a_text_must_have_the_digest_it_is_run_with,
];

async fn claim(store: &Store) -> ClaimedTask {
    let request = Claim { filter: offering(&["manifest"]), ..worker("w").request(1) };
    store.claim(request).await.unwrap().pop().unwrap()
}

async fn a_run_gets_the_bytes_it_was_handed_in_with(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1\n")).await.unwrap());
    let id = task().manifest("docs", "a: 1\n", true).enqueue(&store).await;
    store.manifest_put(new_manifest("docs", "a: 2\n")).await.unwrap();
    let record = record_of(&store, id).await;
    assert_eq!(record.job.job_type, JobType::Manifest);
    let manifest = JobManifest { name: "docs".to_owned(), hash: hash("a: 1\n"), from_registry: true };
    assert_eq!(record.manifest, Some(manifest));
    let claimed = claim(&store).await;
    let whole =
        ClaimedManifest { name: "docs".to_owned(), hash: hash("a: 1\n"), content: "a: 1\n".to_owned(), state: None };
    assert_eq!(claimed.manifest, Some(whole.clone()));
    // The next attempt gets the same.
    settle(&store, claimed.lease, AttemptEnd::GivenBack).await;
    assert_eq!(claim(&store).await.manifest, Some(whole));
}

async fn a_manifest_that_is_not_registered_has_no_entry_to_follow(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    task().manifest("docs", "a: 7", false).enqueue(&store).await;
    task().manifest("other", "a: 7", false).enqueue(&store).await;
    assert_eq!(db.count("manifest_contents").await, 2, "a text is kept once");
    let claimed = claim(&store).await;
    let manifest = claimed.manifest.unwrap();
    assert_eq!((manifest.content.as_str(), manifest.state), ("a: 7", None));
    let end = Settlement { manifest_state: Some("{}".to_owned()), ..settlement(claimed.lease, completed("{}")) };
    store.settle(end).await.unwrap();
    let entry = store.manifest_get("docs").await.unwrap().unwrap();
    assert_eq!((entry.entry.last_run, entry.state, entry.entry.state_updated_at), (None, None, None));
    assert!(store.manifest_runs("docs", PageStart::Offset(0), 10).await.unwrap().unwrap().items.is_empty());
    assert_eq!(store.manifest_get("other").await.unwrap(), None);
}

async fn last_run(store: &Store) -> ManifestRun {
    let entry = store.manifest_get("docs").await.unwrap().unwrap().entry;
    let listed = store.manifest_list(None, None, 10).await.unwrap().items.remove(0);
    assert_eq!(listed, entry, "the list says the same");
    entry.last_run.unwrap()
}

async fn the_last_run_follows_its_job_through_every_transition(db: Db) {
    let store = db.store().await;
    let put = created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    db.pass_seconds(1);
    let job_id = task().manifest("docs", "a: 1", true).held().enqueue(&store).await;
    let mut expected = ManifestRun { job_id, status: JobStatus::Queued, started_at: None, finished_at: None };
    assert_eq!(last_run(&store).await, expected);
    change(&store, job_id, "ana", StatusAction::Release).await;
    assert_eq!(last_run(&store).await, expected);
    let claimed = claim(&store).await;
    expected = ManifestRun { status: JobStatus::Running, started_at: Some(db.now()), ..expected };
    assert_eq!(last_run(&store).await, expected);
    settle(&store, claimed.lease, failed(ReasonCode::ReportedRetryable)).await;
    expected.status = JobStatus::Queued;
    assert_eq!(last_run(&store).await, expected);
    db.pass_seconds(600);
    claim(&store).await;
    expected.status = JobStatus::Running;
    assert_eq!(last_run(&store).await, expected);
    db.pass_seconds(LEASE_SECONDS);
    reap(&store).await;
    expected.status = JobStatus::Queued;
    assert_eq!(last_run(&store).await, expected);
    db.pass_seconds(600);
    claim(&store).await;
    db.pass_seconds(LEASE_SECONDS);
    reap(&store).await;
    expected = ManifestRun { status: JobStatus::DeadLetter, finished_at: Some(db.now()), ..expected };
    assert_eq!(last_run(&store).await, expected);
    for (end, status) in [
        (completed("{}"), JobStatus::Succeeded),
        (failed(ReasonCode::CommandFailed), JobStatus::Failed),
        (AttemptEnd::Cancelled, JobStatus::Cancelled),
    ] {
        let job_id = task().objective(&format!("{status}")).manifest("docs", "a: 1", true).enqueue(&store).await;
        settle(&store, claim(&store).await.lease, end).await;
        let now = Some(db.now());
        assert_eq!(last_run(&store).await, ManifestRun { job_id, status, started_at: now, finished_at: now });
    }
    let waiting = task().manifest("docs", "a: 1", true).enqueue(&store).await;
    change(&store, waiting, "ana", cancel()).await;
    assert_eq!((last_run(&store).await.job_id, last_run(&store).await.status), (waiting, JobStatus::Cancelled));
    let entry = store.manifest_get("docs").await.unwrap().unwrap().entry;
    assert_eq!(entry.updated_at, put.entry.updated_at, "a run does not touch when the text was put");
    assert_rebuilt(&store, waiting).await;
}

async fn a_run_of_an_entry_that_is_gone_is_not_kept(db: Db) {
    let store = db.store().await;
    let gone = task().manifest("docs", "a: 1", true);
    assert_eq!(store.enqueue(vec![gone.build()]).await.unwrap(), [Enqueued::ManifestGone]);
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    store.manifest_delete("docs", None, principal("ana")).await.unwrap();
    created(store.manifest_put(new_manifest("here", "a: 1")).await.unwrap());
    // Others in the same breath are kept; of twins with one key neither is.
    let batch = vec![
        task().build(),
        gone.clone().key("twin").build(),
        gone.key("twin").build(),
        task().manifest("here", "a: 1", true).build(),
    ];
    let answers = store.enqueue(batch).await.unwrap();
    assert!(matches!(answers[0], Enqueued::Created { .. }), "{answers:?}");
    assert_eq!(answers[1..3], [Enqueued::ManifestGone, Enqueued::ManifestGone]);
    let kept = enqueued(&answers[3]);
    assert_eq!(db.count("tasks").await, 2);
    assert_eq!(store.manifest_get("here").await.unwrap().unwrap().entry.last_run.unwrap().job_id, kept);
}

async fn a_repetition_is_answered_even_when_the_entry_is_gone(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    let new = task().manifest("docs", "a: 1", true).key("once");
    let task_id = new.enqueue(&store).await;
    change(&store, task_id, "ana", cancel()).await;
    store.manifest_delete("docs", None, principal("ana")).await.unwrap();
    assert_eq!(store.enqueue(vec![new.build()]).await.unwrap(), [Enqueued::Replayed { task_id }]);
}

async fn a_deletion_and_a_run_at_once_do_not_both_win(db: Db) {
    let stores = [db.store().await, db.store().await];
    for round in 0..10 {
        let name = format!("docs-{round}");
        created(stores[0].manifest_put(new_manifest(&name, "a: 1")).await.unwrap());
        let (deleter, runner) = (stores[0].clone(), stores[1].clone());
        let to_delete = name.clone();
        let delete =
            tokio::spawn(async move { deleter.manifest_delete(&to_delete, None, principal("ana")).await.unwrap() });
        let run = task().manifest(&name, "a: 1", true).build();
        let run = tokio::spawn(async move { runner.enqueue(vec![run]).await.unwrap().remove(0) });
        match (delete.await.unwrap(), run.await.unwrap()) {
            (ManifestDelete::Deleted, Enqueued::ManifestGone) => {}
            (ManifestDelete::Busy { jobs }, Enqueued::Created { task_id, .. }) => assert_eq!(jobs, [task_id]),
            both => panic!("round {round}: {both:?}"),
        }
    }
}

async fn state(store: &Store) -> (Option<String>, Option<jct_contract::Timestamp>) {
    let record = store.manifest_get("docs").await.unwrap().unwrap();
    (record.state, record.entry.state_updated_at)
}

async fn a_state_is_kept_only_with_an_accepted_completion(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    task().manifest("docs", "a: 1", true).attempts(9).enqueue(&store).await;
    let left =
        |lease, end, state: &str| Settlement { manifest_state: Some(state.to_owned()), ..settlement(lease, end) };
    let claimed = claim(&store).await;
    store.settle(left(claimed.lease, AttemptEnd::GivenBack, "given back")).await.unwrap();
    let claimed = claim(&store).await;
    store.settle(left(claimed.lease, failed(ReasonCode::WorkerError), "failed")).await.unwrap();
    db.pass_seconds(600);
    let late = claim(&store).await;
    db.pass_seconds(LEASE_SECONDS);
    store.settle(left(late.lease, completed("{}"), "late")).await.unwrap();
    assert_eq!(state(&store).await, (None, None));
    reap(&store).await;
    db.pass_seconds(600);
    let claimed = claim(&store).await;
    store.settle(left(claimed.lease, completed("{}"), "{\"cursor\":1}")).await.unwrap();
    assert_eq!(state(&store).await, (Some("{\"cursor\":1}".to_owned()), Some(db.now())));
    let kept_at = db.now();
    db.pass_seconds(1);
    // The same settlement again is not accepted again, and brings nothing new.
    store.settle(left(claimed.lease, completed("{}"), "again")).await.unwrap();
    assert_eq!(state(&store).await, (Some("{\"cursor\":1}".to_owned()), Some(kept_at)));
    // The next run begins where this one ended; one that leaves nothing leaves it as it is.
    task().manifest("docs", "a: 1", true).enqueue(&store).await;
    let next = claim(&store).await;
    assert_eq!(next.manifest.unwrap().state.as_deref(), Some("{\"cursor\":1}"));
    settle(&store, next.lease, completed("{}")).await;
    assert_eq!(state(&store).await.1, Some(kept_at));
    let entries = audit_of(&store, "manifest", "docs").await;
    assert_eq!(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["created", "updated"]);
    let told = entries[1].after.as_deref().unwrap();
    assert!(told.contains("state_digest") && !told.contains("cursor"), "{told}");
}

async fn a_state_goes_with_the_entry(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    task().manifest("docs", "a: 1", true).enqueue(&store).await;
    let end = settlement(claim(&store).await.lease, completed("{}"));
    store.settle(Settlement { manifest_state: Some("{}".to_owned()), ..end }).await.unwrap();
    store.manifest_put(new_manifest("docs", "a: 2")).await.unwrap();
    assert!(state(&store).await.0.is_some(), "another text goes on from there");
    store.manifest_delete("docs", None, principal("ana")).await.unwrap();
    let back = created(store.manifest_put(new_manifest("docs", "a: 2")).await.unwrap());
    assert_eq!((back.state, back.entry.last_run), (None, None));
}

async fn runs_are_listed_newest_first(db: Db) {
    let store = db.store().await;
    created(store.manifest_put(new_manifest("docs", "a: 1")).await.unwrap());
    created(store.manifest_put(new_manifest("other", "a: 1")).await.unwrap());
    let mut expected: Vec<TaskId> = Vec::new();
    for n in 0..3 {
        let run = task().objective(&format!("run {n}")).manifest("docs", "a: 1", true);
        expected.insert(0, run.enqueue(&store).await);
        task().manifest("other", "a: 1", true).enqueue(&store).await;
    }
    let page = store.manifest_runs("docs", PageStart::Offset(0), 2).await.unwrap().unwrap();
    let rest = store.manifest_runs("docs", PageStart::After(page.next.unwrap()), 2).await.unwrap().unwrap();
    let seen: Vec<TaskId> = page.items.iter().chain(&rest.items).map(|record| record.id).collect();
    assert_eq!(seen, expected);
    assert_eq!(rest.next, None);
    assert!(store.manifest_runs("nobody", PageStart::Offset(0), 2).await.unwrap().is_none());
}

async fn a_text_must_have_the_digest_it_is_run_with(db: Db) {
    let store = db.store().await;
    let mut forged = task().manifest("docs", "a: 1", false).build();
    forged.job.manifest.as_mut().unwrap().hash = hash("a: 2");
    assert!(store.enqueue(vec![forged]).await.is_err());
    assert_eq!(db.count("tasks").await, 0);
    assert_eq!(db.count("manifest_contents").await, 0);
}
