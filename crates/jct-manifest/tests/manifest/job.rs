//! Request and manifest put together.

use jct_manifest::{Action, Capability, JobRequest, ManifestHash, Options, ViolationClass, Violations};
use serde_json::{Value, json};

use crate::support::{GOLDEN, MINIMAL, plus, told, validate};

fn request(source: &Value, options: &Value) -> JobRequest {
    let body = json!({"manifest": {"name": "notes", "source": source, "options": options}});
    JobRequest::from_value(&body).unwrap()
}

fn registry() -> Value {
    json!({"kind": "registry"})
}

#[track_caller]
fn check_refused(refused: &Violations, expected: &[&str]) {
    assert_eq!(told(refused), expected);
    assert_eq!(refused.class(), ViolationClass::Mismatch);
}

#[test]
fn names_must_be_equal() {
    let refused = request(&registry(), &json!({})).resolve(validate(GOLDEN).unwrap()).unwrap_err();
    check_refused(&refused, &["NAME_MISMATCH /manifest/name"]);
    let capital = MINIMAL.replace("name: notes", "name: Notes");
    let refused = request(&registry(), &json!({})).resolve(validate(&capital).unwrap()).unwrap_err();
    check_refused(&refused, &["NAME_MISMATCH /manifest/name"]);
    let other = json!({"kind": "registry", "name": "other"});
    let refused = request(&other, &json!({})).resolve(validate(MINIMAL).unwrap()).unwrap_err();
    check_refused(&refused, &["NAME_MISMATCH /manifest/source/name"]);
}

#[test]
fn hashes_must_be_equal() {
    let now = validate(MINIMAL).unwrap();
    let pinned = |hash: &ManifestHash| request(&json!({"kind": "registry", "hash": hash}), &json!({}));
    assert!(pinned(now.hash()).resolve(now.clone()).is_ok());
    let refused = pinned(&ManifestHash::of(b"before")).resolve(now.clone()).unwrap_err();
    check_refused(&refused, &["HASH_MISMATCH /manifest/source/hash"]);
    // Another manifest than the one that the request brings.
    let inline = request(&json!({"kind": "inline", "content": plus("# more")}), &json!({}));
    check_refused(&inline.resolve(now).unwrap_err(), &["HASH_MISMATCH /manifest/source/hash"]);
}

#[test]
fn options_win_and_what_they_leave_open_stays() {
    let text = plus("run: {concurrency: 3, dryRun: true, forceFull: true, maxDocs: 7}");
    let config = |options: &Value| {
        let job = request(&registry(), options).resolve(validate(&text).unwrap()).unwrap();
        json!(job.run_config())
    };
    let document = json!({"concurrency": 3, "dryRun": true, "forceFull": true, "maxDocs": 7});
    assert_eq!(config(&json!({})), document);
    assert_eq!(config(&json!({"dryRun": null, "maxDocs": null})), document, "null erases nothing");
    assert_eq!(
        config(&json!({"dryRun": false, "maxDocs": 1})),
        json!({"concurrency": 3, "dryRun": false, "forceFull": true, "maxDocs": 1})
    );
}

#[test]
fn the_operators_capabilities_come_behind_the_base() {
    let extra: Vec<Capability> = ["GPU", "qdrant", "manifest"].iter().map(|text| text.parse().unwrap()).collect();
    let job = request(&registry(), &json!({})).resolve_with(validate(MINIMAL).unwrap(), &extra).unwrap();
    assert_eq!(job.capabilities().to_string(), "manifest, gpu, qdrant, embeddings, ollama, confluence");
}

#[test]
fn the_payload_names_its_source_and_never_holds_it() {
    let hash = ManifestHash::of(MINIMAL.as_bytes());
    for (source, expected) in [
        (json!({"kind": "inline", "content": MINIMAL}), json!({"kind": "inline"})),
        (json!({"kind": "registry"}), json!({"kind": "registry", "name": "notes"})),
        (json!({"kind": "path", "path": "a/b.yaml"}), json!({"kind": "path", "path": "a/b.yaml"})),
        (
            json!({"kind": "repo", "repo": "o/r", "path": "b.yaml", "ref": "v1"}),
            json!({"kind": "repo", "repo": "o/r", "path": "b.yaml", "ref": "v1"}),
        ),
    ] {
        let job = request(&source, &json!({})).resolve(validate(MINIMAL).unwrap()).unwrap();
        let mut expected = expected;
        expected["contentHash"] = json!(hash);
        expected["version"] = json!("v0");
        assert_eq!(job.payload()["manifest"]["source"], expected);
        assert_eq!(job.payload()["manifest"]["options"], json!({}));
        assert!(!job.payload().to_string().contains("tiny"));
    }
}

#[test]
fn the_tower_makes_requests_of_its_own() {
    let options = Options { dry_run: Some(true), ..Options::default() };
    let manifest = validate(MINIMAL).unwrap();
    let hash = manifest.hash().clone();
    let request = JobRequest::of_registry(manifest.name().clone(), Some(hash), Action::Plan, options);
    let job = request.resolve(manifest).unwrap();
    assert_eq!(job.payload()["manifest"]["action"], "plan");
    assert_eq!(job.payload()["effectiveRunConfig"], json!({"dryRun": true}));
}

#[test]
fn a_payload_that_is_sent_back_is_understood() {
    let job = request(&registry(), &json!({"maxDocs": 3})).resolve(validate(MINIMAL).unwrap()).unwrap();
    let mut body = job.payload();
    body["manifest"]["source"] = registry();
    let again = JobRequest::from_value(&body).unwrap().resolve(validate(MINIMAL).unwrap()).unwrap();
    assert_eq!(again.payload().to_string(), job.payload().to_string());
}
