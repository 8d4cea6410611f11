//! No reference is forgotten: the walk finds each, with the place where it stands.

use jct_cwom::{
    Body, IssueChange, NewArtifact, NewDoctrineRef, NewIssue, NewRepo, NewReviewDecision, NewRun, RunChange, parse,
};
use serde_json::{Value, json};

use crate::support::{ID, artifact, doctrine_ref, issue, reference, repo, review_decision, run, with};

#[track_caller]
fn check<T: Body>(body: &Value, expected: &[&str]) {
    let object: T = parse(body.to_string().as_bytes()).unwrap();
    let found = object.references();
    let short: Vec<_> = found.iter().map(|found| format!("{} {}", found.pointer, found.kind)).collect();
    assert_eq!(short, expected);
    assert!(found.iter().all(|found| found.id.to_string() == ID));
}

#[test]
fn each_kind_names_what_has_to_exist() {
    check::<NewRepo>(&repo(), &[]);
    check::<NewIssue>(&issue(), &["/repo Repo"]);
    let links = with(issue(), "/constraints", json!([reference("ConstraintSnapshot")]));
    let links = with(links, "/doctrine_refs", json!([reference("DoctrineRef")]));
    let links = with(links, "/context_packets", json!([reference("ContextPacket")]));
    check::<NewIssue>(
        &with(links, "/relationships", json!({"parent": reference("Issue"), "blocked_by": [reference("Issue")]})),
        &[
            "/repo Repo",
            "/doctrine_refs/0 DoctrineRef",
            "/constraints/0 ConstraintSnapshot",
            "/context_packets/0 ContextPacket",
            "/relationships/parent Issue",
            "/relationships/blocked_by/0 Issue",
        ],
    );
    check::<NewRun>(
        &with(
            run(),
            "/inputs",
            json!({
                "context_packets": [reference("ContextPacket")],
                "doctrine_refs": [reference("DoctrineRef")],
                "constraint_snapshot": reference("ConstraintSnapshot"),
            }),
        ),
        &[
            "/for_issue Issue",
            "/repo Repo",
            "/inputs/context_packets/0 ContextPacket",
            "/inputs/doctrine_refs/0 DoctrineRef",
            "/inputs/constraint_snapshot ConstraintSnapshot",
        ],
    );
    check::<NewArtifact>(&artifact(), &["/produced_by Run", "/for_issue Issue"]);
    check::<NewReviewDecision>(
        &review_decision(),
        &["/for_evidence_pack EvidencePack", "/for_run Run", "/for_issue Issue"],
    );
    check::<NewDoctrineRef>(
        &with(doctrine_ref(), "/applicability/repo_refs", json!([reference("Repo")])),
        &["/applicability/repo_refs/0 Repo"],
    );
    check::<IssueChange>(&json!({"title": "x"}), &[]);
    check::<IssueChange>(
        &json!({"relationships": {"duplicates": [reference("Issue")]}}),
        &["/relationships/duplicates/0 Issue"],
    );
    check::<RunChange>(&json!({"outputs": {"artifacts": [reference("Artifact")]}}), &["/outputs/artifacts/0 Artifact"]);
}

#[test]
fn a_reference_that_leads_nowhere_is_answered_with_its_place() {
    let run: NewRun = parse(run().to_string().as_bytes()).unwrap();
    let references = run.references();
    assert_eq!(references[0].not_found().to_string(), format!("/for_issue: there is no Issue with the id `{ID}`"));
    let mismatch = references[1].mismatch("the repository of the issue");
    assert_eq!(mismatch.to_string(), format!("/repo: must be the repository of the issue, not Repo `{ID}`"));
    assert_eq!(
        (references[0].not_found().code.as_str(), mismatch.code.as_str()),
        ("REFERENCE_NOT_FOUND", "REFERENCE_MISMATCH",)
    );
}
