//! What is reported from outside is kept for everybody who may read the task, so that no secret may stand in it.
//!
//! What the tower's own worker reports is cleaned before it is sent. Somebody outside is told instead: only they can tell
//! what their report is worth without it, and that the secret has to be replaced.

use jct_evidence::scan::{Scanner, SecretPlace};
use serde_json::{Map, Value};

/// A field holds what looks like a secret. Neither it nor its place in the field is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{field}` holds what looks like a secret (`{rule}`), and is kept for all to read: replace it, and report without it"
)]
pub struct SecretInReport {
    /// The field, as it is called on the wire.
    pub field: &'static str,
    /// The rule by which it looks like one.
    pub rule: String,
}

/// Refuses a text in which a secret stands.
pub(crate) fn refuse_text(scanner: &Scanner, field: &'static str, text: &str) -> Result<(), SecretInReport> {
    let found = scanner.scan(text.as_bytes());
    found.first().map_or(Ok(()), |found| Err(SecretInReport { field, rule: found.rule.to_owned() }))
}

/// Refuses an object in which a secret stands, by itself or by the name of its member.
pub(crate) fn refuse_members(
    scanner: &Scanner,
    field: &'static str,
    members: &Map<String, Value>,
) -> Result<(), SecretInReport> {
    let mut value = Value::Object(members.clone());
    let found = scanner.clean_json(SecretPlace::Output, field, &mut value);
    found.into_iter().next().map_or(Ok(()), |found| Err(SecretInReport { field, rule: found.rule }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        // Put together here, so that nobody who scans this repository finds it.
        ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat()
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_not_repeated() {
        let scanner = Scanner::new().with_values(["the key of the operator"]);
        let members = |value: Value| value.as_object().cloned().unwrap();
        for found in [
            refuse_text(&scanner, "error", &format!("cannot log in with {}", token())),
            refuse_text(&scanner, "error", "401 for the key of the operator"),
            refuse_members(&scanner, "result", &members(serde_json::json!({"a": [{"b": token()}]}))),
            refuse_members(&scanner, "result", &members(serde_json::json!({token(): 1}))),
        ] {
            let refused = found.unwrap_err();
            assert!(matches!(refused.field, "error" | "result"), "{refused}");
            assert!(!refused.to_string().contains(&token()) && !refused.to_string().contains("operator"), "{refused}");
        }
        assert_eq!(refuse_text(&scanner, "error", "3 tests failed: see <your-token>"), Ok(()));
        assert_eq!(refuse_members(&scanner, "result", &members(serde_json::json!({"tests": 12}))), Ok(()));
    }
}
