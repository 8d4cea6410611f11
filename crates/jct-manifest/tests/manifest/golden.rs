//! What is frozen: hashes, capabilities, run configuration and references of the sample.

use jct_manifest::{JobRequest, ManifestHash, ManifestJob, RawManifest};
use serde_json::json;

use crate::support::{FULL, GOLDEN, validate};

const LF: &str = "sha256:1cbffc7a84d9d15f0f6e6b79f0cc1b9e83cdfecced6e2bcc6fc0897be2c49a2f";
const CRLF: &str = "sha256:a2a68f2c6115e84a82da81e639b6dd9e880cd611e16c2a5789301033341a2466";
const WITHOUT_LAST: &str = "sha256:b63f1b57c24dd78a979bea59c1c786fa61f40dc28ab375cee57a9ca814138931";

fn job(options: &serde_json::Value) -> ManifestJob {
    let request = json!({
        "manifest": {
            "name": "harbor-notes",
            "action": "PLAN",
            "source": {"kind": "inline", "content": GOLDEN},
            "options": options,
        },
        "requiredCapabilities": ["everything"],
    });
    let request = JobRequest::parse(request.to_string().as_bytes()).unwrap();
    request.resolve(validate(GOLDEN).unwrap()).unwrap()
}

#[track_caller]
fn check_hash(text: &str, bytes: usize, hash: &str) {
    assert_eq!(text.len(), bytes);
    let manifest = validate(text).unwrap();
    assert_eq!(manifest.hash().as_str(), hash);
    assert_eq!(manifest.hash().to_string().parse::<ManifestHash>().as_ref(), Ok(manifest.hash()));
}

#[test]
fn the_hash_is_that_of_the_exact_bytes() {
    check_hash(GOLDEN, 512, LF);
    check_hash(&GOLDEN.replace('\n', "\r\n"), 539, CRLF);
    check_hash(GOLDEN.trim_end(), 511, WITHOUT_LAST);
}

#[test]
fn line_ends_change_the_hash_and_nothing_else() {
    let (lf, crlf) = (validate(GOLDEN).unwrap(), validate(&GOLDEN.replace('\n', "\r\n")).unwrap());
    assert_eq!(lf.document(), crlf.document());
    assert_eq!(lf.secret_refs(), crlf.secret_refs());
}

#[test]
fn capabilities_come_in_the_order_in_which_they_are_first_named() {
    let manifest = validate(GOLDEN).unwrap();
    let expected = "manifest, embeddings, ollama, qdrant, confluence, local_fs, gdrive";
    assert_eq!(manifest.capabilities().to_string(), expected);
    let expected = "manifest, embeddings, openai, pgvector, github, gdrive, confluence, local_fs";
    assert_eq!(validate(FULL).unwrap().capabilities().to_string(), expected);
}

#[test]
fn options_win_over_the_document() {
    let job = job(&json!({"dryRun": true, "maxDocs": 25}));
    assert_eq!(json!(job.run_config()).to_string(), r#"{"concurrency":2,"dryRun":true,"maxDocs":25}"#);
}

#[test]
fn the_payload_is_frozen() {
    let expected = json!({
        "manifest": {
            "name": "harbor-notes",
            "action": "plan",
            "source": {"kind": "inline", "contentHash": LF, "version": "v0"},
            "options": {"dryRun": true, "maxDocs": 25},
        },
        "manifestHash": LF,
        "manifestVersion": "v0",
        "requiredCapabilities": ["manifest", "embeddings", "ollama", "qdrant", "confluence", "local_fs", "gdrive"],
        "effectiveRunConfig": {"concurrency": 2, "dryRun": true, "maxDocs": 25},
        "manifestSecretRefs": {
            "environment": [{"name": "QDRANT_HOST"}],
            "profile": [{
                "provider": "confluence",
                "field": "api-token",
                "envKey": "CONFLUENCE_API_TOKEN",
                "normalized": "profile://confluence#api-token",
            }],
            "vault": [{
                "mount": "kv",
                "path": "harbor/drive",
                "field": "sa_json",
                "ref": "vault://kv/harbor/drive#sa_json",
            }],
        },
    });
    // As text, because the order of the members is part of what is frozen.
    assert_eq!(job(&json!({"dryRun": true, "maxDocs": 25})).payload().to_string(), expected.to_string());
}

#[test]
fn debug_of_raw_bytes_shows_no_byte() {
    let raw = RawManifest::new(GOLDEN.as_bytes().to_vec());
    assert_eq!(format!("{raw:?}"), format!("RawManifest {{ hash: {LF}, bytes: 512 }}"));
}
