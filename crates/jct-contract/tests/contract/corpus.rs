//! Replays the corpus of the fuzz target, and what it must hold for each entry, in the ordinary tests.

use std::fs;
use std::path::Path;

use jct_contract::{NormalizedTask, SpecError, TaskSpec};
use serde_json::Value;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/contract_door");

#[test]
fn every_entry_of_the_fuzz_corpus_is_answered() {
    let mut answers = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(Path::new(CORPUS)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        let bytes = fs::read(&entry).unwrap();
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        let answer = match TaskSpec::from_json(&bytes) {
            Err(error) => {
                let malformed = matches!(error, SpecError::Malformed { .. });
                assert!(!malformed || serde_json::from_slice::<Value>(&bytes).is_err(), "{name} is JSON");
                assert_ne!(error, SpecError::Violations(Vec::new()), "{name}");
                error.to_string()
            }
            Ok(spec) => match spec.normalize() {
                Err(error) => format!("passes the door, {error}"),
                Ok(task) => {
                    let key = task.idempotency_key().map(str::to_owned);
                    assert_eq!(NormalizedTask::from_canonical(&task.canonical_bytes(), key), Ok(task), "{name}");
                    "accepted".to_owned()
                }
            },
        };
        answers.push(format!("{name}: {}", answer.chars().take(160).collect::<String>().escape_debug()));
    }
    insta::assert_snapshot!(answers.join("\n"));
}
