//! Reviews: bound to what was seen, by somebody else, once; and what follows from each decision.

use std::time::Duration;

use jct_contract::{IssueId, ObjectId, RunId, Sha256Digest, TaskId};
use jct_cwom::review::Role;
use jct_cwom::{
    CriterionOverride, CriterionStatus, IssueChange, NewReviewDecision, ObjectKind, Ref, ReviewDecisionStatus, Status,
};
use jct_lifecycle::{AttemptEnd, TaskStatus};
use jct_store::model::{Cursor, NewReview, ObjectFilter, PageStart, WorkObject};
use jct_store::{ReviewAnswer, StatusAction, Store};
use serde_json::{Value, json};

use crate::support::evidence::{Waiting, finish, waiting};
use crate::support::objects::{chain, trace};
use crate::support::{
    Db, assert_objects_rebuilt, assert_rebuilt, audit, change, on_both_engines, principal, record_of, settlement,
    status, task, worker,
};

on_both_engines![
    an_approval_finishes_the_run_and_its_issue,
    a_rejection_fails_both,
    changes_that_are_asked_for_become_the_next_run_of_the_issue,
    what_does_not_belong_together_is_refused,
    an_approval_of_something_else_is_refused,
    overrides_fit_the_pack_or_are_refused,
    nobody_approves_their_own_work,
    an_agent_is_the_one_that_did_it,
    whoever_had_a_hand_in_it_outside_the_tower_cannot_approve,
    whoever_held_an_earlier_attempt_cannot_approve,
    a_tower_of_one_person_says_so_in_the_record,
    only_what_waits_is_decided_and_only_once,
    of_twenty_deciders_one_wins,
    an_older_pack_cannot_be_decided,
    an_issue_that_people_moved_stays_where_it_is,
    a_follow_up_that_cannot_be_kept_decides_nothing,
    what_waits_is_listed_oldest_first,
    a_run_tells_what_belongs_to_it,
];

use ReviewDecisionStatus::{Approved, NeedsChanges, Rejected};

fn both(status: Status) -> (String, String) {
    (status.to_string(), status.to_string())
}

async fn issue_of(store: &Store, id: TaskId) -> IssueId {
    record_of(store, id).await.issue_id.unwrap()
}

async fn an_approval_finishes_the_run_and_its_issue(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    db.pass_seconds(60);
    let answer = waiting.decide(&store, "ana", Approved).await;
    let ReviewAnswer::Accepted { review, follow_up: None } = answer else { panic!("{answer:?}") };
    let WorkObject::ReviewDecision(decided) = &review.object else { panic!("{review:?}") };
    assert_eq!((review.version, decided.reviewed_at), (1, db.now()));
    assert_eq!((decided.record.reviewer.actor_id.as_str(), decided.record.self_review), ("ana", false));
    assert_eq!(decided.trace_id, Some(trace("trace-review")));
    assert_eq!(decided.content, waiting.content(Approved));
    assert_eq!(waiting.stands(&store).await, both(Status::Done));
    assert_eq!(store.review_of(waiting.run).await.unwrap().as_ref(), Some(decided));
    let read = store.object_get(ObjectKind::ReviewDecision, decided.id.into()).await.unwrap().unwrap();
    assert_eq!(read, review);
    for (kind, id) in [
        (ObjectKind::Run, ObjectId::from(waiting.run)),
        (ObjectKind::Issue, issue_of(&store, waiting.task).await.into()),
        (ObjectKind::ReviewDecision, decided.id.into()),
    ] {
        let last = chain(&store, kind, id).await.pop().unwrap();
        assert_eq!((last.actor_id.as_str(), last.trace_id.as_deref()), ("ana", Some("trace-review")), "{kind}");
    }
    assert_eq!(status(&store, waiting.task).await, TaskStatus::Completed);
    assert_rebuilt(&store, waiting.task).await;
}

async fn a_rejection_fails_both(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    // Who asked for the work may well reject it.
    let answer = waiting.decide(&store, "submitter", Rejected).await;
    assert!(matches!(answer, ReviewAnswer::Accepted { follow_up: None, .. }), "{answer:?}");
    assert_eq!(waiting.stands(&store).await, both(Status::Failed));
    assert_rebuilt(&store, waiting.task).await;
}

