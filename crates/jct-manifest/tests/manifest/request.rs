//! What a client may post, and every reason against it.

use jct_manifest::{Action, JobRequest, Options, Source, SourceKinds, ViolationClass};
use serde_json::{Value, json};

use crate::support::{MINIMAL, random, told};

fn inline() -> Value {
    json!({"manifest": {"name": "notes", "source": {"kind": "inline", "content": MINIMAL}}})
}

/// [`inline`] with the member at `pointer` set, or removed if `value` is `None`.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut body = inline();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(name.to_owned(), value),
        None => parent.remove(name),
    };
    body
}

fn source(source: Value) -> Value {
    with("/manifest/source", Some(source))
}

/// Both doors refuse for exactly these reasons.
#[track_caller]
fn check(body: &Value, expected: &[&str]) {
    let parsed = JobRequest::parse(body.to_string().as_bytes());
    let taken = JobRequest::from_value(body);
    assert_eq!(parsed, taken, "{body}");
    assert_eq!(parsed.map_or_else(|refused| told(&refused), |_| Vec::new()), expected, "{body}");
}

#[test]
fn a_request_is_read() {
    let mut body = inline();
    body["manifest"]["action"] = json!("PLAN");
    body["manifest"]["options"] = json!({"dryRun": true, "forceFull": null, "maxDocs": 25});
    let request = JobRequest::from_value(&body).unwrap();
    assert_eq!((request.name().as_str(), request.action()), ("notes", Action::Plan));
    assert_eq!(request.options(), &Options { dry_run: Some(true), force_full: None, max_docs: Some(25) });
    assert!(matches!(request.source(), Source::Inline { content } if content.bytes() == MINIMAL.as_bytes()));
    for (action, expected) in [(json!(null), Action::Run), (json!(""), Action::Run), (json!("Run"), Action::Run)] {
        let request = JobRequest::from_value(&with("/manifest/action", Some(action))).unwrap();
        assert_eq!(request.action(), expected);
    }
    check(&with("/manifest/options", Some(json!(null))), &[]);
    check(&with("/manifest/options", Some(json!({}))), &[]);
}

#[test]
fn the_frame_is_required() {
    check(&json!([]), &["PAYLOAD_NOT_OBJECT "]);
    check(&json!("x"), &["PAYLOAD_NOT_OBJECT "]);
    check(&json!({}), &["MANIFEST_MISSING /manifest"]);
    check(&json!({"manifest": []}), &["MANIFEST_MISSING /manifest"]);
    check(&json!({"manifest": {}}), &["NAME_BLANK /manifest/name", "SOURCE_NOT_OBJECT /manifest/source"]);
    check(&with("/manifest/name", None), &["NAME_BLANK /manifest/name"]);
    check(&with("/manifest/name", Some(json!(" "))), &["NAME_BLANK /manifest/name"]);
    check(&with("/manifest/name", Some(json!(123))), &["NAME_INVALID /manifest/name"]);
    check(&with("/manifest/name", Some(json!(" notes"))), &["NAME_INVALID /manifest/name"]);
    check(&with("/manifest/action", Some(json!("evaluate"))), &["ACTION_UNSUPPORTED /manifest/action"]);
    check(&with("/manifest/action", Some(json!(true))), &["ACTION_UNSUPPORTED /manifest/action"]);
}

#[test]
fn unknown_fields_are_refused_and_computed_ones_ignored() {
    check(&with("/manifest/priority", Some(json!(1))), &["UNKNOWN_FIELD /manifest/priority"]);
    check(&with("/extra", Some(json!(1))), &["UNKNOWN_FIELD /extra"]);
    check(&with("/manifest/source/url", Some(json!("x"))), &["UNKNOWN_FIELD /manifest/source/url"]);
    for computed in
        ["requiredCapabilities", "manifestHash", "manifestVersion", "effectiveRunConfig", "manifestSecretRefs"]
    {
        check(&with(&format!("/{computed}"), Some(json!(["x"]))), &[]);
    }
}

#[test]
fn sources_are_what_their_kind_says() {
    check(&source(json!("x")), &["SOURCE_NOT_OBJECT /manifest/source"]);
    check(&source(json!({})), &["KIND_MISSING /manifest/source"]);
    check(&source(json!({"kind": " "})), &["KIND_MISSING /manifest/source"]);
    check(&source(json!({"kind": "ftp"})), &["KIND_UNSUPPORTED /manifest/source/kind"]);
    check(&source(json!({"kind": 1})), &["KIND_UNSUPPORTED /manifest/source/kind"]);
    check(&source(json!({"kind": "INLINE", "content": "x"})), &[]);
    check(&source(json!({"kind": "inline"})), &["CONTENT_MISSING /manifest/source/content"]);
    check(&source(json!({"kind": "inline", "content": null})), &["CONTENT_MISSING /manifest/source/content"]);
    check(&source(json!({"kind": "inline", "content": {}})), &["CONTENT_NOT_STRING /manifest/source/content"]);
    check(&source(json!({"kind": "inline", "content": " \n"})), &["CONTENT_BLANK /manifest/source/content"]);
    check(&source(json!({"kind": "registry"})), &[]);
    check(&source(json!({"kind": "registry", "name": "other"})), &[]);
    check(&source(json!({"kind": "registry", "content": MINIMAL})), &["CONTENT_NOT_ALLOWED /manifest/source/content"]);
    check(&source(json!({"kind": "registry", "hash": "sha256:00"})), &["HASH_INVALID /manifest/source/hash"]);
    check(&source(json!({"kind": "registry", "name": 1})), &["NAME_INVALID /manifest/source/name"]);
    check(&source(json!({"kind": "path"})), &["PATH_MISSING /manifest/source/path"]);
    check(&source(json!({"kind": "path", "path": " "})), &["PATH_MISSING /manifest/source/path"]);
    check(&source(json!({"kind": "path", "path": "a/notes.yaml"})), &[]);
    check(
        &source(json!({"kind": "repo"})),
        &["REPO_MISSING /manifest/source/repo", "PATH_MISSING /manifest/source/path"],
    );
    check(&source(json!({"kind": "repo", "repo": "octo/handbook", "path": "m/notes.yaml", "ref": "main"})), &[]);
    check(
        &source(json!({"kind": "repo", "repo": "https://x/y", "path": "/etc/passwd", "ref": "--upload-pack=x"})),
        &[
            "REPO_INVALID /manifest/source/repo",
            "PATH_INVALID /manifest/source/path",
            "REF_INVALID /manifest/source/ref",
        ],
    );
}

