//! Findings about attempts, and runs that wait for a review.

use jct_contract::{RunId, Sha256Digest, TaskId};
use jct_cwom::{
    CheckEnd, CheckResult, CriterionResult, CriterionStatus, EvidenceFindings, EvidencePack, NewReviewDecision, Ref,
    ReviewDecisionStatus, Subject, Verdict,
};
use jct_lifecycle::{AttemptEnd, LeaseRef};
use jct_store::model::{NewEvidence, NewReview, ReviewRule, RunReport, Settlement};
use jct_store::{ReviewAnswer, Store};
use serde_json::json;

use super::objects::trace;
use super::{completed, principal, record_of, settlement, task, worker};

fn criterion(index: u32, status: CriterionStatus) -> CriterionResult {
    CriterionResult { criterion: format!("criterion {index}"), index, status, reason: None, evidence_refs: Vec::new() }
}

/// What a prover says of a change, with two criteria of which the second stands like this.
pub(crate) fn findings(verdict: Verdict, second: CriterionStatus) -> EvidenceFindings {
    let check = CheckResult {
        name: "tests".to_owned(),
        command: vec!["make".to_owned()],
        criterion: Some(0),
        exit_code: Some(0),
        ended: CheckEnd::Exited,
        duration_ms: 7,
        tests: None,
    };
    EvidenceFindings {
        reasons: vec!["because".to_owned()],
        criteria_results: vec![criterion(0, CriterionStatus::Satisfied), criterion(1, second)],
        check_results: vec![check],
        checks_passed: 3,
        subject: Some(Subject {
            base_commit: "a".repeat(40),
            head_commit: "b".repeat(40),
            diff_digest: Sha256Digest::of(b"diff"),
            bundle_digest: Some(Sha256Digest::of(b"bundle")),
        }),
        isolation: Some(json!({ "effective": "L2", "requested": "L3" })),
        ..EvidenceFindings::new(verdict, "because")
    }
}

/// The end of an attempt with these findings; `auto_approve` are the verdicts that need nobody.
pub(crate) fn proven(lease: LeaseRef, findings: EvidenceFindings, auto_approve: &[Verdict]) -> Settlement {
    ended(lease, completed("{}"), findings, auto_approve)
}

pub(crate) fn ended(
    lease: LeaseRef,
    end: AttemptEnd,
    findings: EvidenceFindings,
    auto_approve: &[Verdict],
) -> Settlement {
    let review = ReviewRule { auto_approve: auto_approve.to_vec() };
    let report = RunReport { isolation: Some(json!({ "effective": "L2" })), ..RunReport::default() };
    Settlement { evidence: Some(NewEvidence { findings, review }), report, ..settlement(lease, end) }
}

/// A run that waits for a review, and the pack that it waits with.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) task: TaskId,
    pub(crate) run: RunId,
    pub(crate) pack: EvidencePack,
}

/// Somebody's task, worked on to the end by `worker`, partly proven.
pub(crate) async fn waiting(store: &Store) -> Waiting {
    let id = task().with_objects().enqueue(store).await;
    finish(store, id).await
}

/// The next attempt at the task, worked on to the end.
pub(crate) async fn finish(store: &Store, task: TaskId) -> Waiting {
    let claimed = worker("worker").claim_one(store).await;
    assert_eq!(claimed.lease.task_id, task);
    let findings = findings(Verdict::Partial, CriterionStatus::Unverified);
    store.settle(proven(claimed.lease, findings, &[])).await.unwrap();
    let run = claimed.run_id.unwrap();
    Waiting { task, run, pack: store.evidence_of(run).await.unwrap().unwrap() }
}

impl Waiting {
    /// A decision about exactly this.
    pub(crate) fn content(&self, decision: ReviewDecisionStatus) -> NewReviewDecision {
        NewReviewDecision {
            for_evidence_pack: Ref::from(self.pack.id),
            for_run: self.pack.content.for_run.clone(),
            for_issue: self.pack.content.for_issue.clone(),
            decision,
            decision_reason: "seen it".to_owned(),
            criteria_overrides: Vec::new(),
            evidence_pack_digest: self.pack.digest,
            diff_digest: self.pack.content.subject.as_ref().map(|subject| subject.diff_digest),
            tags: vec!["t".to_owned()],
            meta: serde_json::Map::new(),
        }
    }

    pub(crate) fn review(&self, reviewer: &str, decision: ReviewDecisionStatus) -> NewReview {
        NewReview {
            content: self.content(decision),
            reviewer: principal(reviewer),
            trace_id: trace("trace-review"),
            self_review_allowed: false,
            follow_up: None,
        }
    }

    pub(crate) async fn decide(&self, store: &Store, reviewer: &str, decision: ReviewDecisionStatus) -> ReviewAnswer {
        store.decide_review(self.review(reviewer, decision)).await.unwrap()
    }

    /// How the run and its issue stand.
    pub(crate) async fn stands(&self, store: &Store) -> (String, String) {
        let issue = record_of(store, self.task).await.issue_id.unwrap();
        let graph = store.issue_graph(issue).await.unwrap().unwrap();
        let run = graph.runs.iter().find(|run| run.id == self.run).unwrap();
        (run.state.status.to_string(), graph.issue.content.status.to_string())
    }
}
