//! Evidence: it comes with the end of an attempt or not at all, and what nobody proved waits for somebody.

use jct_cwom::{Cost, CriterionStatus, ObjectKind, ReviewDecisionStatus, Status, Verdict};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{ObjectFilter, PageStart, RunReport, SettleAnswer, Settlement, WorkObject};
use jct_store::{ObjectChangeAnswer, StatusAction, Store};
use serde_json::{Value, json};

use crate::support::evidence::{ended, findings, proven, waiting};
use crate::support::objects::{chain, change_run};
use crate::support::{
    Db, LEASE, assert_rebuilt, change, failed, forged, on_both_engines, reap, record_of, settlement, take, task, worker,
};

on_both_engines![
    a_proven_attempt_waits_for_a_review,
    what_is_proven_and_may_approve_itself_is_done,
    what_is_unverified_never_approves_itself,
    a_failed_attempt_keeps_what_was_found_out_about_it,
    nothing_that_did_not_complete_has_passed,
    an_outsider_proves_nothing,
    only_an_accepted_end_brings_evidence,
    evidence_never_changes,
    an_attempt_says_what_it_has_cost,
    nobody_finishes_the_run_of_a_task_by_hand,
    what_people_ended_meanwhile_waits_for_nobody,
    a_task_without_an_issue_needs_no_pack,
];

async fn claimed(store: &Store) -> jct_store::model::ClaimedTask {
    task().with_objects().enqueue(store).await;
    worker("worker").claim_one(store).await
}

async fn wire(store: &Store, kind: ObjectKind, id: impl Into<jct_contract::ObjectId>) -> Value {
    serde_json::to_value(store.object_get(kind, id.into()).await.unwrap().unwrap().object).unwrap()
}

/// How the run of the only task, and its issue, stand.
async fn stands(store: &Store, id: jct_contract::TaskId) -> (String, String) {
    let graph = store.issue_graph(record_of(store, id).await.issue_id.unwrap()).await.unwrap().unwrap();
    (graph.runs[0].state.status.to_string(), graph.issue.content.status.to_string())
}

fn both(status: Status) -> (String, String) {
    (status.to_string(), status.to_string())
}

async fn a_proven_attempt_waits_for_a_review(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    assert_eq!(stands(&store, waiting.task).await, both(Status::UnderReview));
    let pack = wire(&store, ObjectKind::EvidencePack, waiting.pack.id).await;
    assert_eq!((&pack["verdict"], &pack["checks_passed"]), (&"partial".into(), &3.into()));
    assert_eq!(pack["for_run"], json!({ "kind": "Run", "id": waiting.run, "role": null }));
    assert_eq!(pack["evaluated_by"]["actor_id"], "prover");
    assert_eq!(pack["evaluated_by"]["display"], "Prover of worker");
    assert_eq!(pack["isolation"], json!({ "effective": "L2", "requested": "L3" }));
    assert_eq!(pack["meta"], json!({ "source": "jct_task", "task": waiting.task, "attempt": 1 }));
    assert_eq!(pack["trace_id"], record_of(&store, waiting.task).await.trace_id.as_str());
    assert_eq!(pack["digest"], waiting.pack.content.digest().to_string());
    let told = chain(&store, ObjectKind::EvidencePack, waiting.pack.id.into()).await;
    assert_eq!((told.len(), told[0].action.as_str(), told[0].actor_id.as_str()), (1, "created", "worker"));
    assert_eq!(store.review_of(waiting.run).await.unwrap(), None);
    assert_rebuilt(&store, waiting.task).await;
}

