//! The one spelling: what it changes, what it keeps, and the frozen bytes and digests.

use jct_contract::{FromCanonicalError, NormalizeError, NormalizedTask, Operation, Sha256Digest};
use serde_json::{Value, json};

use crate::support::{full, minimal, parse, with};

fn normalized(task: &Value) -> NormalizedTask {
    parse(task).unwrap().normalize().unwrap()
}

#[test]
fn only_the_spelling_of_the_repository_changes() {
    let task = normalized(&full());
    let mut expected = full();
    expected["target"]["repo"] = json!("myorg/service");
    assert_eq!(serde_json::to_value(&task).unwrap(), expected);
    assert_eq!((task.operation(), task.repo().as_str()), (Operation::CodeChange, "myorg/service"));
    assert_eq!(task.acceptance_criteria(), ["tests pass"]);
    assert_eq!(task.evidence_requirements(), ["the log of the tests"]);
    assert!(task.constraints().allow_network());
}

#[test]
fn a_normalised_task_serialises_in_the_order_of_the_contract() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&normalized(&full())).unwrap());
}

#[test]
fn the_operation_is_looked_at_before_the_repository() {
    let mut task = with("/operation", json!("build"));
    task["target"]["repo"] = json!("Not A Repo");
    assert_eq!(
        parse(&task).unwrap().normalize(),
        Err(NormalizeError::UnknownOperation { operation: "build".to_owned() })
    );
    task["operation"] = json!("docs");
    assert_eq!(parse(&task).unwrap().normalize(), Err(NormalizeError::InvalidRepo { repo: "Not A Repo".to_owned() }));
}

/// Frozen: a change here means that stored digests no longer match their rows. It needs a new contract version.
#[test]
fn golden_canonical_bytes_and_digests() {
    let small = normalized(&minimal());
    assert_eq!(
        small.canonical_json(),
        concat!(
            r#"{"acceptance_criteria":[],"constraints":{"allow_network":false,"allow_secrets":false,"time_budget_seconds":900},"#,
            r#""evidence_requirements":[],"inputs":{},"metadata":{},"objective":"Describe the repository","operation":"analysis","#,
            r#""requested_by":{"id":"ana","kind":"human","label":null},"target":{"path":"","ref":"main","repo":"myorg/service"},"version":"1.0"}"#
        )
    );
    assert_eq!(small.digest().to_string(), "sha256:c228fe3c9357d2d253c823f9f4f35668014f2e3680f7fdc3d3b009537e1926b0");
    assert_eq!(
        normalized(&full()).canonical_json(),
        concat!(
            r#"{"acceptance_criteria":["tests pass"],"constraints":{"allow_network":true,"allow_secrets":true,"time_budget_seconds":60},"#,
            r#""evidence_requirements":["the log of the tests"],"inputs":{"command":["cargo","test"],"executor":"command","nested":{"list":[1,null,"é"]},"ratio":0.5},"#,
            r#""metadata":{"ticket":"PAY-1"},"objective":"Describe the repository","operation":"code_change","#,
            r#""requested_by":{"id":"jules","kind":"agent","label":"Jules"},"target":{"path":"crates/core","ref":"release/2.x","repo":"myorg/service"},"version":"1.0"}"#
        )
    );
    assert_eq!(
        normalized(&full()).digest().to_string(),
        "sha256:354f42c0eefa05791871f45e74021e42b49fcb1744eba6d2c8cfefaebf493b04"
    );
}

#[test]
fn the_canonical_bytes_are_those_of_an_independent_implementation() {
    for task in [minimal(), full(), with("/inputs", json!({"z": 1.5, "a\u{1f600}": 2e-9, "\u{fb33}": [true]}))] {
        let task = normalized(&task);
        let mut value = serde_json::to_value(&task).unwrap();
        value.as_object_mut().unwrap().remove("idempotency_key");
        assert_eq!(task.canonical_bytes(), serde_json_canonicalizer::to_vec(&value).unwrap());
        assert_eq!(task.digest(), Sha256Digest::of(&task.canonical_bytes()));
    }
}

#[test]
fn the_digest_sees_the_work_and_nothing_else() {
    let digest = |task: &Value| normalized(task).digest();
    let base = digest(&minimal());
    let same = [
        with("/idempotency_key", json!("k")),
        with("/version", json!("1.0")),
        with("/target", json!({"repository": " MyOrg/Service.git/ "})),
        with("/objective", json!("  Describe the repository\n")),
        with("/constraints", json!({"time_budget_seconds": 900})),
        with("/payload", json!({})),
    ];
    for task in same {
        assert_eq!(digest(&task), base, "{task}");
    }
    let different = [
        with("/requested_by/id", json!("bob")),
        with("/requested_by/kind", json!("agent")),
        with("/requested_by/label", json!("Ana")),
        with("/objective", json!("Describe the Repository")),
        with("/operation", json!("docs")),
        with("/target/repo", json!("myorg/other")),
        with("/target/ref", json!("dev")),
        with("/target/path", json!("src")),
        with("/constraints/time_budget_seconds", json!(901)),
        with("/constraints/allow_network", json!(true)),
        with("/constraints/allow_secrets", json!(true)),
        with("/inputs/a", json!(1)),
        with("/metadata/a", json!(1)),
        with("/acceptance_criteria", json!(["x"])),
        with("/evidence_requirements", json!(["x"])),
    ];
    for task in different {
        assert_ne!(digest(&task), base, "{task}");
    }
    // Equal numbers are equal work, however they were written.
    assert_eq!(parse(&with("/inputs/n", json!(1.0))).unwrap(), parse(&with("/inputs/n", json!(1))).unwrap());
}

#[test]
fn a_stored_task_is_rebuilt_only_from_its_exact_bytes() {
    let task = normalized(&full());
    let stored = task.canonical_json();
    assert_eq!(NormalizedTask::from_canonical(stored.as_bytes(), Some("key-1".to_owned())).as_ref(), Ok(&task));
    assert_eq!(NormalizedTask::from_canonical(stored.as_bytes(), None).unwrap().idempotency_key(), None);

    let tampered = |from: &str, to: &str| {
        assert!(stored.contains(from), "{from}");
        NormalizedTask::from_canonical(stored.replacen(from, to, 1).as_bytes(), None).unwrap_err()
    };
    assert_eq!(tampered("{\"acc", "{ \"acc"), FromCanonicalError::NotCanonical);
    assert_eq!(tampered("myorg/service", "MyOrg/service"), FromCanonicalError::NotCanonical);
    assert_eq!(tampered("\"inputs\"", "\"payload\""), FromCanonicalError::NotCanonical);
    assert_eq!(tampered(",\"version\":\"1.0\"", ""), FromCanonicalError::NotCanonical);
    assert_eq!(tampered("{\"acc", "{\"idempotency_key\":\"k\",\"acc"), FromCanonicalError::NotCanonical);
    assert!(matches!(tampered("code_change", "build"), FromCanonicalError::Normalize(_)));
    assert!(matches!(tampered("\"kind\":\"agent\"", "\"kind\":\"robot\""), FromCanonicalError::Spec(_)));
    let no_key = NormalizedTask::from_canonical(stored.as_bytes(), Some(String::new())).unwrap_err();
    assert!(matches!(no_key, FromCanonicalError::Spec(_)));
}