async fn changes_that_are_asked_for_become_the_next_run_of_the_issue(db: Db) {
    let store = db.store().await;
    let first = waiting(&store).await;
    let mut review = first.review("ana", NeedsChanges);
    review.content.decision_reason = "shorter, please".to_owned();
    // Whatever objects it brings along: it joins the issue of the first.
    review.follow_up = Some(task().objective("prove the store again").with_objects().build());
    let answer = store.decide_review(review).await.unwrap();
    let ReviewAnswer::Accepted { review, follow_up: Some(next) } = answer else { panic!("{answer:?}") };
    assert_eq!(serde_json::to_value(&review.object).unwrap()["follow_up"], next.to_string());
    assert_eq!(first.stands(&store).await, (Status::Failed.to_string(), Status::Ready.to_string()));
    let issue = issue_of(&store, first.task).await;
    assert_eq!((issue_of(&store, next).await, db.count("cwom_issues").await), (issue, 1));
    assert_eq!(status(&store, next).await, TaskStatus::Queued);

    assert_eq!(audit(&store, next).await[0].actor_id, "ana", "whoever asked for it made it");
    assert_eq!(record_of(&store, next).await.submitter.name(), "submitter");

    let second = finish(&store, next).await;
    let context = store.run_context(second.run).await.unwrap().unwrap();
    let [packet] = context.context_packets.as_slice() else { panic!("{context:?}") };
    let packet = serde_json::to_value(packet).unwrap();
    assert_eq!((&packet["version"], &packet["summary"]), (&"2.0".into(), &"Changes requested by ana".into()));
    assert!(packet["instructions"].as_str().unwrap().contains("shorter, please"), "{packet}");
    let follows = &packet["meta"]["follows"];
    assert_eq!(
        (&follows["task"], &follows["run"]),
        (&Value::from(first.task.to_string()), &first.run.to_string().into())
    );
    assert_eq!(
        (&follows["review"], &follows["words"]),
        (&review.object.id().to_string().into(), &"shorter, please".into())
    );
    assert!(context.constraint_snapshot.is_some());
    assert_eq!(second.decide(&store, "ana", Approved).await, {
        let review = store.review_of(second.run).await.unwrap().unwrap();
        let review = store.object_get(ObjectKind::ReviewDecision, review.id.into()).await.unwrap().unwrap();
        ReviewAnswer::Accepted { review, follow_up: None }
    });
    assert_eq!(second.stands(&store).await, both(Status::Done));
    assert_rebuilt(&store, first.task).await;
    assert_rebuilt(&store, next).await;
}

/// Makes a decision name something else.
type Spoil<'a> = Box<dyn Fn(&mut NewReviewDecision) + 'a>;

