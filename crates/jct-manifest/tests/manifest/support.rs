//! What the tables of the other modules share: valid manifests, and how to say what is expected of a changed one.

use jct_manifest::{RawManifest, ValidatedManifest, Violations};

/// The sample whose hash, capabilities and references are frozen: 512 bytes.
pub(crate) const GOLDEN: &str = include_str!("../samples/golden.yaml");
/// A manifest that uses every field.
pub(crate) const FULL: &str = include_str!("../samples/full.yaml");
/// The smallest valid manifest.
pub(crate) const MINIMAL: &str = "\
version: v0
metadata:
  name: notes
embeddings:
  provider: ollama
  model: tiny
vectorStore:
  type: qdrant
dataSources:
  - id: wiki
    type: ConfluenceReader
";

pub(crate) fn validate(text: &str) -> Result<ValidatedManifest, Violations> {
    RawManifest::new(text.as_bytes().to_vec()).validate()
}

/// [`MINIMAL`] with more lines at its end.
pub(crate) fn plus(lines: &str) -> String {
    format!("{MINIMAL}{lines}\n")
}

/// [`MINIMAL`] with one text in place of another, which must be there.
#[track_caller]
pub(crate) fn with(old: &str, new: &str) -> String {
    assert!(MINIMAL.contains(old), "{old:?}");
    MINIMAL.replacen(old, new, 1)
}

/// [`MINIMAL`] with one more line below `vectorStore.connection`, the one place that is free in form.
pub(crate) fn connection(line: &str) -> String {
    with("type: qdrant\n", &format!("type: qdrant\n  connection:\n    {line}\n"))
}

/// Every violation as `CODE pointer`.
pub(crate) fn told(violations: &Violations) -> Vec<String> {
    violations.iter().map(|violation| format!("{} {}", violation.code, violation.pointer)).collect()
}

/// The manifest is refused for exactly these reasons, each as `CODE pointer`, whatever their order.
#[track_caller]
pub(crate) fn check(text: &str, expected: &[&str]) {
    let mut found = validate(text).map_or_else(|violations| told(&violations), |_| Vec::new());
    let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{text}");
}

/// Random letters and digits, always the same, of which no three follow each other.
pub(crate) fn random(length: usize) -> String {
    let letters = "k7Qz2mVx9RtB4nLp8WdC3sJf6HgY1aEu5oXw0KyTq8ZbN2vMh4Pr";
    letters.chars().cycle().take(length).collect()
}
