//! What the tower answers: every kind as one flat object that fits its published schema.

use jct_contract::{
    ArtifactId, ConstraintSnapshotId, ContextPacketId, DoctrineRefId, EvidencePackId, IssueId, RepoId,
    ReviewDecisionId, RunId, Sha256Digest, TaskId, Timestamp, TraceId,
};
use jct_cwom::review::automatic_reviewer;
use jct_cwom::task::{Judged, pack_of};
use jct_cwom::{
    Artifact, Body, CheckEnd, CheckResult, ConstraintSnapshot, ContextPacket, DoctrineRef, EvidenceFindings,
    EvidencePack, EvidencePackColumns, Issue, NewEvidencePack, NewReviewDecision, ObjectKind, Repo, ReviewDecision,
    ReviewRecord, Run, RunState, Subject, TestCounts, parse, schema,
};
use serde::Serialize;
use serde_json::Value;

use crate::support;

const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn content<T: Body>(body: &Value) -> T {
    parse(body.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn check(kind: ObjectKind, object: &impl Serialize) {
    let wire = serde_json::to_value(object).unwrap();
    let schema = schema::of_object(kind);
    let errors: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&wire)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let names: Vec<_> = wire.as_object().unwrap().keys().collect();
    assert_eq!(names, schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), "in the same order");
    assert_eq!((names[0].as_str(), &wire["kind"]), ("kind", &Value::from(kind.as_str())));
    // What a caller may not send goes out all the same, so that the schemas must differ.
    let sent = jsonschema::validator_for(&schema::of_new(kind)).unwrap();
    assert!(!sent.is_valid(&wire));
}

#[test]
fn each_kind_fits_its_schema() {
    let (created_at, updated_at) = (AT, AT);
    let trace_id: Option<TraceId> = Some("trace-1".parse().unwrap());
    let runs = vec![RunId::at(AT).into()];
    let content_of_issue = content(&support::issue());
    let trace = || trace_id.clone();
    let id = RepoId::at(AT);
    let repo = Repo { id, content: content(&support::repo()), trace_id: trace(), created_at, updated_at };
    check(ObjectKind::Repo, &repo);
    let id = IssueId::at(AT);
    let issue = Issue { id, content: content_of_issue, runs, trace_id: trace(), created_at, updated_at };
    check(ObjectKind::Issue, &issue);
    let packet = content(&support::context_packet());
    let packet = ContextPacket { id: ContextPacketId::at(AT), content: packet, trace_id: trace(), created_at };
    check(ObjectKind::ContextPacket, &packet);
    let snapshot = content(&support::constraint_snapshot());
    let id = ConstraintSnapshotId::at(AT);
    let snapshot = ConstraintSnapshot { id, content: snapshot, trace_id: None, captured_at: AT };
    check(ObjectKind::ConstraintSnapshot, &snapshot);
    let doctrine = content(&support::doctrine_ref());
    let id = DoctrineRefId::at(AT);
    let doctrine = DoctrineRef { id, content: doctrine, trace_id: trace(), created_at, updated_at };
    check(ObjectKind::DoctrineRef, &doctrine);
    let (content_of_run, state) = (content(&support::run()), RunState::default());
    let id = RunId::at(AT);
    let run = Run { id, content: content_of_run, state, trace_id: trace(), created_at, updated_at };
    check(ObjectKind::Run, &run);
    let artifact = content(&support::artifact());
    let id = ArtifactId::at(AT);
    let artifact = Artifact { id, content: artifact, trace_id: trace(), created_at, updated_at };
    check(ObjectKind::Artifact, &artifact);
}

fn subject() -> Subject {
    Subject {
        base_commit: "a".repeat(40),
        head_commit: "b".repeat(40),
        diff_digest: Sha256Digest::of(b"diff"),
        bundle_digest: None,
    }
}

fn findings() -> EvidenceFindings {
    let check = CheckResult {
        name: "tests".to_owned(),
        command: vec!["make".to_owned(), "test".to_owned()],
        criterion: Some(0),
        exit_code: Some(0),
        ended: CheckEnd::Exited,
        duration_ms: 12,
        tests: Some(TestCounts { passed: 3, ..TestCounts::default() }),
    };
    let unproven = EvidenceFindings::unproven(&["tests pass".to_owned()], &["the log".to_owned()]);
    let isolation = serde_json::json!({"effective": "L3"});
    EvidenceFindings { check_results: vec![check], subject: Some(subject()), isolation: Some(isolation), ..unproven }
}

#[test]
fn evidence_and_review_fit_their_schemas() {
    let at = Judged {
        run: RunId::at(AT),
        issue: IssueId::at(AT),
        task: TaskId::at(AT),
        attempt: 1,
        prover: Some("worker-1"),
        has_trace: true,
    };
    let content = pack_of(findings(), &at);
    let digest = content.digest();
    let pack = EvidencePack { id: EvidencePackId::at(AT), content, digest, trace_id: None, evaluated_at: AT };
    check(ObjectKind::EvidencePack, &pack);
    let reviewer = automatic_reviewer();
    let record = ReviewRecord { reviewer, self_review: false, follow_up: Some(TaskId::at(AT)) };
    assert_eq!(ReviewRecord::from_document(&record.document()).unwrap(), record);
    let content = content_of_review();
    let id = ReviewDecisionId::at(AT);
    let review = ReviewDecision { id, content, record, trace_id: None, reviewed_at: AT };
    check(ObjectKind::ReviewDecision, &review);
}

fn content_of_review() -> NewReviewDecision {
    content(&support::review_decision())
}

#[test]
fn the_digest_of_a_pack_covers_all_of_it() {
    let at = Judged {
        run: RunId::at(AT),
        issue: IssueId::at(AT),
        task: TaskId::at(AT),
        attempt: 1,
        prover: None,
        has_trace: false,
    };
    let pack = pack_of(findings(), &at);
    let stored = NewEvidencePack::from_document(
        &pack.document(),
        EvidencePackColumns { for_run: pack.for_run.clone(), for_issue: pack.for_issue.clone(), verdict: pack.verdict },
    );
    assert_eq!(stored.unwrap().digest(), pack.digest());
    let wire = serde_json::to_value(&pack).unwrap();
    for name in wire.as_object().unwrap().keys().filter(|name| !matches!(name.as_str(), "for_run" | "for_issue")) {
        let mut other = wire.clone();
        other[name] = match &wire[name] {
            Value::Array(_) => Value::Array(Vec::new()),
            Value::Object(_) if name == "meta" => Value::Object(serde_json::Map::new()),
            Value::Number(_) => 77.into(),
            Value::Null => "file:///x".into(),
            Value::String(_) if name == "verdict" => "fail".into(),
            Value::String(_) => "other".into(),
            Value::Object(_) if name == "evaluated_by" => serde_json::json!({"actor_kind": "human", "actor_id": "x"}),
            _ => Value::Null,
        };
        let other: NewEvidencePack = serde_json::from_value(other).unwrap();
        // Two lists are empty as it is.
        assert!(other == pack || other.digest() != pack.digest(), "{name}");
    }
}
