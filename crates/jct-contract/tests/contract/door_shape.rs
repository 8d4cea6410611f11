//! Which names may be written where: unknown fields, legacy aliases, repeated names, the stale shape.

use jct_contract::{DocumentLimits, SpecError, TaskSpec, ViolationCode, limits, parse_document};
use serde_json::{Value, json};

use crate::support::{check, check_text, full, minimal, parse, set, violations, with};

#[track_caller]
fn message(task: &Value) -> String {
    let found = violations(task.to_string().as_bytes());
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().map(|violation| violation.message).collect()
}

#[test]
fn unknown_fields_are_refused_by_name_in_every_object_of_the_contract() {
    for pointer in ["/extra", "/requested_by/extra", "/target/extra", "/constraints/extra", "/a~1b", "/"] {
        check(&with(pointer, json!(1)), &[(pointer, "UNKNOWN_FIELD")]);
        check(&with(pointer, json!(null)), &[(pointer, "UNKNOWN_FIELD")]);
    }
    // Free form below these two, and only there.
    for pointer in ["/inputs/extra", "/inputs/a/b/c", "/metadata/extra"] {
        check(&with(pointer, json!(1)), &[]);
    }
}

#[test]
fn a_misspelt_field_is_told_what_it_should_be() {
    for (pointer, expected) in [
        ("/objectiv", "unknown field `objectiv`; did you mean `objective`?"),
        ("/requestedBy", "unknown field `requestedBy`; did you mean `requested_by`?"),
        ("/target/paht", "unknown field `paht`; did you mean `path`?"),
        ("/constraints/allow-network", "unknown field `allow-network`; did you mean `allow_network`?"),
        ("/requested_by/email", "unknown field `email`; the fields here are `kind`, `id`, `label`"),
    ] {
        assert_eq!(message(&with(pointer, json!(1))), expected);
    }
}

#[test]
fn aliases_are_accepted_and_only_canonical_fields_come_out() {
    let legacy = json!({
        "requested_by": {"kind": "human", "id": "ana"},
        "objective": "Describe the repository",
        "type": "docs",
        "payload": {"a": 1},
        "target": {"repository": "myorg/service"},
    });
    let mut canonical = minimal();
    set(&mut canonical, "/operation", json!("docs"));
    set(&mut canonical, "/inputs", json!({"a": 1}));
    let task = parse(&legacy).unwrap();
    assert_eq!(task, parse(&canonical).unwrap());
    let out = serde_json::to_string(&task).unwrap();
    for alias in ["\"type\"", "\"payload\"", "\"repository\""] {
        assert!(!out.contains(alias), "{out}");
    }
}

#[test]
fn the_canonical_field_wins_whatever_the_alias_holds() {
    let expected = parse(&full()).unwrap();
    for alias in [json!("bogus"), json!(42), json!({"deep": [1]})] {
        let mut task = full();
        for pointer in ["/type", "/payload", "/target/repository"] {
            set(&mut task, pointer, alias.clone());
        }
        assert_eq!(parse(&task).unwrap(), expected);
    }
    // Presence decides, not emptiness.
    let mut task = with("/payload", json!({"a": 1}));
    set(&mut task, "/inputs", json!({}));
    assert!(parse(&task).unwrap().inputs().is_empty());
    // `null` is absence.
    set(&mut task, "/inputs", json!(null));
    assert_eq!(parse(&task).unwrap().inputs()["a"], 1);
}

#[test]
fn a_violation_points_to_the_field_that_was_written() {
    let mut task = with("/type", json!(7));
    set(&mut task, "/operation", json!(null));
    set(&mut task, "/payload", json!([]));
    set(&mut task, "/target", json!({"repository": ""}));
    check(&task, &[("/type", "WRONG_TYPE"), ("/target/repository", "TOO_SHORT"), ("/payload", "WRONG_TYPE")]);
    check(
        &json!({}),
        &[
            ("/requested_by", "REQUIRED"),
            ("/objective", "REQUIRED"),
            ("/operation", "REQUIRED"),
            ("/target", "REQUIRED"),
        ],
    );
    check(&with("/target", json!({})), &[("/target/repo", "REQUIRED")]);
}

#[test]
fn repeated_names_are_refused_wherever_they_are() {
    let task = minimal().to_string();
    for (from, to, pointer) in [
        ("\"objective\":", "\"objective\":\"Describe the repository\",\"objective\":", "/objective"),
        ("\"id\":", "\"id\":\"ana\",\"id\":", "/requested_by/id"),
        ("\"operation\":", "\"inputs\":{\"a\":{\"b\":1,\"b\":1}},\"operation\":", "/inputs/a/b"),
        ("\"operation\":", "\"metadata\":{\"x\":[{\"b\":1,\"b\":2}]},\"operation\":", "/metadata/x/0/b"),
        // The same name in another spelling.
        ("\"operation\":", "\"inputs\":{\"a\":1,\"\\u0061\":1},\"operation\":", "/inputs/a"),
    ] {
        check_text(&task.replacen(from, to, 1), &[(pointer, "DUPLICATE_KEY")]);
    }
    // Also in an alias that is otherwise ignored.
    let ignored =
        task.replacen("\"operation\":", "\"inputs\":{},\"payload\":{\"a\":1,\"a\":\"\\u0000\"},\"operation\":", 1);
    check_text(&ignored, &[("/payload/a", "DUPLICATE_KEY"), ("/payload/a", "NUL_CHARACTER")]);
}