async fn what_does_not_belong_together_is_refused(db: Db) {
    let store = db.store().await;
    let (mine, other) = (waiting(&store).await, waiting(&store).await);
    let lost = |kind, id: ObjectId| Ref { kind, id, role: None };
    let nobody = ObjectId::at(db.now());
    let cases: [(&str, Spoil<'_>); 4] = [
        ("/for_run", Box::new(|review| review.for_run = other.pack.content.for_run.clone())),
        ("/for_issue", Box::new(|review| review.for_issue = other.pack.content.for_issue.clone())),
        ("/for_run", Box::new(|review| review.for_run = lost(ObjectKind::Run, nobody))),
        ("/for_issue", Box::new(|review| review.for_issue = lost(ObjectKind::Issue, nobody))),
    ];
    for (pointer, spoil) in cases {
        let mut review = mine.review("ana", Approved);
        spoil(&mut review.content);
        let answer = store.decide_review(review).await.unwrap();
        let ReviewAnswer::Mismatch(violations) = answer else { panic!("{answer:?}") };
        let found: Vec<_> = violations.iter().map(|found| (found.pointer.as_str(), found.code.as_str())).collect();
        assert_eq!(found, [(pointer, "REFERENCE_MISMATCH")]);
    }
    let mut review = mine.review("ana", Approved);
    review.content.for_evidence_pack = lost(ObjectKind::EvidencePack, nobody);
    assert_eq!(store.decide_review(review).await.unwrap(), ReviewAnswer::NotFound);
    assert_eq!((mine.stands(&store).await, db.count("cwom_review_decisions").await), (both(Status::UnderReview), 0));
}

async fn an_approval_of_something_else_is_refused(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let other = Some(Sha256Digest::of(b"another diff"));
    for decision in [Approved, Rejected, NeedsChanges] {
        for diff_digest in [other, None] {
            let mut review = waiting.review("ana", decision);
            review.content.diff_digest = diff_digest;
            let answer = store.decide_review(review).await.unwrap();
            assert_eq!(answer, ReviewAnswer::DigestMismatch { field: "diff_digest" });
        }
        let mut review = waiting.review("ana", decision);
        review.content.evidence_pack_digest = Sha256Digest::of(b"another pack");
        let answer = store.decide_review(review).await.unwrap();
        assert_eq!(answer, ReviewAnswer::DigestMismatch { field: "evidence_pack_digest" });
    }
    assert_eq!(waiting.stands(&store).await, both(Status::UnderReview));
}

async fn overrides_fit_the_pack_or_are_refused(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let override_ = |criterion_index, original_status| CriterionOverride {
        criterion_index,
        original_status,
        override_status: CriterionStatus::Satisfied,
        reason: "looked at it".to_owned(),
    };
    let with = |overrides: Vec<CriterionOverride>| {
        let mut review = waiting.review("ana", Approved);
        review.content.criteria_overrides = overrides;
        store.decide_review(review)
    };
    for (wrong, code) in [
        (override_(2, CriterionStatus::Unverified), "OUT_OF_RANGE"),
        (override_(1, CriterionStatus::NotSatisfied), "VALUE_NOT_ALLOWED"),
    ] {
        let answer = with(vec![wrong]).await.unwrap();
        let ReviewAnswer::Refused(violations) = answer else { panic!("{answer:?}") };
        assert_eq!(violations[0].code.as_str(), code);
    }
    let answer = with(vec![override_(1, CriterionStatus::Unverified)]).await.unwrap();
    assert!(matches!(answer, ReviewAnswer::Accepted { .. }), "{answer:?}");
    let kept = store.review_of(waiting.run).await.unwrap().unwrap();
    assert_eq!(kept.content.criteria_overrides, [override_(1, CriterionStatus::Unverified)]);
}

async fn nobody_approves_their_own_work(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    for (reviewer, lifted, role) in
        [("submitter", false, Role::EnqueuedBy), ("worker", false, Role::Executor), ("worker", true, Role::Executor)]
    {
        let review = NewReview { self_review_allowed: lifted, ..waiting.review(reviewer, Approved) };
        let answer = store.decide_review(review).await.unwrap();
        let ReviewAnswer::SelfReview(refusal) = answer else { panic!("{answer:?}") };
        assert_eq!(refusal.role, role, "{reviewer}");
    }
    assert_eq!(waiting.stands(&store).await, both(Status::UnderReview));
}

#[track_caller]
fn refused(answer: &ReviewAnswer, role: Role) {
    let ReviewAnswer::SelfReview(refusal) = answer else { panic!("{answer:?}") };
    assert_eq!(refusal.role, role);
}

/// Refused for these roles, with the setting for towers of one person and without it, and shown as such; open to others.
async fn only_others_approve(store: &Store, waiting: &Waiting, roles: &[(&str, Role)]) {
    for (reviewer, role) in roles {
        for self_review_allowed in [false, true] {
            let review = NewReview { self_review_allowed, ..waiting.review(reviewer, Approved) };
            refused(&store.decide_review(review).await.unwrap(), *role);
        }
    }
    assert_eq!(waiting.stands(store).await, both(Status::UnderReview));
    let answer = waiting.decide(store, "ana", Approved).await;
    assert!(matches!(answer, ReviewAnswer::Accepted { .. }), "{answer:?}");
}

async fn an_agent_is_the_one_that_did_it(db: Db) {
    let store = db.store().await;
    let asks = json!({ "executor": "agent", "agent": "scribe" });
    let id = task().inputs(asks).with_objects().enqueue(&store).await;
    let waiting = finish(&store, id).await;
    let pending = store.pending_reviews(PageStart::Offset(0), 10).await.unwrap().items.remove(0);
    assert_eq!((pending.agent.as_deref(), pending.holders.as_slice()), (Some("scribe"), &["worker".to_owned()][..]));
    assert_eq!((pending.executor.actor_kind.as_str(), pending.executor.actor_id.as_str()), ("agent", "scribe"));
    only_others_approve(&store, &waiting, &[("scribe", Role::Agent), ("worker", Role::Worker)]).await;
    assert_rebuilt(&store, id).await;
}

async fn whoever_had_a_hand_in_it_outside_the_tower_cannot_approve(db: Db) {
    let store = db.store().await;
    // An executor of another system: all that names who did it is whom the holder assigned it to.
    let id = task().inputs(json!({ "agent": "scribe" })).with_objects().enqueue(&store).await;
    let assigned_to = Some("jules".to_owned());
    let take = StatusAction::Take { assigned_to, grace: Duration::from_secs(60), most: None };
    change(&store, id, "ops", take).await;
    let end = StatusAction::Complete { result: "{}".to_owned(), trace_path: None };
    change(&store, id, "ops", end).await;
    let pending = store.pending_reviews(PageStart::Offset(0), 10).await.unwrap().items.remove(0);
    assert_eq!((pending.assignee.as_deref(), pending.executor.actor_id.as_str()), (Some("jules"), "ops"));
    let run = RunId::from_uuid(pending.pack.content.for_run.id.as_uuid());
    let waiting = Waiting { task: id, run, pack: pending.pack };
    let roles = [("jules", Role::Assignee), ("ops", Role::Executor), ("scribe", Role::Agent)];
    only_others_approve(&store, &waiting, &roles).await;
}

async fn whoever_held_an_earlier_attempt_cannot_approve(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let first = worker("first").claim_one(&store).await;
    store.settle(settlement(first.lease, AttemptEnd::GivenBack)).await.unwrap();
    let waiting = finish(&store, id).await;
    let mut pending = store.pending_reviews(PageStart::Offset(0), 10).await.unwrap().items.remove(0);
    pending.holders.sort();
    assert_eq!(
        (pending.holders.as_slice(), pending.worker.as_str()),
        (&["first", "worker"].map(str::to_owned)[..], "worker")
    );
    only_others_approve(&store, &waiting, &[("first", Role::Worker), ("worker", Role::Executor)]).await;
}

async fn a_tower_of_one_person_says_so_in_the_record(db: Db) {
    let store = db.store().await;
    let first = waiting(&store).await;
    let lifted = NewReview { self_review_allowed: true, ..first.review("submitter", Approved) };
    store.decide_review(lifted).await.unwrap();
    assert!(store.review_of(first.run).await.unwrap().unwrap().record.self_review);
    // Only when it was needed.
    let second = waiting(&store).await;
    let lifted = NewReview { self_review_allowed: true, ..second.review("ana", Approved) };
    store.decide_review(lifted).await.unwrap();
    assert!(!store.review_of(second.run).await.unwrap().unwrap().record.self_review);
}

async fn only_what_waits_is_decided_and_only_once(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let answer = waiting.decide(&store, "ana", Rejected).await;
    let ReviewAnswer::Accepted { review, .. } = answer else { panic!("{answer:?}") };
    for decision in [Approved, Rejected, NeedsChanges] {
        let again = waiting.decide(&store, "bea", decision).await;
        assert_eq!(again, ReviewAnswer::AlreadyReviewed(review.object.id().to_string().parse().unwrap()));
    }
    let failed = failed_with_evidence(&store).await;
    assert_eq!(failed.decide(&store, "ana", Approved).await, ReviewAnswer::NotUnderReview(Status::Failed));
}

/// A run that failed its proof.
async fn failed_with_evidence(store: &Store) -> Waiting {
    use crate::support::evidence::{ended, findings};
    use crate::support::failed;
    let task = task().with_objects().enqueue(store).await;
    let claimed = worker("worker").claim_one(store).await;
    let found = findings(jct_cwom::Verdict::Fail, CriterionStatus::NotSatisfied);
    let end = failed(jct_lifecycle::ReasonCode::ProofFailed);
    store.settle(ended(claimed.lease, end, found, &[])).await.unwrap();
    let run = claimed.run_id.unwrap();
    Waiting { task, run, pack: store.evidence_of(run).await.unwrap().unwrap() }
}

async fn of_twenty_deciders_one_wins(db: Db) {
    let stores = [db.store().await, db.store().await];
    let waiting = waiting(&stores[0]).await;
    let deciders = (0..20).map(|n| {
        let (store, mut review) = (
            stores[n % 2].clone(),
            waiting.review(&format!("reviewer-{n}"), [Approved, Rejected, NeedsChanges][n % 3]),
        );
        review.follow_up = Some(task().objective(&format!("again, says {n}")).build());
        tokio::spawn(async move { store.decide_review(review).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(deciders).await.into_iter().map(Result::unwrap).collect();
    let won: Vec<_> = answers.iter().filter(|answer| matches!(answer, ReviewAnswer::Accepted { .. })).collect();
    assert_eq!(won.len(), 1, "{answers:#?}");
    let kept = stores[0].review_of(waiting.run).await.unwrap().unwrap();
    let late = answers.iter().filter(|answer| **answer == ReviewAnswer::AlreadyReviewed(kept.id)).count();
    assert_eq!((late, db.count("cwom_review_decisions").await), (19, 1));
    let follow_ups = u64::from(kept.record.follow_up.is_some());
    assert_eq!(db.count("tasks").await, 1 + follow_ups, "whoever lost started nothing");
    assert_objects_rebuilt(&stores[0], issue_of(&stores[0], waiting.task).await).await;
}

async fn an_older_pack_cannot_be_decided(db: Db) {
    let store = db.store().await;
    let first = failed_with_evidence(&store).await;
    // The same issue is worked on again, as after changes that were asked for.
    let next = waiting(&store).await;
    let review = NewReview { follow_up: Some(task().build()), ..next.review("ana", NeedsChanges) };
    let ReviewAnswer::Accepted { follow_up: Some(again), .. } = store.decide_review(review).await.unwrap() else {
        panic!("no follow-up")
    };
    let newest = finish(&store, again).await;
    assert_eq!(first.decide(&store, "ana", Approved).await, ReviewAnswer::NotUnderReview(Status::Failed));
    assert!(matches!(next.decide(&store, "ana", Approved).await, ReviewAnswer::AlreadyReviewed(_)));
    assert_eq!(newest.stands(&store).await, both(Status::UnderReview));
    // A pack that was never decided, and has a successor.
    let retried = retried_with_evidence(&db, &store).await;
    assert_eq!(retried.0.decide(&store, "ana", Approved).await, ReviewAnswer::Superseded(retried.1.pack.id));
}

/// A task whose first attempt ended early, with evidence, and whose second waits.
async fn retried_with_evidence(db: &Db, store: &Store) -> (Waiting, Waiting) {
    use crate::support::evidence::{ended, findings};
    use crate::support::failed;
    let id = task().with_objects().enqueue(store).await;
    let claimed = worker("worker").claim_one(store).await;
    let found = findings(jct_cwom::Verdict::Fail, CriterionStatus::NotSatisfied);
    let early = failed(jct_lifecycle::ReasonCode::SandboxFailed);
    store.settle(ended(claimed.lease, early, found, &[])).await.unwrap();
    let run = claimed.run_id.unwrap();
    let first = Waiting { task: id, run, pack: store.evidence_of(run).await.unwrap().unwrap() };
    db.pass_seconds(600);
    (first, finish(store, id).await)
}

async fn an_issue_that_people_moved_stays_where_it_is(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let issue = issue_of(&store, waiting.task).await;
    let close = IssueChange { status: Some(Status::Canceled), ..IssueChange::default() };
    store.issue_change(issue, close, None, principal("alice"), trace("t")).await.unwrap();
    assert!(matches!(waiting.decide(&store, "ana", Approved).await, ReviewAnswer::Accepted { .. }));
    assert_eq!(waiting.stands(&store).await, (Status::Done.to_string(), Status::Canceled.to_string()));
    assert_rebuilt(&store, waiting.task).await;
}

async fn a_follow_up_that_cannot_be_kept_decides_nothing(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let taken = task().key("k").held().enqueue(&store).await;
    let mut review = waiting.review("ana", NeedsChanges);
    review.follow_up = Some(task().key("k").objective("something else").build());
    assert_eq!(store.decide_review(review).await.unwrap(), ReviewAnswer::FollowUpTaken(taken));
    assert_eq!((waiting.stands(&store).await, db.count("cwom_review_decisions").await), (both(Status::UnderReview), 0));
    // No other decision looks at it.
    let approved = NewReview { follow_up: Some(task().build()), ..waiting.review("ana", Approved) };
    assert!(matches!(store.decide_review(approved).await.unwrap(), ReviewAnswer::Accepted { follow_up: None, .. }));
    assert_eq!(db.count("tasks").await, 2);
}

async fn what_waits_is_listed_oldest_first(db: Db) {
    let store = db.store().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        db.pass_seconds(1);
        all.push(waiting(&store).await);
    }
    all.remove(2).decide(&store, "ana", Approved).await;
    let expected: Vec<RunId> = all.iter().map(|waiting| waiting.run).collect();
    let run = |pack: &jct_cwom::EvidencePack| RunId::from_uuid(pack.content.for_run.id.as_uuid());
    let (mut seen, mut start) = (Vec::new(), PageStart::Offset(0));
    loop {
        let page = store.pending_reviews(start, 3).await.unwrap();
        seen.extend(page.items.iter().map(|waiting| run(&waiting.pack)));
        assert!(page.items.iter().all(|waiting| {
            (waiting.issue_title.as_str(), waiting.worker.as_str(), waiting.enqueued_by.name(), waiting.attempt)
                == ("prove the store", "worker", "submitter", 1)
                && waiting.executor.actor_id == "worker"
        }));
        let Some(next) = page.next else { break };
        assert_eq!(next, Cursor::after_object((*seen.last().unwrap()).into()));
        start = PageStart::After(next);
    }
    assert_eq!(seen, expected);
    let page = store.pending_reviews(PageStart::Offset(1), 2).await.unwrap();
    assert_eq!(page.items.iter().map(|waiting| run(&waiting.pack)).collect::<Vec<_>>(), expected[1..3]);
    // The lists of both kinds know their filters.
    let packs = |run_id, issue_id, verdict| ObjectFilter::EvidencePacks { run_id, issue_id, verdict };
    let issue = issue_of(&store, all[0].task).await;
    for (filter, count) in [
        (packs(Some(expected[0]), None, None), 1),
        (packs(None, Some(issue), None), 1),
        (packs(None, None, Some(jct_cwom::Verdict::Partial)), 5),
        (packs(None, None, Some(jct_cwom::Verdict::Pass)), 0),
        (ObjectFilter::ReviewDecisions { run_id: None, issue_id: None, decision: Some(Approved) }, 1),
        (ObjectFilter::ReviewDecisions { run_id: Some(expected[0]), issue_id: None, decision: None }, 0),
        (ObjectFilter::ReviewDecisions { run_id: None, issue_id: Some(issue), decision: Some(Rejected) }, 0),
    ] {
        let page = store.object_list(filter.clone(), PageStart::Offset(0), 100).await.unwrap();
        assert_eq!(page.items.len(), count, "{filter:?}");
    }
}

async fn a_run_tells_what_belongs_to_it(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    let place = store.run_place(waiting.run).await.unwrap().unwrap();
    let record = record_of(&store, waiting.task).await;
    assert_eq!((place.run_id, place.task_id, place.attempt), (waiting.run, waiting.task, 1));
    assert_eq!((Some(place.issue_id), place.trace_id), (record.issue_id, record.trace_id));
    assert_eq!(
        (place.status, place.enqueued_by.name(), place.worker.as_str()),
        (Status::UnderReview, "submitter", "worker")
    );
    assert_eq!(
        (place.evidence.as_ref(), place.review.as_ref(), place.ended_at),
        (Some(&waiting.pack), None, Some(db.now()))
    );
    waiting.decide(&store, "ana", Approved).await;
    let place = store.run_place(waiting.run).await.unwrap().unwrap();
    assert_eq!((place.status, place.review.is_some()), (Status::Done, true));
    assert_eq!(store.run_place(RunId::at(db.now())).await.unwrap(), None);
    assert_eq!(store.run_context(RunId::at(db.now())).await.unwrap(), None);
    // The graph of the issue has both.
    let graph = store.issue_graph(place.issue_id).await.unwrap().unwrap();
    assert_eq!((graph.evidence_packs, graph.review_decisions.len()), (vec![waiting.pack], 1));
}
