//! Limits, types, defaults and grammar of each field.

use jct_contract::{RequesterKind, TaskSpec};
use serde_json::json;

use crate::support::{check, check_text, full, minimal, parse, with};

#[test]
fn a_minimal_task_gets_the_defaults_of_the_contract() {
    let task = parse(&minimal()).unwrap();
    assert_eq!(task.version(), "1.0");
    assert_eq!(task.idempotency_key(), None);
    assert_eq!(
        (task.requested_by().kind(), task.requested_by().id(), task.requested_by().label()),
        (RequesterKind::Human, "ana", None)
    );
    assert_eq!(task.operation(), "analysis");
    assert_eq!((task.target().repo(), task.target().ref_(), task.target().path()), ("myorg/service", "main", ""));
    assert_eq!(task.constraints().time_budget_seconds(), 900);
    assert!(!task.constraints().allow_network());
    assert!(!task.constraints().allow_secrets());
    assert!(task.inputs().is_empty());
    assert!(task.metadata().is_empty());
    assert!(task.acceptance_criteria().is_empty());
    assert!(task.evidence_requirements().is_empty());
}

#[test]
fn a_full_task_comes_out_as_it_went_in() {
    let sent = full();
    assert_eq!(serde_json::to_value(parse(&sent).unwrap()).unwrap(), sent);
}

#[test]
fn lengths_count_unicode_scalars_at_both_ends() {
    for (pointer, min, max) in [
        ("/idempotency_key", 1, 256),
        ("/requested_by/id", 1, 128),
        ("/requested_by/label", 1, 256),
        ("/objective", 5, 4000),
        ("/target/repo", 1, 256),
        ("/target/ref", 1, 256),
        ("/target/path", 0, 512),
    ] {
        for length in [min, max] {
            // Four bytes each: a limit in bytes, or in UTF-16 units, would refuse this.
            check(&with(pointer, json!("\u{1f600}".repeat(length))), &[]);
        }
        if min > 0 {
            check(&with(pointer, json!("\u{1f600}".repeat(min - 1))), &[(pointer, "TOO_SHORT")]);
        }
        check(&with(pointer, json!("\u{1f600}".repeat(max + 1))), &[(pointer, "TOO_LONG")]);
    }
}

#[test]
fn a_length_message_names_limit_and_length() {
    let error = parse(&with("/requested_by/id", json!("x".repeat(129)))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the task breaks the contract: /requested_by/id: must have at most 128 characters, has 129"
    );
}

#[test]
fn the_objective_is_trimmed_before_it_is_counted() {
    assert_eq!(parse(&with("/objective", json!(" \n\u{3000} hello\t "))).unwrap().objective(), "hello");
    check(&with("/objective", json!("      ")), &[("/objective", "TOO_SHORT")]);
    check(&with("/objective", json!("  four   ")), &[("/objective", "TOO_SHORT")]);
    check(&with("/objective", json!(format!("  {}  ", "x".repeat(4000)))), &[]);
}

#[test]
fn nothing_is_converted() {
    for (pointer, value) in [
        ("/version", json!(1.0)),
        ("/idempotency_key", json!(7)),
        ("/requested_by", json!("ana")),
        ("/requested_by/kind", json!(true)),
        ("/requested_by/id", json!(7)),
        ("/requested_by/label", json!([])),
        ("/objective", json!(["do it"])),
        ("/operation", json!(7)),
        ("/target", json!("myorg/service")),
        ("/target/repo", json!({})),
        ("/target/ref", json!(7)),
        ("/target/path", json!(false)),
        ("/constraints", json!([])),
        ("/constraints/time_budget_seconds", json!("60")),
        ("/constraints/time_budget_seconds", json!(60.5)),
        ("/constraints/time_budget_seconds", json!(60.0)),
        ("/constraints/time_budget_seconds", json!(true)),
        ("/constraints/allow_network", json!("yes")),
        ("/constraints/allow_network", json!(1)),
        ("/constraints/allow_secrets", json!("true")),
        ("/inputs", json!([])),
        ("/metadata", json!("x")),
        ("/acceptance_criteria", json!("one")),
        ("/evidence_requirements", json!({})),
    ] {
        check(&with(pointer, value), &[(pointer, "WRONG_TYPE")]);
    }
    check(&with("/acceptance_criteria", json!([7])), &[("/acceptance_criteria/0", "WRONG_TYPE")]);
}

