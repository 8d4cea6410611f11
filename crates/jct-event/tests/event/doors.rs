//! The body form and the query form.

use jct_event::{EventError, EventPriority, NewEvent};

fn body(json: &str) -> Result<NewEvent, EventError> {
    NewEvent::from_json(json.as_bytes())
}

/// Every violation as `pointer CODE`.
fn refused(result: Result<NewEvent, EventError>) -> Vec<String> {
    match result {
        Err(EventError::Violations(all)) => all.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect(),
        other => panic!("violations were expected: {other:?}"),
    }
}

#[track_caller]
fn check(json: &str, expect: &[&str]) {
    assert_eq!(refused(body(json)), expect, "{json}");
}

#[test]
fn little_is_required_and_the_rest_has_its_default() {
    let event = body(r#"{"type": "user.action", "source": "portal"}"#).unwrap();
    assert_eq!((event.event_type().as_str(), event.source().as_str()), ("user.action", "portal"));
    assert_eq!((event.priority(), event.key(), event.data().json()), (EventPriority::Medium, None, None));
    assert!(event.tags().is_empty() && event.extensions().is_empty());
    let same = body(r#"{"event_type": "user.action", "type": "user.action", "source": "portal", "tags": {}}"#).unwrap();
    assert_eq!(same.digest(), event.digest());
}

#[test]
fn everything_at_once_reads_back_from_its_document() {
    let event = body(
        r#"{"type": "com.example.built", "source": "ci", "id": "42", "subject": "main",
            "time": "2026-01-31T12:00:00+02:00",
            "data": {"ok": true, "seconds": 1.5}, "data_content_type": "application/json", "data_schema": "urn:x",
            "extensions": {"traceparent": "00-ab", "partition": 7, "dry": false}, "priority": "critical",
            "tags": {"team": "infra", "empty": ""}}"#,
    )
    .unwrap();
    let document = serde_json::to_vec(&event.to_document()).unwrap();
    assert_eq!(NewEvent::from_json(&document).as_ref(), Ok(&event));
    assert_eq!(event.time().unwrap().to_string(), "2026-01-31T10:00:00.000000Z");
    assert_eq!(event.key().unwrap().id, "42");
    let other = body(r#"{"type": "com.example.built", "source": "ci", "id": "42"}"#).unwrap();
    assert_eq!(other.key(), event.key());
    assert_ne!(other.digest(), event.digest());
}

#[test]
fn every_violation_is_reported_at_once() {
    check("[]", &[" WRONG_TYPE"]);
    check("{}", &["/type REQUIRED", "/source REQUIRED"]);
    check(
        r#"{"type": "nope", "source": "two words", "priority": "HIGH", "tags": {"a": 1}, "time": "noon",
            "colour": 1, "id": ""}"#,
        &[
            "/colour UNKNOWN_FIELD",
            "/type VALUE_NOT_ALLOWED",
            "/source VALUE_NOT_ALLOWED",
            "/id TOO_SHORT",
            "/time INVALID_TIME",
            "/priority VALUE_NOT_ALLOWED",
            "/tags/a WRONG_TYPE",
        ],
    );
    check(r#"{"type": "a.b", "event_type": "a.c", "source": "s"}"#, &["/event_type VALUE_NOT_ALLOWED"]);
    check(r#"{"type": "a.b", "type": "a.b", "source": "s"}"#, &["/type DUPLICATE_KEY"]);
    check(r#"{"type": "a.b", "source": "s", "data": 1, "data_base64": "AA=="}"#, &["/data_base64 VALUE_NOT_ALLOWED"]);
    check(r#"{"type": "a.b", "source": "s", "data_base64": "??"}"#, &["/data_base64 VALUE_NOT_ALLOWED"]);
    check(r#"{"type": "a.b", "source": "s", "data": {"n": 9007199254740993}}"#, &["/data/n NUMBER_NOT_EXACT"]);
    check(r#"{"type": "a.b", "source": "s", "tags": {"a": "x", "a": "y"}}"#, &["/tags/a DUPLICATE_KEY"]);
    check(
        r#"{"type": "a.b", "source": "s", "extensions": {"Upper": "x", "time": "x", "deep": {}, "big": 3000000000}}"#,
        &[
            "/extensions/Upper UNKNOWN_FIELD",
            "/extensions/time UNKNOWN_FIELD",
            "/extensions/deep WRONG_TYPE",
            "/extensions/big OUT_OF_RANGE",
        ],
    );
    check(r#"{"type": "a.b", "source": "s", "subject": "a\nb"}"#, &["/subject VALUE_NOT_ALLOWED"]);
}

#[test]
fn data_has_a_size() {
    let of = |letters: usize| format!(r#"{{"type": "a.b", "source": "s", "data": "{}"}}"#, "x".repeat(letters));
    assert!(body(&of(256 * 1024 - 2)).is_ok());
    check(&of(256 * 1024 - 1), &["/data TOO_LARGE"]);
    let deep = format!(r#"{{"type": "a.b", "source": "s", "data": {}1{}}}"#, "[".repeat(65), "]".repeat(65));
    assert!(refused(body(&deep)).iter().all(|one| one.ends_with("TOO_DEEP")));
}

#[test]
fn nobody_speaks_for_the_tower() {
    check(r#"{"type": "task.state_changed", "source": "s"}"#, &["/type VALUE_NOT_ALLOWED"]);
    let stored = NewEvent::from_stored(br#"{"type": "task.state_changed", "source": "s"}"#).unwrap();
    assert!(stored.event_type().is_reserved());
}

#[test]
fn malformed_json_is_told_with_its_place() {
    let error = body("{\"type\": \n nope}").unwrap_err();
    assert!(matches!(error, EventError::Malformed { line: 2, column: 2, .. }), "{error}");
}

fn query(parameters: &[(&str, &str)], json: &str) -> Result<NewEvent, EventError> {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    NewEvent::from_query(&parameters, json.as_bytes())
}

#[test]
fn the_query_form_folds_the_case_of_its_priority() {
    let parameters = [("event_type", "user.request"), ("source", "cli"), ("priority", "HIGH")];
    let event = query(&parameters, r#"{"data": {"a": 1}, "tags": {"k": "v"}}"#).unwrap();
    assert_eq!((event.priority(), event.data().json().unwrap()["a"].as_i64()), (EventPriority::High, Some(1)));
    assert_eq!(event.tags().get("k").map(String::as_str), Some("v"));
}

#[track_caller]
fn check_query(parameters: &[(&str, &str)], json: &str, expect: &[&str]) {
    assert_eq!(refused(query(parameters, json)), expect);
}

#[test]
fn the_query_form_refuses_what_is_no_part_of_it() {
    let good = [("event_type", "user.request"), ("source", "cli")];
    check_query(&good, "{}", &["/data REQUIRED"]);
    check_query(&good, r#"{"cpu": 91}"#, &["/cpu UNKNOWN_FIELD", "/data REQUIRED"]);
    check_query(&[], r#"{"data": {}}"#, &["/event_type REQUIRED", "/source REQUIRED"]);
    check_query(
        &[("event_type", "task.made"), ("source", "a b"), ("priority", "zz"), ("limit", "1"), ("source", "c")],
        r#"{"data": {}}"#,
        &[
            "/limit UNKNOWN_FIELD",
            "/source DUPLICATE_KEY",
            "/event_type VALUE_NOT_ALLOWED",
            "/source VALUE_NOT_ALLOWED",
            "/priority VALUE_NOT_ALLOWED",
        ],
    );
}
