//! The bytes of every artifact are there, and are what was hashed.

use crate::judge::facts::{ArtifactBytes, ArtifactFact, Facts};
use crate::judge::reading::{Reading, listed};

const RULE: &str = "artifact_bytes";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    let with = |bytes: ArtifactBytes| facts.artifacts.iter().filter(move |artifact| artifact.bytes == bytes);
    let mut readings = Vec::new();
    for (bytes, what) in [
        (ArtifactBytes::Missing, "artifacts that cannot be read"),
        (ArtifactBytes::Altered, "artifacts that were changed after the run"),
    ] {
        let names: Vec<_> = with(bytes).map(|ArtifactFact { title, .. }| title.as_str()).collect();
        if !names.is_empty() {
            readings.push(Reading::fails(RULE, format!("{what}: {}", listed(names))));
        }
    }
    if readings.is_empty() {
        readings.push(Reading::held(RULE));
    }
    readings
}
