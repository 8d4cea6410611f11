//! Envelopes: what verifies, and that no tampered copy does.

use std::error::Error as _;
use std::fs;
use std::path::PathBuf;

use jct_audit::{PublicKey, SigningKey};
use jct_contract::{
    EvidencePackId, IssueId, NormalizedTask, Operation, RequesterKind, Sha256Digest, TaskSpec, Timestamp,
};
use jct_cwom::{
    Actor, CheckEnd, CheckResult, NewEvidencePack, NewReviewDecision, ReviewDecisionStatus, ReviewRecord, TestCounts,
};
use jct_evidence::attestation::{
    Admission, Attempt, CommitFact, Envelope, Evidence, Inconsistency, PAYLOAD_TYPE, Resource, ResourceDigest, Review,
    RunPredicate, RunStatement, Task, VerifyError,
};
use jct_evidence::{ChangeFacts, Facts, FileFact, RunEnded, judge};
use proptest::prelude::*;
use serde_json::json;

const BASE: &str = "1111111111111111111111111111111111111111";
const HEAD: &str = "2222222222222222222222222222222222222222";
const RUN: &str = "018bcfe5-687b-7000-8000-0000000000a1";
const ISSUE: &str = "018bcfe5-687b-7000-8000-0000000000a2";
const PACK: &str = "018bcfe5-687b-7000-8000-0000000000a3";

