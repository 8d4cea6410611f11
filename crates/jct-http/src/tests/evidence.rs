//! Runs that ended with evidence, as a worker with a prover leaves them.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::Method;
use jct_contract::{CapabilitySet, Sha256Digest, Timestamp, WorkerId};
use jct_cwom::{CriterionResult, CriterionStatus, EvidenceFindings, Subject, Verdict};
use jct_lifecycle::{AttemptEnd, RetryPolicy};
use jct_store::model::{Claim, ClaimFilter, ClaimedTask, NewEvidence, ReviewRule, RunReport, Settlement, TraceRef};
use jct_trace::{AttemptIdentity, Output, TraceRoot};
use serde_json::{Value, json};

use super::app::{Answer, TestApp, task};

/// What a run of these tests changed, unless a test says otherwise.
pub(super) const PATCH: &[u8] = b"diff --git a/README.md b/README.md\n";
pub(super) const BUNDLE: &[u8] = b"# v2 git bundle\n";

/// A run that ended, with everything that a decision names.
#[derive(Clone, Debug)]
pub(super) struct EndedRun {
    pub(super) task_id: String,
    pub(super) run_id: String,
    pub(super) issue_id: String,
    pub(super) pack: Value,
}

/// The files of a run, as its worker sealed them.
pub(super) struct Files<'a> {
    pub(super) root: &'a TraceRoot,
    pub(super) patch: Option<&'a [u8]>,
    pub(super) bundle: Option<&'a [u8]>,
    pub(super) commits: Option<&'a [u8]>,
}

pub(super) fn subject() -> Subject {
    Subject {
        base_commit: "a".repeat(40),
        head_commit: "b".repeat(40),
        diff_digest: Sha256Digest::of(PATCH),
        bundle_digest: Some(Sha256Digest::of(BUNDLE)),
    }
}

/// Findings about a change, with one criterion that nobody verified.
pub(super) fn findings() -> EvidenceFindings {
    let criterion = CriterionResult {
        criterion: "it greets".to_owned(),
        index: 0,
        status: CriterionStatus::Unverified,
        reason: None,
        evidence_refs: Vec::new(),
    };
    EvidenceFindings {
        criteria_results: vec![criterion],
        subject: Some(subject()),
        ..EvidenceFindings::new(Verdict::Partial, "1 criterion is unverified")
    }
}

pub(super) async fn claim(app: &TestApp) -> ClaimedTask {
    let claim = Claim {
        worker_id: WorkerId::at(Timestamp::from_micros(1)),
        worker_name: "worker-1".to_owned(),
        limit: 1,
        lease: Duration::from_secs(60),
        filter: ClaimFilter::any(CapabilitySet::default()),
        isolation: None,
    };
    app.store.claim(claim).await.unwrap().pop().unwrap()
}

/// Hands in a task as the principal of these headers, runs it, and settles it with these findings.
pub(super) async fn ended(
    app: &TestApp,
    headers: &[(&str, &str)],
    findings: EvidenceFindings,
    files: Option<&Files<'_>>,
) -> EndedRun {
    let body = task().to_string();
    let answer = app.call(Method::POST, "/tasks/enqueue", headers, Some(body.as_bytes())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    run_next(app, headers, findings, files).await
}

/// Runs the next task of the queue, and settles it with these findings.
pub(super) async fn run_next(
    app: &TestApp,
    headers: &[(&str, &str)],
    findings: EvidenceFindings,
    files: Option<&Files<'_>>,
) -> EndedRun {
    let claimed = claim(app).await;
    let trace = files.map(|files| sealed(files, &claimed));
    let failed = findings.verdict == Verdict::Fail;
    let end = if failed {
        AttemptEnd::Failed { reason: jct_lifecycle::ReasonCode::ProofFailed, message: "not proven".to_owned() }
    } else {
        AttemptEnd::Completed { result: r#"{"ok":true}"#.to_owned() }
    };
    let settlement = Settlement {
        lease: claimed.lease,
        end,
        trace,
        artifacts: Vec::new(),
        retry: RetryPolicy::default(),
        jitter: 0.5,
        evidence: Some(NewEvidence { findings, review: ReviewRule::default() }),
        report: RunReport::default(),
        manifest_state: None,
    };
    app.store.settle(settlement).await.unwrap();
    let read = |path: String| async move {
        let answer = app.call(Method::GET, &path, headers, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    };
    let task_id = claimed.lease.task_id.to_string();
    let issue_id = read(format!("/tasks/{task_id}")).await["cwom_issue_id"].as_str().unwrap().to_owned();
    let packs = read(format!("/cwom/evidence-packs?issue_id={issue_id}&limit=1")).await;
    let pack = packs[0].clone();
    EndedRun { task_id, run_id: pack["for_run"]["id"].as_str().unwrap().to_owned(), issue_id, pack }
}

fn sealed(files: &Files<'_>, claimed: &ClaimedTask) -> TraceRef {
    let identity = AttemptIdentity {
        task_id: claimed.lease.task_id,
        attempt: claimed.attempt,
        fence: claimed.lease.fence,
        trace_id: claimed.trace_id.clone(),
        worker: "worker-1".to_owned(),
        components: BTreeMap::new(),
        admission: None,
        started_at: claimed.claimed_at,
    };
    let writer = files.root.begin(identity, &json!({"the": "task"})).unwrap();
    for (name, bytes) in
        [("changes.patch", files.patch), ("changes.bundle", files.bundle), ("commits.json", files.commits)]
    {
        if let Some(bytes) = bytes {
            std::fs::write(writer.artifacts_dir().join(name), bytes).unwrap();
        }
    }
    let sealed = writer.finish(Output::Result(json!({"ok": true})), claimed.claimed_at).seal().unwrap();
    TraceRef { path: sealed.relative_path, manifest_digest: Some(sealed.manifest_digest.to_string()) }
}

impl EndedRun {
    /// A decision about exactly this run.
    pub(super) fn decision(&self, decision: &str) -> Value {
        let reference = |kind: &str, id: &str| json!({"kind": kind, "id": id});
        let mut body = json!({
            "for_evidence_pack": reference("EvidencePack", self.pack["id"].as_str().unwrap()),
            "for_run": reference("Run", &self.run_id),
            "for_issue": reference("Issue", &self.issue_id),
            "decision": decision,
            "decision_reason": "because",
            "evidence_pack_digest": self.pack["digest"],
        });
        if let Some(digest) = self.pack.pointer("/subject/diff_digest") {
            body["diff_digest"] = digest.clone();
        }
        body
    }
}

/// Decides as the principal of these headers.
pub(super) async fn decide(app: &TestApp, headers: &[(&str, &str)], body: &Value) -> Answer {
    app.call(Method::POST, "/cwom/reviews", headers, Some(body.to_string().as_bytes())).await
}