#[test]
fn paths_never_leave_their_root() {
    for path in ["../x", "/etc/passwd", "a/../../b", "a\\b", "C:\\x", "a//b", "./a", "a/", "~/../x", "file:///x"] {
        check(&source(json!({"kind": "path", "path": path})), &["PATH_INVALID /manifest/source/path"]);
    }
    check(&source(json!({"kind": "path", "path": "a\u{0}b"})), &["NUL_CHARACTER /manifest/source/path"]);
    check(&source(json!({"kind": "path", "path": ["a"]})), &["PATH_INVALID /manifest/source/path"]);
}

#[test]
fn kinds_are_behind_settings() {
    let path = JobRequest::from_value(&source(json!({"kind": "path", "path": "a.yaml"}))).unwrap();
    let refused = path.permit(SourceKinds::default()).unwrap_err();
    assert_eq!(told(&refused), ["KIND_UNSUPPORTED /manifest/source/kind"]);
    assert!(refused.to_string().contains("`inline`, `registry`"), "{refused}");
    assert_eq!(path.permit(SourceKinds { path: true, repo: false }), Ok(()));
    let repo = JobRequest::from_value(&source(json!({"kind": "repo", "repo": "r", "path": "a.yaml"}))).unwrap();
    assert!(repo.permit(SourceKinds { path: true, repo: false }).is_err());
    assert_eq!(repo.permit(SourceKinds { path: false, repo: true }), Ok(()));
    assert_eq!(JobRequest::from_value(&inline()).unwrap().permit(SourceKinds::default()), Ok(()));
}

#[test]
fn options_are_strict() {
    let options = |options: Value| with("/manifest/options", Some(options));
    check(&options(json!([])), &["OPTIONS_NOT_OBJECT /manifest/options"]);
    check(&options(json!("x")), &["OPTIONS_NOT_OBJECT /manifest/options"]);
    for key in ["dryRun", "forceFull"] {
        for value in [json!("false"), json!(0), json!(1), json!("yes"), json!([]), json!({})] {
            check(&options(json!({key: value})), &[&format!("OPTION_NOT_BOOLEAN /manifest/options/{key}")]);
        }
        check(&options(json!({key: false})), &[]);
    }
    for value in [json!("10"), json!(1.9), json!(true), json!([1]), json!(1.0)] {
        check(&options(json!({"maxDocs": value})), &["MAX_DOCS_NOT_INTEGER /manifest/options/maxDocs"]);
    }
    for value in [json!(0), json!(-1), json!(i64::MIN)] {
        check(&options(json!({"maxDocs": value})), &["MAX_DOCS_BELOW_ONE /manifest/options/maxDocs"]);
    }
    check(&options(json!({"maxDocs": 1})), &[]);
    check(&options(json!({"maxDocs": 1_000_000_001})), &["OUT_OF_RANGE /manifest/options/maxDocs"]);
    check(&options(json!({"dataSources": []})), &["OPTION_KEY_UNSUPPORTED /manifest/options/dataSources"]);
    check(&options(json!({"dry_run": true})), &["OPTION_KEY_UNSUPPORTED /manifest/options/dry_run"]);
}

#[test]
fn what_is_not_json_is_malformed() {
    for bytes in [&b""[..], b"{", b"\xff", b"{}{}", b"{'a': 1}"] {
        let refused = JobRequest::parse(bytes).unwrap_err();
        assert_eq!((refused.class(), told(&refused)), (ViolationClass::Malformed, vec!["JSON_INVALID ".to_owned()]));
    }
}

#[test]
fn repeated_names_are_refused() {
    let body = r#"{"manifest": {"name": "a", "name": "b", "source": {"kind": "registry"}}}"#;
    assert_eq!(told(&JobRequest::parse(body.as_bytes()).unwrap_err()), ["DUPLICATE_KEY /manifest/name"]);
}

#[test]
fn secrets_outside_the_content_are_seen_too() {
    let secret = format!("ghp_{}", random(36));
    for body in [
        with("/manifest/name", Some(json!(secret))),
        source(json!({"kind": "path", "path": format!("a/{secret}")})),
        source(json!({"kind": "repo", "repo": secret, "path": "a"})),
        with(&format!("/manifest/{secret}"), Some(json!(1))),
        with("/manifest/token", Some(json!("hunter2hunter2"))),
    ] {
        let refused = JobRequest::from_value(&body).unwrap_err();
        assert!(refused.iter().any(|violation| violation.code.as_str() == "RAW_SECRET"), "{refused}");
        let told = format!("{refused} {refused:?}");
        assert!(!told.contains(&secret) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn deep_and_odd_json_is_refused_without_harm() {
    let deep = format!("{{\"manifest\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(JobRequest::parse(deep.as_bytes()).is_err());
    check(
        &with("/manifest/options", Some(json!({"maxDocs": u64::MAX}))),
        &["NUMBER_NOT_EXACT /manifest/options/maxDocs"],
    );
}