async fn what_is_proven_and_may_approve_itself_is_done(db: Db) {
    let store = db.store().await;
    let claimed = claimed(&store).await;
    let (run, id) = (claimed.run_id.unwrap(), claimed.lease.task_id);
    let findings = findings(Verdict::Pass, CriterionStatus::Satisfied);
    let end = proven(claimed.lease, findings, &[Verdict::Pass]);
    assert!(matches!(store.settle(end.clone()).await.unwrap(), SettleAnswer::Accepted(_)));
    assert_eq!(stands(&store, id).await, both(Status::Done));
    let review = store.review_of(run).await.unwrap().unwrap();
    let pack = store.evidence_of(run).await.unwrap().unwrap();
    assert_eq!(review.content.decision, ReviewDecisionStatus::Approved);
    assert_eq!(review.content.decision_reason, "auto-approved: verdict=pass");
    assert_eq!(
        (review.content.tags.as_slice(), review.record.self_review),
        (["auto-approved".to_owned()].as_slice(), false)
    );
    assert_eq!(review.record.reviewer.actor_id, "auto-approve");
    assert_eq!(
        (review.content.evidence_pack_digest, review.content.for_evidence_pack.id),
        (pack.digest, pack.id.into())
    );
    assert_eq!(review.trace_id, pack.trace_id, "the trace of the task");
    // Every hop is on record: nothing is done that did not wait.
    let told = chain(&store, ObjectKind::Run, run.into()).await;
    let hops: Vec<_> = told.iter().filter(|entry| entry.action == "status_changed").collect();
    let hop = |entry: &jct_audit::StoredEntry| {
        let after: Value = serde_json::from_str(entry.after.as_deref().unwrap()).unwrap();
        (entry.actor_id.clone(), after["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        hops.into_iter().map(hop).collect::<Vec<_>>(),
        [("worker".to_owned(), "under_review".to_owned()), ("auto-approve".to_owned(), "done".to_owned())]
    );
    // A repetition writes nothing twice.
    assert!(matches!(store.settle(end).await.unwrap(), SettleAnswer::Repeated { .. }));
    assert_eq!((db.count("cwom_evidence_packs").await, db.count("cwom_review_decisions").await), (1, 1));
    assert_rebuilt(&store, id).await;
}

async fn what_is_unverified_never_approves_itself(db: Db) {
    let store = db.store().await;
    for (verdict, second, done) in [
        (Verdict::Pass, CriterionStatus::Unverified, false),
        (Verdict::Partial, CriterionStatus::Unverified, false),
        (Verdict::Partial, CriterionStatus::Satisfied, true),
        (Verdict::Fail, CriterionStatus::Satisfied, false),
    ] {
        let claimed = claimed(&store).await;
        store.settle(proven(claimed.lease, findings(verdict, second), Verdict::ALL)).await.unwrap();
        let expected = if done { Status::Done } else { Status::UnderReview };
        assert_eq!(stands(&store, claimed.lease.task_id).await, both(expected), "{verdict} {second}");
    }
}

async fn a_failed_attempt_keeps_what_was_found_out_about_it(db: Db) {
    let store = db.store().await;
    let claimed = claimed(&store).await;
    let found = findings(Verdict::Fail, CriterionStatus::NotSatisfied);
    store.settle(ended(claimed.lease, failed(ReasonCode::ProofFailed), found, &[])).await.unwrap();
    let id = claimed.lease.task_id;
    assert_eq!(stands(&store, id).await, both(Status::Failed));
    let pack = store.evidence_of(claimed.run_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((pack.content.verdict, pack.content.verdict_reason.as_str()), (Verdict::Fail, "because"));
    let run = wire(&store, ObjectKind::Run, claimed.run_id.unwrap()).await;
    assert_eq!(run["failure"]["category"], "test");
    assert!(run["failure"]["message"].as_str().unwrap().starts_with("PROOF_FAILED: "), "{run}");
    assert_rebuilt(&store, id).await;
}

async fn nothing_that_did_not_complete_has_passed(db: Db) {
    let store = db.store().await;
    for (end, packs) in
        [(failed(ReasonCode::MemoryLimitExceeded), 1), (AttemptEnd::GivenBack, 1), (AttemptEnd::Cancelled, 1)]
    {
        let claimed = claimed(&store).await;
        let found = findings(Verdict::Pass, CriterionStatus::Satisfied);
        store.settle(ended(claimed.lease, end, found, Verdict::ALL)).await.unwrap();
        assert_eq!(db.count("cwom_evidence_packs").await, packs);
        if let Some(pack) = store.evidence_of(claimed.run_id.unwrap()).await.unwrap() {
            assert_eq!(pack.content.verdict, Verdict::Fail);
            assert_eq!(pack.content.verdict_reason, "the attempt did not complete: MEMORY_LIMIT_EXCEEDED");
        }
        // What was given back must not be in the way of the next.
        while let [next] = worker("w").claim(&store, 1).await.as_slice() {
            store.settle(settlement(next.lease, failed(ReasonCode::CommandFailed))).await.unwrap();
        }
    }
    assert_eq!(db.count("cwom_review_decisions").await, 0);
}

async fn an_outsider_proves_nothing(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    change(&store, id, "jules", take()).await;
    let end = StatusAction::Complete { result: "{}".to_owned(), trace_path: Some("elsewhere".to_owned()) };
    change(&store, id, "jules", end).await;
    assert_eq!(stands(&store, id).await, both(Status::UnderReview));
    let pending = store.pending_reviews(PageStart::Offset(0), 10).await.unwrap();
    let [waiting] = pending.items.as_slice() else { panic!("{pending:?}") };
    assert_eq!((waiting.task_id, waiting.worker.as_str()), (id, "jules"));
    let pack = &waiting.pack.content;
    assert_eq!(
        (pack.verdict, pack.verdict_reason.as_str()),
        (Verdict::Partial, "nobody but the executor checked this")
    );
    assert_eq!((pack.evaluated_by.actor_id.as_str(), &pack.subject), ("jct", &None));
    let told = chain(&store, ObjectKind::EvidencePack, waiting.pack.id.into()).await;
    assert_eq!(told[0].actor_id, "jct");
    assert_rebuilt(&store, id).await;
}

async fn only_an_accepted_end_brings_evidence(db: Db) {
    let store = db.store().await;
    let claimed = claimed(&store).await;
    let found = || findings(Verdict::Pass, CriterionStatus::Satisfied);
    let forged = proven(forged(claimed.lease), found(), &[Verdict::Pass]);
    assert!(matches!(store.settle(forged).await.unwrap(), SettleAnswer::Stale { .. }));
    db.pass(LEASE);
    reap(&store).await;
    let late = proven(claimed.lease, found(), &[Verdict::Pass]);
    assert!(matches!(store.settle(late).await.unwrap(), SettleAnswer::Stale { .. }));
    assert_eq!((db.count("cwom_evidence_packs").await, db.count("cwom_review_decisions").await), (0, 0));
    let run = wire(&store, ObjectKind::Run, claimed.run_id.unwrap()).await;
    assert_eq!(run["status"], "failed");
}

async fn evidence_never_changes(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    waiting.decide(&store, "ana", ReviewDecisionStatus::Approved).await;
    for table in ["cwom_evidence_packs", "cwom_review_decisions"] {
        for write in [format!("UPDATE {table} SET document = '{{}}'"), format!("DELETE FROM {table}")] {
            let refused = db.execute(&write).await.unwrap_err().to_string();
            assert!(refused.contains("never changes"), "{write}: {refused}");
        }
    }
}

async fn an_attempt_says_what_it_has_cost(db: Db) {
    let store = db.store().await;
    let claimed = claimed(&store).await;
    let report = RunReport {
        cost: Cost { usd: Some(0.25), tokens: Some(1200), compute_s: None },
        turns: Some(4),
        tokens_in: Some(1000),
        tokens_out: Some(200),
        model: Some("large".to_owned()),
        isolation: Some(json!({ "effective": "L3", "landlock_abi": 6 })),
    };
    let end = Settlement { report, ..settlement(claimed.lease, failed(ReasonCode::CommandFailed)) };
    store.settle(end).await.unwrap();
    let run = wire(&store, ObjectKind::Run, claimed.run_id.unwrap()).await;
    assert_eq!(run["cost"], json!({ "usd": 0.25, "tokens": 1200, "compute_s": null }));
    for (name, expected) in [
        ("turns", json!(4)),
        ("tokens_in", json!(1000)),
        ("tokens_out", json!(200)),
        ("model", json!("large")),
        ("isolation", json!("L3")),
    ] {
        assert_eq!(run["telemetry"][name], expected, "{name}");
    }
    assert_rebuilt(&store, claimed.lease.task_id).await;
}

async fn nobody_finishes_the_run_of_a_task_by_hand(db: Db) {
    let store = db.store().await;
    let claimed = claimed(&store).await;
    let run = claimed.run_id.unwrap();
    for status in ["done", "under_review"] {
        let answer = change_run(&store, run, &json!({ "status": status }), None).await;
        assert!(matches!(answer, ObjectChangeAnswer::Illegal { .. }), "{status}: {answer:?}");
    }
    let blocked = change_run(&store, run, &json!({ "status": "blocked" }), None).await;
    assert!(matches!(blocked, ObjectChangeAnswer::Changed(_)), "{blocked:?}");
    store.settle(proven(claimed.lease, findings(Verdict::Pass, CriterionStatus::Satisfied), &[])).await.unwrap();
    for status in ["done", "failed", "running"] {
        let answer = change_run(&store, run, &json!({ "status": status }), None).await;
        assert!(matches!(answer, ObjectChangeAnswer::Illegal { .. }), "{status}: {answer:?}");
    }
    let outputs = json!({ "outputs": { "result_summary": "a note" } });
    assert!(matches!(change_run(&store, run, &outputs, None).await, ObjectChangeAnswer::Changed(_)));
    assert_eq!(wire(&store, ObjectKind::Run, run).await["status"], "under_review");
}

async fn what_people_ended_meanwhile_waits_for_nobody(db: Db) {
    let store = db.store().await;
    for status in [Status::Failed, Status::Canceled] {
        let claimed = claimed(&store).await;
        let run = claimed.run_id.unwrap();
        let ended = change_run(&store, run, &json!({ "status": status }), None).await;
        assert!(matches!(ended, ObjectChangeAnswer::Changed(_)), "{ended:?}");
        let found = findings(Verdict::Pass, CriterionStatus::Satisfied);
        store.settle(proven(claimed.lease, found, Verdict::ALL)).await.unwrap();
        assert_eq!(stands(&store, claimed.lease.task_id).await, both(status));
        assert!(store.evidence_of(run).await.unwrap().is_some(), "what was found out is kept all the same");
        assert_eq!(store.review_of(run).await.unwrap(), None);
        assert_rebuilt(&store, claimed.lease.task_id).await;
    }
    assert_eq!(store.pending_reviews(PageStart::Offset(0), 10).await.unwrap().items, []);
}

async fn a_task_without_an_issue_needs_no_pack(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let claimed = worker("worker").claim_one(&store).await;
    assert_eq!(claimed.run_id, None);
    let end = proven(claimed.lease, findings(Verdict::Pass, CriterionStatus::Satisfied), Verdict::ALL);
    store.settle(end).await.unwrap();
    for kind in [ObjectKind::EvidencePack, ObjectKind::ReviewDecision] {
        let page = store.object_list(ObjectFilter::all(kind), PageStart::Offset(0), 10).await.unwrap();
        let none: Vec<WorkObject> = page.items.into_iter().map(|item| item.object).collect();
        assert_eq!(none, []);
    }
}
