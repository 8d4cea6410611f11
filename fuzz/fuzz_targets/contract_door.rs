//! The one door of the contract, fed with anything.

#![no_main]

use jct_contract::{NormalizedTask, SpecError, TaskSpec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let answer = TaskSpec::from_json(bytes);
    assert_eq!(answer, TaskSpec::from_json(bytes), "the door answers alike");
    match answer {
        Err(SpecError::Malformed { .. }) => {
            assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_err(), "JSON is never called malformed");
        }
        Err(SpecError::Violations(violations)) => {
            assert!(!violations.is_empty(), "a refusal names a reason");
        }
        Ok(spec) => {
            let sent = serde_json::to_vec(&spec).expect("a task serialises");
            assert_eq!(TaskSpec::from_json(&sent).as_ref(), Ok(&spec), "the door lets its own output through");
            if let Ok(task) = spec.normalize() {
                assert_eq!(task.to_spec().normalize().as_ref(), Ok(&task), "normalising twice changes nothing");
                let key = task.idempotency_key().map(str::to_owned);
                assert_eq!(NormalizedTask::from_canonical(&task.canonical_bytes(), key), Ok(task), "canonical bytes read back");
            }
        }
    }
});
