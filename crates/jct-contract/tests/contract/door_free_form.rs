//! The free-form objects: size, depth, numbers, and the two inputs that the tower itself reads.

use jct_contract::{TaskSpec, limits};
use serde_json::{Value, json};

use crate::support::{check, check_text, minimal, parse, set, with};

/// An object that nests `levels` levels deep, itself counted.
fn nested(levels: usize, array: bool) -> Value {
    (1..levels).fold(
        json!({"leaf": 1}),
        |inner, level| if array && level + 1 < levels { json!([inner]) } else { json!({"x": inner}) },
    )
}

#[test]
fn depth_is_bounded() {
    for array in [false, true] {
        assert!(parse(&with("/inputs", nested(limits::FREE_FORM_MAX_DEPTH, array))).is_ok());
        let error = parse(&with("/metadata", nested(limits::FREE_FORM_MAX_DEPTH + 1, array))).unwrap_err().to_string();
        assert!(error.contains("nested deeper than 64 levels"), "{error}");
    }
    // As deep as a body of a megabyte can nest: refused like any other, without exhausting the stack.
    let task = minimal().to_string();
    let deep = format!("\"inputs\":{{\"x\":{}{}}},\"operation\":", "[".repeat(500_000), "]".repeat(500_000));
    let error = TaskSpec::from_json(task.replacen("\"operation\":", &deep, 1).as_bytes()).unwrap_err().to_string();
    assert!(error.contains("nested deeper than 64 levels"), "{error}");
}

#[test]
fn size_is_counted_for_both_together_in_canonical_bytes() {
    // {"x":"..."} is eight bytes around the text, and so is the other one.
    let task = |inputs: usize, metadata: usize| {
        let mut task = with("/inputs", json!({"x": "i".repeat(inputs - 8)}));
        set(&mut task, "/metadata", json!({"x": "m".repeat(metadata - 8)}));
        task
    };
    check(&task(200_000, limits::FREE_FORM_MAX_BYTES - 200_000), &[]);
    check(&task(200_000, limits::FREE_FORM_MAX_BYTES - 199_999), &[("/inputs", "TOO_LARGE")]);
    check(&task(100_000, limits::FREE_FORM_MAX_BYTES - 99_999), &[("/metadata", "TOO_LARGE")]);
    check(&with("/payload", json!({"x": "i".repeat(300_000)})), &[("/payload", "TOO_LARGE")]);
    // White space between tokens does not count.
    let spaced = minimal().to_string().replacen(
        "\"operation\":",
        &format!("\"inputs\":{{{}}},\"operation\":", " ".repeat(300_000)),
        1,
    );
    check_text(&spaced, &[]);
}

#[test]
fn numbers_that_a_double_would_change_are_refused() {
    for number in ["9007199254740993", "1e400", "0.12345678901234567890", "18446744073709551615"] {
        let task = minimal().to_string().replacen(
            "\"operation\":",
            &format!("\"inputs\":{{\"n\":[{number}]}},\"operation\":"),
            1,
        );
        check_text(&task, &[("/inputs/n/0", "NUMBER_NOT_EXACT")]);
    }
    for (number, value) in
        [("1.0", json!(1)), ("1e3", json!(1000)), ("-0", json!(0)), ("0.1", json!(0.1)), ("1e300", json!(1e300))]
    {
        let task = minimal().to_string().replacen(
            "\"operation\":",
            &format!("\"inputs\":{{\"n\":{number}}},\"operation\":"),
            1,
        );
        assert_eq!(TaskSpec::from_json(task.as_bytes()).unwrap().inputs()["n"], value, "{number}");
    }
}

#[test]
fn nul_is_refused_in_every_string_and_name() {
    for (pointer, expected) in [
        ("/idempotency_key", "/idempotency_key"),
        ("/requested_by/id", "/requested_by/id"),
        ("/requested_by/label", "/requested_by/label"),
        ("/objective", "/objective"),
        ("/operation", "/operation"),
        ("/target/repo", "/target/repo"),
        ("/inputs/a", "/inputs/a"),
        ("/metadata/a", "/metadata/a"),
        ("/inputs/a/0", "/inputs/a/0"),
    ] {
        let task = if pointer.ends_with("/0") {
            with("/inputs/a", json!(["nul \0 here"]))
        } else {
            with(pointer, json!("nul \0 here"))
        };
        check(&task, &[(expected, "NUL_CHARACTER")]);
    }
    check(&with("/inputs/a\0b", json!(1)), &[("/inputs/a\0b", "NUL_CHARACTER")]);
    check(&with("/inputs/x", json!({"a\0b": 1})), &[("/inputs/x/a\0b", "NUL_CHARACTER")]);
}

#[test]
fn the_executor_is_named_by_the_task_or_by_its_operation() {
    for (operation, inputs, expected) in [
        ("analysis", json!({}), "survey"),
        ("code_change", json!({}), "agent"),
        ("docs", json!({}), "agent"),
        ("ops", json!({}), "agent"),
        ("ops", json!({"command": ["make"]}), "command"),
        ("analysis", json!({"command": [["make"], ["make", "test"]]}), "command"),
        ("analysis", json!({"command": null, "executor": null}), "survey"),
        ("docs", json!({"executor": "my-own_2", "command": ["make"]}), "my-own_2"),
    ] {
        let mut task = with("/operation", json!(operation));
        set(&mut task, "/inputs", inputs);
        assert_eq!(parse(&task).unwrap().normalize().unwrap().executor().as_str(), expected, "{task}");
    }
    for bad in [json!(""), json!("Survey"), json!("a b"), json!("é"), json!("x".repeat(65)), json!(7), json!({})] {
        check(&with("/inputs/executor", bad.clone()), &[("/inputs/executor", "INVALID_EXECUTOR")]);
        check(&with("/payload/executor", bad), &[("/payload/executor", "INVALID_EXECUTOR")]);
    }
}

#[test]
fn a_command_is_words_or_a_list_of_such() {
    let commands = |command: Value| parse(&with("/inputs/command", command)).unwrap().normalize().unwrap().commands();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(commands(json!(null)), None);
    assert_eq!(commands(json!(["make"])), Some(vec![words(&["make"])]));
    assert_eq!(commands(json!(["make", "", "-j"])), Some(vec![words(&["make", "", "-j"])]));
    assert_eq!(commands(json!([["make"], ["make", "test"]])), Some(vec![words(&["make"]), words(&["make", "test"])]));
    for bad in [
        json!("make test"),
        json!([]),
        json!([[]]),
        json!([""]),
        json!(["", "x"]),
        json!([["make"], []]),
        json!([[""]]),
        json!(["make", 1]),
        json!(["make", ["test"]]),
        json!([["make"], "test"]),
        json!([[["make"]]]),
        json!({}),
        json!(7),
        json!(true),
        json!([null]),
    ] {
        check(&with("/inputs/command", bad), &[("/inputs/command", "INVALID_COMMAND")]);
    }
    check(&with("/inputs/command", json!(["make", "a\0b"])), &[("/inputs/command/1", "NUL_CHARACTER")]);
}
