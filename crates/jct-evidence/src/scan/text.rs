//! Cleans texts and JSON that are kept or shown: results, messages.

use std::borrow::Cow;

use serde_json::Value;

use super::finding::{SecretFinding, SecretMatch, SecretPlace};
use super::scanner::{MARKER, Scanner};

impl Scanner {
    /// The text with [`MARKER`] for every secret.
    #[must_use]
    pub fn redact_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.redact(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Cleans every text of a value in place, names of members included, and says what was found. `file` is what the
    /// findings call the value; the line is 0, because a value has none.
    pub fn clean_json(&self, place: SecretPlace, file: &str, value: &mut Value) -> Vec<SecretFinding> {
        let mut found = Vec::new();
        clean(self, value, &mut found);
        found.iter().map(|found| SecretFinding { line: 0, ..SecretFinding::new(place, file, found) }).collect()
    }
}

fn clean(scanner: &Scanner, value: &mut Value, found: &mut Vec<SecretMatch>) {
    match value {
        Value::String(text) => clean_text(scanner, text, found),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(scanner, item, found)),
        Value::Object(members) => {
            for (name, value) in std::mem::take(members) {
                let (mut name, mut value) = (name, value);
                clean_text(scanner, &mut name, found);
                clean(scanner, &mut value, found);
                // A secret by its name: `"password": "..."`.
                if let Value::String(text) = &mut value {
                    let named = scanner.scan(format!("\"{name}\": \"{text}\"").as_bytes());
                    if !named.is_empty() {
                        found.extend(named);
                        MARKER.clone_into(text);
                    }
                }
                members.insert(name, value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_text(scanner: &Scanner, text: &mut String, found: &mut Vec<SecretMatch>) {
    let matches = scanner.scan(text.as_bytes());
    if !matches.is_empty() {
        *text = scanner.redact_text(text).into_owned();
        found.extend(matches);
    }
}