fn key() -> SigningKey {
    SigningKey::from_entropy(&[7; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros((1_700_000_000 + second) * 1_000_000)
}

fn task() -> NormalizedTask {
    let spec = json!({
        "requested_by": {"kind": "human", "id": "ana"},
        "objective": "Say hello in the README",
        "operation": "code_change",
        "target": {"repo": "myorg/service", "path": "docs"},
        "acceptance_criteria": ["the tests pass"],
        "inputs": {"checks": [{"name": "tests", "command": ["cargo", "test"], "criterion": 0}]},
    });
    TaskSpec::from_json(spec.to_string().as_bytes()).unwrap().normalize().unwrap()
}

fn pack() -> NewEvidencePack {
    let facts = Facts {
        target_path: "docs".to_owned(),
        acceptance_criteria: vec!["the tests pass".to_owned()],
        changes: Some(ChangeFacts {
            base_commit: BASE.to_owned(),
            head_commit: HEAD.to_owned(),
            diff_digest: Sha256Digest::of(b"diff"),
            bundle_digest: Some(Sha256Digest::of(b"bundle")),
            files: vec![FileFact { path: "docs/README.md".to_owned(), old_path: None }],
            patch_left_out: false,
        }),
        checks: vec![CheckResult {
            name: "tests".to_owned(),
            command: vec!["cargo".to_owned(), "test".to_owned()],
            criterion: Some(0),
            exit_code: Some(0),
            ended: CheckEnd::Exited,
            duration_ms: 5_210,
            tests: Some(TestCounts { passed: 41, failed: 0, skipped: 1 }),
        }],
        isolation: Some(json!({"requested": "L3", "effective": "L3", "landlock_abi": 7, "memory_bytes": u64::MAX})),
        ..Facts::new(Operation::CodeChange, RunEnded::Done)
    };
    let worker = Actor { actor_kind: RequesterKind::System, actor_id: "prover".to_owned(), display: None };
    let (run, issue) = (RUN.parse::<jct_contract::RunId>().unwrap(), ISSUE.parse::<IssueId>().unwrap());
    NewEvidencePack::of(judge(&facts), run.into(), issue.into(), worker)
}

fn statement() -> RunStatement {
    let (task, pack) = (task(), pack());
    let commit = |name: &str, id: &str| Resource {
        name: name.to_owned(),
        digest: ResourceDigest::GitCommit(id.parse().unwrap()),
    };
    let file = |name: &str| Resource {
        name: name.to_owned(),
        digest: ResourceDigest::Sha256(Sha256Digest::of(name.as_bytes())),
    };
    let digest = pack.digest();
    let review = Review {
        id: "018bcfe5-687b-7000-8000-0000000000a4".parse().unwrap(),
        decision: NewReviewDecision {
            for_evidence_pack: PACK.parse::<EvidencePackId>().unwrap().into(),
            for_run: pack.for_run.clone(),
            for_issue: pack.for_issue.clone(),
            decision: ReviewDecisionStatus::Approved,
            decision_reason: "reads well".to_owned(),
            criteria_overrides: Vec::new(),
            evidence_pack_digest: digest,
            diff_digest: Some(Sha256Digest::of(b"diff")),
            tags: Vec::new(),
            meta: serde_json::Map::new(),
        },
        record: ReviewRecord {
            reviewer: Actor { actor_kind: RequesterKind::Human, actor_id: "bea".to_owned(), display: None },
            self_review: false,
            follow_up: None,
        },
        reviewed_at: at(60),
    };
    let subject =
        vec![commit("myorg/service", HEAD), file("artifacts/changes.bundle"), file("artifacts/changes.patch")];
    let predicate = RunPredicate {
        tower: "tower.example.org".parse().unwrap(),
        task: Task {
            id: "018bcfe5-687b-7000-8000-0000000000a0".parse().unwrap(),
            spec: serde_json::from_str(task.canonical_json()).unwrap(),
            digest: task.digest(),
        },
        admission: Admission {
            decision_id: "018bcfe5-687b-7000-8000-0000000000d1".to_owned(),
            policy_digest: Sha256Digest::of(b"policy"),
            input_digest: task.digest(),
        },
        run: Attempt {
            id: RUN.parse().unwrap(),
            issue_id: ISSUE.parse().unwrap(),
            trace_id: "release-42".parse().unwrap(),
            attempt: 1,
            worker: "build-7".to_owned(),
            executor: "script".to_owned(),
            started_at: Some(at(0)),
            ended_at: Some(at(6)),
            manifest_digest: Some(Sha256Digest::of(b"manifest")),
        },
        materials: vec![commit("myorg/service", BASE)],
        commits: vec![CommitFact {
            id: HEAD.parse().unwrap(),
            author: "agent".to_owned(),
            authored_at: 1_700_000_003,
            subject: "Say hello".to_owned(),
        }],
        evidence: Evidence { id: PACK.parse().unwrap(), pack, digest, evaluated_at: at(7) },
        review: Some(review),
    };
    RunStatement::new(subject, predicate)
}

fn sample() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/evidence/sample.bundle.json");
    let text = Envelope::sign(statement(), &key()).to_text();
    if std::env::var_os("JCT_TEST_UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    fs::read_to_string(path).unwrap()
}

/// Whether somebody who trusts `keys` believes the text.
fn believed(text: &[u8], keys: &[PublicKey]) -> bool {
    Envelope::parse(text).is_ok_and(|envelope| envelope.verify(keys).is_ok())
}

#[test]
fn the_committed_sample_is_what_is_written_today() {
    assert_eq!(sample(), Envelope::sign(statement(), &key()).to_text(), "the frozen form of the bundle changed");
}

#[test]
fn the_sample_verifies_offline() {
    let others = [SigningKey::from_entropy(&[8; 32]).public(), key().public()];
    let envelope = Envelope::parse(sample().as_bytes()).unwrap();
    assert_eq!(envelope.key_id(), key().public().id());
    let verified = envelope.verify(&others).unwrap();
    assert_eq!(verified.key_id, key().public().id());
    assert_eq!(verified.statement.payload(), statement().payload());
    let payload: serde_json::Value = serde_json::from_str(&verified.statement.payload()).unwrap();
    assert_eq!(payload["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(payload["subject"][0]["digest"], json!({ "gitCommit": HEAD }));
    assert_eq!(payload["subject"][1]["digest"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(payload["predicate"]["evidence"]["pack"]["verdict"], "pass");
}

#[test]
fn a_stranger_proves_nothing() {
    let envelope = || Envelope::parse(sample().as_bytes()).unwrap();
    let stranger = SigningKey::from_entropy(&[8; 32]);
    assert_eq!(envelope().verify(&[stranger.public()]), Err(VerifyError::UnknownKey(key().public().id())));
    assert_eq!(envelope().verify(&[]), Err(VerifyError::UnknownKey(key().public().id())));
    // Signed by a stranger who says that it was the tower.
    let ours = key().public().id().to_string();
    let forged = Envelope::sign(statement(), &stranger).to_text().replace(&stranger.public().id().to_string(), &ours);
    let refused = Envelope::parse(forged.as_bytes()).unwrap().verify(&[key().public(), stranger.public()]);
    assert_eq!(refused, Err(VerifyError::Signature(key().public().id())));
}

#[test]
fn every_single_changed_byte_shows() {
    let (text, keys) = (sample().into_bytes(), [key().public()]);
    assert!(believed(&text, &keys));
    for index in 0..text.len() {
        for flip in [1, 0x20] {
            let mut tampered = text.clone();
            tampered[index] ^= flip;
            assert!(!believed(&tampered, &keys), "byte {index} with {flip:#x}");
        }
    }
    for length in 0..text.len() {
        assert!(!believed(&text[..length], &keys), "cut to {length} bytes");
    }
    assert!(!believed(&[text.as_slice(), b"\n"].concat(), &keys));
}

#[test]
fn only_the_one_form_is_read() {
    let text = sample();
    let wire: serde_json::Value = serde_json::from_str(&text).unwrap();
    let with = |name: &str, value: serde_json::Value| {
        let mut wire = wire.clone();
        wire[name] = value;
        let refused = Envelope::parse(format!("{wire}\n").as_bytes()).unwrap_err();
        refused.source().map_or_else(|| refused.to_string(), |source| format!("{refused}: {source}"))
    };
    assert!(Envelope::parse(format!("{wire:#}\n").as_bytes()).is_err(), "with white space");
    assert!(with("payloadType", "text/plain".into()).contains(PAYLOAD_TYPE));
    assert!(with("signatures", json!([])).contains("one signature"));
    assert!(with("more", json!(1)).contains("unknown field `more`"));
    assert!(with("payload", "e30=".into()).contains("not a statement"));
    assert!(with("payload", "?".into()).contains("not Base64"));
    let twice = statement().payload().replacen(r#"{"_type""#, r#"{"_type":"x","_type""#, 1);
    assert!(with("payload", base64(&twice).into()).contains("not a statement"));
    let unknown = statement().payload().replacen(r#""predicate":{"#, r#""predicate":{"a":1,"#, 1);
    assert!(with("payload", base64(&unknown).into()).contains("canonical form"));
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Signed by the tower itself and still not believed.
#[track_caller]
fn contradicts(change: impl FnOnce(&mut RunStatement), expect: Inconsistency) {
    let mut statement = statement();
    change(&mut statement);
    let text = Envelope::sign(statement, &key()).to_text();
    let refused = Envelope::parse(text.as_bytes()).unwrap().verify(&[key().public()]);
    assert_eq!(refused, Err(VerifyError::Inconsistent(expect)));
}

#[test]
fn a_statement_that_contradicts_itself_is_not_believed() {
    use Inconsistency::{AdmittedTask, Commits, EvidenceDigest, EvidenceRun, Review as Other, TaskDigest};
    let other = Sha256Digest::of(b"other");
    let commit = || "3".repeat(40).parse().unwrap();
    contradicts(|it| it.predicate.task.spec["objective"] = "Say goodbye".into(), TaskDigest);
    contradicts(|it| it.predicate.admission.input_digest = other, AdmittedTask);
    contradicts(|it| it.predicate.evidence.pack.verdict_reason = "all is well".to_owned(), EvidenceDigest);
    contradicts(|it| it.predicate.run.id = PACK.parse().unwrap(), EvidenceRun);
    contradicts(|it| it.predicate.run.issue_id = PACK.parse().unwrap(), EvidenceRun);
    contradicts(|it| it.predicate.materials.clear(), Commits);
    contradicts(|it| it.subject[0].digest = ResourceDigest::GitCommit(commit()), Commits);
    contradicts(|it| it.predicate.commits[0].id = commit(), Commits);
    let review = |change: fn(&mut Review)| {
        move |it: &mut RunStatement| it.predicate.review.as_mut().into_iter().for_each(change)
    };
    contradicts(review(|it| it.decision.diff_digest = None), Other);
    contradicts(review(|it| it.decision.diff_digest = Some(Sha256Digest::of(b"other"))), Other);
    contradicts(review(|it| it.decision.evidence_pack_digest = Sha256Digest::of(b"other")), Other);
    contradicts(review(|it| it.decision.for_run = RUN.parse::<EvidencePackId>().unwrap().into()), Other);
}

#[test]
fn work_that_changed_nothing_and_was_not_reviewed_has_a_statement_too() {
    let mut statement = statement();
    statement.predicate.review = None;
    statement.predicate.commits.clear();
    statement.predicate.evidence.pack.subject = None;
    statement.predicate.evidence.digest = statement.predicate.evidence.pack.digest();
    statement.subject.remove(0);
    let text = Envelope::sign(statement, &key()).to_text();
    assert!(believed(text.as_bytes(), &[key().public()]));
}

proptest! {
    #[test]
    fn no_text_panics_the_door(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Envelope::parse(&bytes);
    }
}
