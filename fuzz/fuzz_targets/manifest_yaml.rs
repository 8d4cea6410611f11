//! The door of manifests, fed with anything.

#![no_main]

use jct_manifest::{JobRequest, RawManifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let answer = RawManifest::new(bytes.to_vec()).validate();
    assert_eq!(answer, RawManifest::new(bytes.to_vec()).validate(), "the door answers alike");
    match answer {
        Err(refused) => {
            assert!(!refused.as_slice().is_empty(), "a refusal names a reason");
            for violation in &refused {
                assert!(violation.pointer.is_empty() || violation.pointer.starts_with('/'), "{violation}");
            }
        }
        Ok(manifest) => {
            assert_eq!(manifest.raw().bytes(), bytes, "the bytes are kept as they are");
            assert_eq!(manifest.capabilities().as_slice()[0].as_str(), "manifest");
            assert!(!manifest.document().data_sources.is_empty(), "there is a source");
        }
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let _ = JobRequest::from_value(&value);
    }
    let _ = JobRequest::parse(bytes);
});
