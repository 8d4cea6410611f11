//! Rule by rule: what the door refuses, where, and with which code.

use jct_cwom::{
    ActorKind, IssueChange, NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewIssue, NewRepo,
    NewReviewDecision, NewRun, Priority, RunChange, Status, Visibility, parse,
};
use serde_json::{Value, json};

use crate::support::{
    DIGEST, ID, OTHER_ID, artifact, check, check_text, constraint_snapshot, context_packet, doctrine_ref, issue,
    reference, repo, review_decision, run, violations, with,
};

#[test]
fn the_smallest_body_of_each_kind_is_accepted() {
    check::<NewRepo>(&repo(), &[]);
    check::<NewIssue>(&issue(), &[]);
    check::<NewContextPacket>(&context_packet(), &[]);
    check::<NewConstraintSnapshot>(&constraint_snapshot(), &[]);
    check::<NewDoctrineRef>(&doctrine_ref(), &[]);
    check::<NewRun>(&run(), &[]);
    check::<NewArtifact>(&artifact(), &[]);
    check::<NewReviewDecision>(&review_decision(), &[]);
    check::<IssueChange>(&json!({}), &[]);
    check::<RunChange>(&json!({}), &[]);
}

#[test]
fn what_is_required_is_missed_by_name() {
    let missing = |names: &[&'static str]| names.iter().map(|name| (*name, "REQUIRED")).collect::<Vec<_>>();
    check::<NewRepo>(&json!({}), &missing(&["/name", "/slug", "/source"]));
    check::<NewIssue>(&json!({}), &missing(&["/repo", "/title", "/type"]));
    check::<NewContextPacket>(&json!({}), &missing(&["/for_issue", "/version", "/summary"]));
    check::<NewConstraintSnapshot>(&json!({}), &missing(&["/scope", "/owner"]));
    check::<NewDoctrineRef>(&json!({}), &missing(&["/namespace", "/name", "/version", "/type", "/statement"]));
    check::<NewRun>(&json!({}), &missing(&["/for_issue", "/repo", "/mode", "/executor"]));
    check::<NewArtifact>(&json!({}), &missing(&["/produced_by", "/for_issue", "/type", "/title", "/uri"]));
    let names =
        ["/for_evidence_pack", "/for_run", "/for_issue", "/decision", "/decision_reason", "/evidence_pack_digest"];
    check::<NewReviewDecision>(&json!({}), &missing(&names));
    check::<NewRepo>(&with(repo(), "/source", json!({"system": null})), &missing(&["/source/system"]));
}

#[test]
fn a_review_says_why_about_what_it_saw_and_not_who() {
    let body = |pointer: &str, value: Value| with(review_decision(), pointer, value);
    for blank in ["", " ", "\n\t "] {
        check::<NewReviewDecision>(&body("/decision_reason", json!(blank)), &[("/decision_reason", "TOO_SHORT")]);
    }
    let reason = json!("x".repeat(4001));
    check::<NewReviewDecision>(&body("/decision_reason", reason), &[("/decision_reason", "TOO_LONG")]);
    for bad in [DIGEST.to_uppercase(), DIGEST[7..].to_owned(), format!("{DIGEST}0")] {
        let expected = &[("/evidence_pack_digest", "INVALID_DIGEST")];
        check::<NewReviewDecision>(&body("/evidence_pack_digest", json!(bad)), expected);
    }
    check::<NewReviewDecision>(&body("/decision", json!("APPROVED")), &[("/decision", "VALUE_NOT_ALLOWED")]);
    check::<NewReviewDecision>(&body("/reviewer", json!({})), &[("/reviewer", "UNKNOWN_FIELD")]);
    check::<NewReviewDecision>(&body("/self_review", json!(true)), &[("/self_review", "UNKNOWN_FIELD")]);
    let change = json!([{
        "criterion_index": 0, "original_status": "unverified", "override_status": "satisfied", "reason": " ",
    }]);
    let expected = &[("/criteria_overrides/0/reason", "TOO_SHORT")];
    check::<NewReviewDecision>(&body("/criteria_overrides", change), expected);
}

#[test]
fn defaults_are_filled_in() {
    let repo: NewRepo = parse(repo().to_string().as_bytes()).unwrap();
    assert_eq!((repo.default_branch.as_str(), repo.visibility), ("main", Visibility::Private));
    let issue: NewIssue = parse(issue().to_string().as_bytes()).unwrap();
    assert_eq!((issue.status, issue.priority, issue.description.as_str()), (Status::Planned, Priority::P2, ""));
    assert_eq!(issue.acceptance.tests_expected, None);
    let constraints = json!({"environment": {}, "risk": {}, "health": {}});
    let body = with(constraint_snapshot(), "/constraints", constraints);
    let snapshot: NewConstraintSnapshot = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(snapshot.owner.actor_kind, ActorKind::Human);
    assert_eq!(
        serde_json::to_value(&snapshot.constraints).unwrap(),
        json!({
            "time": null, "energy": null, "health": {"flags": [], "notes": null}, "budget": null, "tools": null,
            "environment": {"location": null, "connectivity": "ok", "device": null},
            "risk": {"tolerance": "medium", "notes": null},
        })
    );
}

#[test]
fn null_is_the_same_as_absent_except_where_something_is_required() {
    let nulls =
        json!({"default_branch": null, "visibility": null, "owners": null, "policy": null, "tags": null, "meta": null});
    let mut body = repo();
    body.as_object_mut().unwrap().extend(nulls.as_object().unwrap().clone());
    let sparse: NewRepo = parse(repo().to_string().as_bytes()).unwrap();
    assert_eq!(parse::<NewRepo>(body.to_string().as_bytes()).unwrap(), sparse);
    check::<NewRepo>(&with(repo(), "/slug", Value::Null), &[("/slug", "REQUIRED")]);
    check::<NewRepo>(&with(repo(), "/tags", json!([null])), &[("/tags/0", "WRONG_TYPE")]);
}

#[test]
fn unknown_members_are_refused_by_name_at_every_depth() {
    check::<NewIssue>(&with(issue(), "/titel", json!(1)), &[("/titel", "UNKNOWN_FIELD")]);
    let found = violations::<NewIssue>(&with(issue(), "/titel", json!(1)).to_string());
    assert_eq!(found[0].message, "unknown field `titel`; did you mean `title`?");
    check::<NewRepo>(&with(repo(), "/source/systen", json!("x")), &[("/source/systen", "UNKNOWN_FIELD")]);
    check::<NewIssue>(&with(issue(), "/repo/name", json!("x")), &[("/repo/name", "UNKNOWN_FIELD")]);
    // What the tower sets cannot be sent.
    for (name, value) in
        [("id", json!(ID)), ("kind", json!("Run")), ("status", json!("done")), ("trace_id", json!("x"))]
    {
        let pointer = format!("/{name}");
        check::<NewRun>(&with(run(), &pointer, value), &[(&pointer, "UNKNOWN_FIELD")]);
    }
    check::<NewConstraintSnapshot>(
        &with(constraint_snapshot(), "/captured_at", json!("2026-01-01T00:00:00Z")),
        &[("/captured_at", "UNKNOWN_FIELD")],
    );
    check::<IssueChange>(&json!({"repo": reference("Repo")}), &[("/repo", "UNKNOWN_FIELD")]);
    check::<RunChange>(&json!({"inputs": {}}), &[("/inputs", "UNKNOWN_FIELD")]);
    // The hints about the stale shape of a task are no hints here.
    let found = violations::<NewRun>(&with(run(), "/priority", json!(1)).to_string());
    assert!(found[0].message.starts_with("unknown field `priority`"), "{}", found[0].message);
}

#[test]
fn lengths_are_counted_in_characters() {
    let title = |count| with(issue(), "/title", json!("é".repeat(count)));
    check::<NewIssue>(&title(512), &[]);
    check::<NewIssue>(&title(513), &[("/title", "TOO_LONG")]);
    check::<NewIssue>(&title(0), &[("/title", "TOO_SHORT")]);
    check::<NewIssue>(&with(issue(), "/description", json!("x".repeat(16_000))), &[]);
    check::<NewIssue>(&with(issue(), "/description", json!("x".repeat(16_001))), &[("/description", "TOO_LONG")]);
    check::<NewRepo>(&with(repo(), "/slug", json!("")), &[("/slug", "TOO_SHORT")]);
    check::<NewRepo>(&with(repo(), "/slug", json!("x".repeat(257))), &[("/slug", "TOO_LONG")]);
    check::<NewIssue>(&with(issue(), "/acceptance/criteria", json!(["x".repeat(4000)])), &[]);
    check::<NewIssue>(
        &with(issue(), "/tags", json!(["x".repeat(2001), ""])),
        &[("/tags/0", "TOO_LONG"), ("/tags/1", "TOO_SHORT")],
    );
}

#[test]
fn lists_have_at_most_a_hundred_entries() {
    check::<NewIssue>(&with(issue(), "/tags", json!(vec!["x"; 100])), &[]);
    check::<NewIssue>(&with(issue(), "/tags", json!(vec!["x"; 101])), &[("/tags", "TOO_MANY_ITEMS")]);
    let actor = json!({"actor_kind": "human", "actor_id": "ana"});
    check::<NewIssue>(&with(issue(), "/watchers", json!(vec![actor; 101])), &[("/watchers", "TOO_MANY_ITEMS")]);
    check::<NewIssue>(&with(issue(), "/tags", json!("x")), &[("/tags", "WRONG_TYPE")]);
}

#[test]
fn words_are_exact() {
    for (pointer, value) in [("/type", json!("Doc")), ("/priority", json!("p1")), ("/status", json!("cancelled"))] {
        check::<NewIssue>(&with(issue(), pointer, value), &[(pointer, "VALUE_NOT_ALLOWED")]);
    }
    let found = violations::<IssueChange>(r#"{"status": "open"}"#);
    assert_eq!(
        found[0].message,
        "must be one of `planned`, `ready`, `running`, `blocked`, `under_review`, `done`, `failed`, `canceled`"
    );
    check::<NewIssue>(&with(issue(), "/type", json!(1)), &[("/type", "WRONG_TYPE")]);
}

#[test]
fn numbers_are_neither_converted_nor_out_of_range() {
    let time = |value| with(constraint_snapshot(), "/constraints/time/available_minutes", value);
    let at = "/constraints/time/available_minutes";
    check::<NewConstraintSnapshot>(&time(json!(0)), &[]);
    check::<NewConstraintSnapshot>(&time(json!(9_007_199_254_740_991_i64)), &[]);
    check::<NewConstraintSnapshot>(&time(json!(-1)), &[(at, "OUT_OF_RANGE")]);
    check::<NewConstraintSnapshot>(&time(json!(9_007_199_254_740_992_i64)), &[(at, "OUT_OF_RANGE")]);
    check::<NewConstraintSnapshot>(&time(json!(9_007_199_254_740_993_i64)), &[(at, "NUMBER_NOT_EXACT")]);
    check::<NewConstraintSnapshot>(&time(json!("15")), &[(at, "WRONG_TYPE")]);
    check::<NewConstraintSnapshot>(&time(json!(1.5)), &[(at, "WRONG_TYPE")]);
    let score = |value| with(constraint_snapshot(), "/constraints/energy/score_0_5", value);
    check::<NewConstraintSnapshot>(&score(json!(5)), &[]);
    check::<NewConstraintSnapshot>(&score(json!(6)), &[("/constraints/energy/score_0_5", "OUT_OF_RANGE")]);
    check::<RunChange>(&json!({"cost": {"usd": 0.25, "tokens": 12, "compute_s": 3}}), &[]);
    check::<RunChange>(&json!({"cost": {"usd": -0.01}}), &[("/cost/usd", "OUT_OF_RANGE")]);
    check::<RunChange>(&json!({"cost": {"usd": "1"}}), &[("/cost/usd", "WRONG_TYPE")]);
    check_text::<RunChange>(r#"{"cost": {"usd": 1e400}}"#, &[("/cost/usd", "NUMBER_NOT_EXACT")]);
}

#[test]
fn moments_are_rfc_3339_with_an_offset() {
    let started = |text: &str| json!({"telemetry": {"started_at": text}});
    let change: RunChange = parse(started("2026-01-31T12:00:00+02:00").to_string().as_bytes()).unwrap();
    let telemetry = serde_json::to_value(change.telemetry).unwrap();
    assert_eq!(telemetry["started_at"], "2026-01-31T10:00:00.000000Z");
    for bad in ["2026-01-31", "2026-01-31T12:00:00", "noon", ""] {
        check::<RunChange>(&started(bad), &[("/telemetry/started_at", "INVALID_TIME")]);
    }
    check::<RunChange>(&json!({"telemetry": {"ended_at": 5}}), &[("/telemetry/ended_at", "WRONG_TYPE")]);
}

#[test]
fn a_reference_names_the_kind_of_its_place_by_id() {
    check::<NewIssue>(&with(issue(), "/repo", reference("Issue")), &[("/repo/kind", "REFERENCE_KIND")]);
    check::<NewIssue>(&with(issue(), "/repo/kind", json!("Repository")), &[("/repo/kind", "VALUE_NOT_ALLOWED")]);
    for bad in ["1", "", &ID.to_uppercase(), &ID.replace('-', "")] {
        check::<NewIssue>(&with(issue(), "/repo/id", json!(bad)), &[("/repo/id", "INVALID_ID")]);
    }
    check::<NewIssue>(&with(issue(), "/repo/role", json!("x".repeat(65))), &[("/repo/role", "TOO_LONG")]);
    check::<NewIssue>(&with(issue(), "/repo", json!(ID)), &[("/repo", "WRONG_TYPE")]);
    check::<NewRun>(
        &with(run(), "/inputs/context_packets", json!([reference("Run")])),
        &[("/inputs/context_packets/0/kind", "REFERENCE_KIND")],
    );
    let twice =
        json!([reference("ContextPacket"), {"kind": "ContextPacket", "id": OTHER_ID}, reference("ContextPacket")]);
    check::<NewRun>(
        &with(run(), "/inputs/context_packets", twice),
        &[("/inputs/context_packets/2", "REFERENCE_REPEATED")],
    );
}

#[test]
fn every_violation_is_found_at_once_in_the_order_of_the_declaration() {
    let body = json!({
        "colour": "red",
        "slug": "",
        "source": {"system": 5, "url": "x".repeat(2001)},
        "visibility": "secret",
        "owners": [{"actor_kind": "robot"}],
        "meta": [],
    });
    check::<NewRepo>(
        &body,
        &[
            ("/colour", "UNKNOWN_FIELD"),
            ("/name", "REQUIRED"),
            ("/slug", "TOO_SHORT"),
            ("/source/system", "WRONG_TYPE"),
            ("/source/url", "TOO_LONG"),
            ("/visibility", "VALUE_NOT_ALLOWED"),
            ("/owners/0/actor_kind", "VALUE_NOT_ALLOWED"),
            ("/owners/0/actor_id", "REQUIRED"),
            ("/meta", "WRONG_TYPE"),
        ],
    );
    check::<NewRepo>(&json!([]), &[("", "WRONG_TYPE")]);
}