#[test]
fn closed_lists_are_closed_at_the_door_only_where_the_gate_has_no_code() {
    check(&with("/version", json!("1.1")), &[("/version", "VALUE_NOT_ALLOWED")]);
    check(&with("/requested_by/kind", json!("Human")), &[("/requested_by/kind", "VALUE_NOT_ALLOWED")]);
    check(&with("/requested_by/kind", json!("robot")), &[("/requested_by/kind", "VALUE_NOT_ALLOWED")]);
    for operation in ["build", "", "Analysis", "rm -rf"] {
        assert_eq!(parse(&with("/operation", json!(operation))).unwrap().operation(), operation);
    }
    for seconds in [i64::from(i32::MIN), -1, 0, 29, 30, 86_400, 86_401, 1 << 53] {
        let task = parse(&with("/constraints/time_budget_seconds", json!(seconds))).unwrap();
        assert_eq!(task.constraints().time_budget_seconds(), seconds);
    }
    let beyond = with("/constraints/time_budget_seconds", json!((1_i64 << 53) + 1));
    check(&beyond, &[("/constraints/time_budget_seconds", "NUMBER_NOT_EXACT")]);
    let huge = with("/constraints/time_budget_seconds", json!("@"))
        .to_string()
        .replace("\"@\"", "1000000000000000000000000000000");
    check_text(&huge, &[("/constraints/time_budget_seconds", "NUMBER_NOT_EXACT")]);
}

#[test]
fn null_is_the_same_as_absent() {
    let absent = parse(&minimal()).unwrap();
    for pointer in [
        "/version",
        "/idempotency_key",
        "/requested_by/label",
        "/target/ref",
        "/target/path",
        "/constraints",
        "/constraints/time_budget_seconds",
        "/constraints/allow_network",
        "/constraints/allow_secrets",
        "/inputs",
        "/metadata",
        "/acceptance_criteria",
        "/evidence_requirements",
        "/type",
        "/payload",
        "/target/repository",
    ] {
        assert_eq!(parse(&with(pointer, json!(null))).unwrap(), absent, "{pointer}");
    }
    for pointer in [
        "/requested_by",
        "/requested_by/kind",
        "/requested_by/id",
        "/objective",
        "/operation",
        "/target",
        "/target/repo",
    ] {
        check(&with(pointer, json!(null)), &[(pointer, "REQUIRED")]);
    }
}

#[test]
fn refs_and_paths_follow_their_grammar() {
    for bad in ["-x", "; rm -rf /", "a..b", "a\nb", "@{1}"] {
        check(&with("/target/ref", json!(bad)), &[("/target/ref", "INVALID_REF")]);
    }
    for bad in ["../../etc", "/etc", "a\\b", "a\nb"] {
        check(&with("/target/path", json!(bad)), &[("/target/path", "INVALID_PATH")]);
    }
    check(&with("/target/ref", json!("a\0b")), &[("/target/ref", "NUL_CHARACTER")]);
    check(&with("/target/path", json!("a\0b")), &[("/target/path", "NUL_CHARACTER")]);
}

#[test]
fn the_lists_of_texts_are_bounded() {
    for list in ["/acceptance_criteria", "/evidence_requirements"] {
        check(&with(list, json!(vec!["x"; 100])), &[]);
        check(&with(list, json!(vec!["x"; 101])), &[(list, "TOO_MANY_ITEMS")]);
        check(&with(list, json!(["é".repeat(2000)])), &[]);
        check(
            &with(list, json!(["ok", "", "é".repeat(2001), 7, "a\0"])),
            &[
                (&format!("{list}/1"), "TOO_SHORT"),
                (&format!("{list}/2"), "TOO_LONG"),
                (&format!("{list}/3"), "WRONG_TYPE"),
                (&format!("{list}/4"), "NUL_CHARACTER"),
            ],
        );
    }
}

#[test]
fn the_header_means_the_same_as_the_field() {
    let without = || parse(&minimal()).unwrap();
    let with_field = || parse(&with("/idempotency_key", json!("a"))).unwrap();
    assert_eq!(without().with_idempotency_key("a").unwrap(), with_field());
    assert_eq!(with_field().with_idempotency_key("a").unwrap(), with_field());
    for (task, header, code) in [
        (with_field(), "b", "IDEMPOTENCY_KEY_CONFLICT"),
        (without(), "", "TOO_SHORT"),
        (without(), &*"x".repeat(257), "TOO_LONG"),
        (without(), "a\0b", "NUL_CHARACTER"),
    ] {
        let violation = TaskSpec::with_idempotency_key(task, header).unwrap_err();
        assert_eq!((violation.pointer.as_str(), violation.code.as_str()), ("/idempotency_key", code));
    }
}