#[test]
fn the_stale_shape_is_refused_field_by_field() {
    let stale = json!({
        "type": "build",
        "payload": {"a": 1},
        "priority": "medium",
        "source": "api",
        "target": {"repository": "myorg/service", "ref": "main", "environment": "staging", "path": ""},
        "options": {"timeout": 60},
        "metadata": {},
        "tags": ["ci"],
        "idempotency_key": "k",
        "callback_url": "https://example.org/done",
    });
    check(
        &stale,
        &[
            ("/priority", "UNKNOWN_FIELD"),
            ("/source", "UNKNOWN_FIELD"),
            ("/options", "UNKNOWN_FIELD"),
            ("/tags", "UNKNOWN_FIELD"),
            ("/callback_url", "UNKNOWN_FIELD"),
            ("/requested_by", "REQUIRED"),
            ("/objective", "REQUIRED"),
            ("/type", "VALUE_NOT_ALLOWED"),
            ("/target/environment", "UNKNOWN_FIELD"),
        ],
    );
    for (field, instead) in [
        ("priority", "metadata"),
        ("source", "requested_by"),
        ("options", "constraints"),
        ("tags", "metadata"),
        ("callback_url", "metadata"),
    ] {
        let message = message(&with(&format!("/{field}"), json!("x")));
        assert!(
            message.starts_with(&format!("the V1 contract has no field `{field}`")) && message.contains(instead),
            "{message}"
        );
    }
    // By itself the value is a matter for the gate, as any other unknown operation is.
    let mut alone = with("/type", json!("build"));
    set(&mut alone, "/operation", json!(null));
    assert_eq!(parse(&alone).unwrap().operation(), "build");
}

#[test]
fn a_task_is_an_object() {
    for task in [json!(null), json!(1), json!("x"), json!([]), json!([minimal()]), json!(true)] {
        check(&task, &[("", "WRONG_TYPE")]);
    }
}

#[test]
fn every_violation_is_reported_at_once() {
    let task = json!({
        "version": "2",
        "requested_by": {"kind": "robot", "id": "", "label": ""},
        "objective": "   no ",
        "target": {"repo": 1, "ref": "a b", "path": "../x", "branch": "main"},
        "constraints": {"time_budget_seconds": "60", "allow_network": "no", "cpu": 2},
        "inputs": {"executor": "No Such", "command": []},
        "acceptance_criteria": [""],
        "urgent": true,
    });
    insta::assert_json_snapshot!(violations(task.to_string().as_bytes()));
}

#[test]
fn the_answer_is_bounded_however_much_is_wrong() {
    let mut task = minimal();
    for index in 0..1000 {
        task[format!("extra{index}")] = json!(1);
    }
    let found = violations(task.to_string().as_bytes());
    assert_eq!(found.len(), limits::MAX_VIOLATIONS + 1);
    let last = found.last().unwrap();
    assert_eq!(
        (last.code, last.message.as_str()),
        (ViolationCode::TooManyViolations, "744 more violations are not listed")
    );

    // Sixty levels of long names, repeated in the pointer of everything below them.
    let deep = (0..60).fold(json!(vec!["\0"; 200]), |inner, _| json!({"\u{1f600}".repeat(300): inner}));
    let task = with("/inputs", json!({"x": deep}));
    let found = violations(task.to_string().as_bytes());
    let answer = serde_json::to_string(&found).unwrap();
    assert!(answer.len() < 2 * limits::MAX_VIOLATIONS_BYTES, "{}", answer.len());
    assert_eq!(found.last().unwrap().code, ViolationCode::TooManyViolations);
}

#[test]
fn one_item_of_a_batch_is_refused_alone() {
    let good = minimal().to_string();
    let body = format!(
        r#"{{"tasks":[{good},{{"objective":"a","objective":"b"}},{good},{{"inputs":{{"n":1e400}}}},{{"inputs":{}1{}}},{good}]}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let document = parse_document(body.as_bytes(), DocumentLimits::default()).unwrap();
    let tasks = document.root().as_object().unwrap().get("tasks").unwrap().as_array().unwrap();
    let results: Vec<_> = tasks.iter().map(TaskSpec::from_document).collect();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false, false, true]);
    let codes =
        |index: usize| results[index].as_ref().unwrap_err().iter().map(|violation| violation.code).collect::<Vec<_>>();
    assert!(codes(1).contains(&ViolationCode::DuplicateKey));
    assert!(codes(3).contains(&ViolationCode::NumberNotExact));
    assert!(codes(4).contains(&ViolationCode::WrongType));
    assert!(parse_document(format!("{body},").as_bytes(), DocumentLimits::default()).is_err());
}

#[test]
fn malformed_text_is_told_apart_from_a_bad_task() {
    for (bytes, expected) in [
        (b"".as_slice(), "malformed JSON: expected a value, found the end of the text at line 1, column 1"),
        (b"{\n  \"a\": tru\n}", "malformed JSON: expected a value at line 2, column 8"),
        ("{\"é\": 01}".as_bytes(), "malformed JSON: a number must not begin with a zero at line 1, column 8"),
        (b"{\"a\": \"\xff\"}", "malformed JSON: the text is not UTF-8 at line 1, column 8"),
        (b"{} {}", "malformed JSON: expected the end of the text at line 1, column 4"),
        (br#"{"a": "\ud800"}"#, "malformed JSON: a `\\u` escape is half of a surrogate pair at line 1, column 14"),
    ] {
        let error = TaskSpec::from_json(bytes).unwrap_err();
        assert!(matches!(error, SpecError::Malformed { .. }));
        assert_eq!(error.to_string(), expected);
    }
}
