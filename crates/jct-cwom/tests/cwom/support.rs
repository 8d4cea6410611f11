//! What the tables share: one valid body per kind, and how to say what is expected of a changed one.

use jct_contract::Violation;
use jct_cwom::{Body, ObjectError, parse};
use serde_json::{Value, json};

pub(crate) const ID: &str = "0198c0de-0000-7000-8000-000000000001";
pub(crate) const OTHER_ID: &str = "0198c0de-0000-7000-8000-000000000002";

pub(crate) fn reference(kind: &str) -> Value {
    json!({"kind": kind, "id": ID})
}

pub(crate) fn repo() -> Value {
    json!({"name": "service", "slug": "myorg/service", "source": {"system": "github"}})
}

pub(crate) fn issue() -> Value {
    json!({"repo": reference("Repo"), "title": "Describe", "type": "doc"})
}

pub(crate) fn context_packet() -> Value {
    json!({"for_issue": reference("Issue"), "version": "1.0", "summary": "What is known"})
}

pub(crate) fn constraint_snapshot() -> Value {
    json!({"scope": "run", "owner": {"actor_kind": "human", "actor_id": "ana"}})
}

pub(crate) fn doctrine_ref() -> Value {
    json!({"namespace": "org", "name": "tests", "version": "1", "type": "policy", "statement": "Test it"})
}

pub(crate) fn run() -> Value {
    json!({
        "for_issue": reference("Issue"),
        "repo": reference("Repo"),
        "mode": "agent",
        "executor": {"actor": {"actor_kind": "agent", "actor_id": "jules"}, "runtime": "local"},
    })
}

pub(crate) fn artifact() -> Value {
    json!({
        "produced_by": reference("Run"),
        "for_issue": reference("Issue"),
        "type": "log",
        "title": "log.txt",
        "uri": "file:///log.txt",
    })
}

pub(crate) const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

pub(crate) fn review_decision() -> Value {
    json!({
        "for_evidence_pack": reference("EvidencePack"),
        "for_run": reference("Run"),
        "for_issue": reference("Issue"),
        "decision": "approved",
        "decision_reason": "it does what it says",
        "evidence_pack_digest": DIGEST,
    })
}

/// The body with the value at `pointer` set, objects on the way made as needed.
pub(crate) fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut body;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
    body
}

#[track_caller]
pub(crate) fn violations<T: Body>(text: &str) -> Vec<Violation> {
    match parse::<T>(text.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(ObjectError::Violations(violations)) => violations,
        Err(error @ ObjectError::Malformed(_)) => panic!("{error:?}"),
    }
}

/// Checks the place and code of every violation, in order; none means that the body is accepted.
#[track_caller]
pub(crate) fn check<T: Body>(body: &Value, expected: &[(&str, &str)]) {
    check_text::<T>(&body.to_string(), expected);
}

#[track_caller]
pub(crate) fn check_text<T: Body>(text: &str, expected: &[(&str, &str)]) {
    let found = violations::<T>(text);
    let short: Vec<_> = found.iter().map(|violation| (violation.pointer.as_str(), violation.code.as_str())).collect();
    assert_eq!(short, expected, "{found:#?}");
}
