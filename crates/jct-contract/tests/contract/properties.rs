//! What holds for every input: the door never panics and always answers alike; what it lets through has one spelling.

use jct_contract::{NormalizedTask, SpecError, TaskSpec, limits, schema};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::json::any_value;
use crate::support::{full, minimal, set};

const POINTERS: [&str; 26] = [
    "/version",
    "/idempotency_key",
    "/requested_by",
    "/requested_by/kind",
    "/requested_by/id",
    "/requested_by/label",
    "/objective",
    "/operation",
    "/target",
    "/target/repo",
    "/target/ref",
    "/target/path",
    "/target/repository",
    "/constraints",
    "/constraints/time_budget_seconds",
    "/constraints/allow_network",
    "/constraints/allow_secrets",
    "/inputs",
    "/inputs/executor",
    "/inputs/command",
    "/metadata",
    "/metadata/x",
    "/acceptance_criteria",
    "/type",
    "/payload",
    "/unknown",
];

fn plausible() -> impl Strategy<Value = Value> {
    let texts = [
        "1.0",
        "human",
        "agent",
        "docs",
        "build",
        "myorg/service",
        " MyOrg/Sub/Name.GIT/ ",
        "x.git.git",
        "a/b.git.git",
        "../x",
        "main",
        "refs/heads/x",
        "-x",
        "  padded objective  ",
        "",
        "é",
        "survey",
        "a\0b",
    ];
    prop_oneof![
        8 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        2 => (0_i64..100_000).prop_map(Value::from),
        2 => any::<bool>().prop_map(Value::from),
        2 => prop::sample::select(RAW_NUMBERS.to_vec()).prop_map(Value::from),
        1 => Just(json!(["make", "test"])),
        1 => Just(json!([["make"], ["x"]])),
        4 => any_value(),
    ]
}

/// Numbers that only a text can hold; the marks around them are taken away with their quotes by [`text_of`].
const RAW_NUMBERS: [&str; 9] = [
    "@1000000000000000000000000000000@",
    "@9007199254740993@",
    "@1e400@",
    "@1e30@",
    "@60.0@",
    "@-0@",
    "@0.1e1@",
    "@9223372036854775808@",
    "@5e-324@",
];

pub(crate) fn text_of(task: &Value) -> String {
    RAW_NUMBERS
        .iter()
        .fold(task.to_string(), |text, number| text.replace(&format!("\"{number}\""), number.trim_matches('@')))
}

/// A valid task with up to six fields set to something plausible or not.
pub(crate) fn any_task() -> impl Strategy<Value = Value> {
    let edits = prop::collection::vec((prop::sample::select(&POINTERS[..]), plausible()), 0..6);
    (any::<bool>(), edits).prop_map(|(small, edits)| {
        let mut task = if small { minimal() } else { full() };
        edits.into_iter().for_each(|(pointer, value)| set(&mut task, pointer, value));
        task
    })
}

fn admissible(task: &NormalizedTask) -> bool {
    (limits::MIN_TIME_BUDGET_SECONDS..=limits::MAX_TIME_BUDGET_SECONDS)
        .contains(&task.constraints().time_budget_seconds())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_door_answers_any_bytes_without_panic_and_always_alike(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(TaskSpec::from_json(&bytes), TaskSpec::from_json(&bytes));
    }

    #[test]
    fn the_door_answers_any_json_without_panic_and_always_alike(value in any_value()) {
        let text = value.to_string();
        let answer = TaskSpec::from_json(text.as_bytes());
        prop_assert_eq!(&answer, &TaskSpec::from_json(text.as_bytes()));
        let malformed = matches!(answer, Err(SpecError::Malformed { .. }));
        prop_assert!(!malformed);
    }

    #[test]
    fn a_refusal_always_names_a_reason(task in any_task()) {
        if let Err(error) = TaskSpec::from_json(text_of(&task).as_bytes()) {
            let SpecError::Violations(violations) = error else { panic!("{error}") };
            prop_assert!(!violations.is_empty());
            for violation in violations {
                prop_assert!(violation.pointer.is_empty() || violation.pointer.starts_with('/'));
                prop_assert!(!violation.message.is_empty());
            }
        }
    }

    #[test]
    fn what_the_door_lets_through_passes_it_again_unchanged(task in any_task()) {
        if let Ok(spec) = TaskSpec::from_json(text_of(&task).as_bytes()) {
            let again = serde_json::to_vec(&spec).unwrap();
            prop_assert_eq!(TaskSpec::from_json(&again), Ok(spec));
        }
    }

    #[test]
    fn normalising_twice_changes_nothing(task in any_task()) {
        let Ok(spec) = TaskSpec::from_json(text_of(&task).as_bytes()) else { return Ok(()) };
        let Ok(task) = spec.normalize() else { return Ok(()) };
        let key = task.idempotency_key().map(str::to_owned);
        let again = task.to_spec().normalize().unwrap();
        let stored = NormalizedTask::from_canonical(&task.canonical_bytes(), key).unwrap();
        let sent = TaskSpec::from_json(&serde_json::to_vec(&task).unwrap()).unwrap().normalize().unwrap();
        for copy in [again, stored, sent] {
            prop_assert_eq!(&copy, &task);
        }
    }

    #[test]
    fn what_comes_out_matches_the_schema(task in any_task()) {
        thread_local! {
            static SCHEMA: jsonschema::Validator = jsonschema::validator_for(&schema::task_spec_schema()).unwrap();
        }
        let Ok(spec) = TaskSpec::from_json(text_of(&task).as_bytes()) else { return Ok(()) };
        if let Ok(task) = spec.normalize()
            && admissible(&task)
        {
            let out = serde_json::to_value(&task).unwrap();
            let errors: Vec<_> = SCHEMA.with(|schema| schema.iter_errors(&out).map(|error| error.to_string()).collect());
            prop_assert!(errors.is_empty(), "{errors:?}");
        }
    }
}
