//! Refusals name everything that is wrong, whichever stage finds it: the fields of the request, the payload, the document,
//! and what both say of each other.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{SAMPLE, path, put, run};
use crate::tests::app::{Answer, TestApp, task};

/// The answer is this refusal, of exactly these: code and pointer into the body, each, whatever their order.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, expect: &[(&str, &str)]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let problem = answer.problem(code);
    let text = |violation: &Value, name: &str| violation[name].as_str().unwrap().to_owned();
    let listed = problem["violations"].as_array().unwrap_or_else(|| panic!("{problem:#}"));
    let mut found: Vec<_> = listed.iter().map(|one| (text(one, "code"), text(one, "pointer"))).collect();
    let mut expect: Vec<_> = expect.iter().map(|(code, place)| ((*code).to_owned(), (*place).to_owned())).collect();
    found.sort();
    expect.sort();
    assert_eq!(found, expect, "{problem:#}");
}

/// A job with an inline manifest, options and more fields beside the payload.
async fn submit(app: &TestApp, name: &str, content: &str, options: &Value, beside: &Value) -> Answer {
    let source = json!({"kind": "inline", "content": content});
    let payload = json!({"manifest": {"name": name, "source": source, "options": options}});
    let mut body = json!({"type": "manifest", "payload": payload});
    body.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
    app.post("/api/queue/jobs", &body).await
}

const BROKEN: &str = "version: \"v0\nmetadata: [\n";
const CONTENT: &str = "/payload/manifest/source/content";
const NAME: &str = "/payload/manifest/name";
const NONE: Value = Value::Null;

fn nothing() -> Value {
    json!({})
}

/// The sample with one more field at its end.
fn with_foo() -> String {
    format!("{SAMPLE}foo: 1\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_job_hide_neither_its_payload_nor_its_document() {
    let app = TestApp::new().await;
    let beside = json!({"priority": 5000, "zz": 1});
    let fields = [("VALUE_NOT_ALLOWED", "/priority"), ("UNKNOWN_FIELD", "/zz")];
    let option = ("OPTION_KEY_UNSUPPORTED", "/payload/manifest/options/q");
    let answer = submit(&app, "harbor-notes", BROKEN, &json!({"q": 1}), &beside).await;
    refused(&answer, 400, "MALFORMED_MANIFEST", &[fields[0], fields[1], option, ("YAML_INVALID", CONTENT)]);
    let answer = submit(&app, "harbor-notes", &with_foo(), &json!({"q": 1}), &beside).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[fields[0], fields[1], option, ("UNKNOWN_FIELD", CONTENT)]);
    // Names that differ are a mismatch only if nothing else is wrong, in the fields either.
    let answer = submit(&app, "other", SAMPLE, &nothing(), &beside).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[fields[0], fields[1], ("NAME_MISMATCH", NAME)]);
    let answer = submit(&app, "harbor-notes", SAMPLE, &nothing(), &beside).await;
    refused(&answer, 422, "INVALID_REQUEST", &fields);
    let sourceless = json!({"type": "manifest", "zz": 1, "payload": {"manifest": {"name": "x", "source": {"kind": "path", "path": "a"}}}});
    let kind = ("KIND_UNSUPPORTED", "/payload/manifest/source/kind");
    refused(
        &app.post("/api/queue/jobs", &sourceless).await,
        422,
        "INVALID_MANIFEST",
        &[("UNKNOWN_FIELD", "/zz"), kind],
    );
    let typeless = app.post("/api/queue/jobs", &json!({"type": "build", "payload": {}, "zz": 1})).await;
    refused(&typeless, 422, "INVALID_REQUEST", &[("VALUE_NOT_ALLOWED", "/type"), ("UNKNOWN_FIELD", "/zz")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_job_do_not_hide_the_payload_of_another_type() {
    let app = TestApp::new().await;
    let mut bad = task();
    bad["objective"] = "x".into();
    let job = json!({"type": "task", "payload": bad, "timeBudgetSeconds": 60, "zz": 1});
    let expect =
        [("VALUE_NOT_ALLOWED", "/timeBudgetSeconds"), ("UNKNOWN_FIELD", "/zz"), ("TOO_SHORT", "/payload/objective")];
    refused(&app.post("/api/queue/jobs", &job).await, 422, "INVALID_TASK", &expect);
    let job =
        json!({"type": "codex_exec", "payload": {"repository": 7, "instruction": "long enough"}, "maxAttempts": 0});
    let expect = [("VALUE_NOT_ALLOWED", "/maxAttempts"), ("WRONG_TYPE", "/payload/repository")];
    refused(&app.post("/api/queue/jobs", &job).await, 422, "INVALID_REQUEST", &expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_does_not_hide_its_document() {
    let app = TestApp::new().await;
    let options = json!({"dryRun": "yes"});
    let option = ("OPTION_NOT_BOOLEAN", "/payload/manifest/options/dryRun");
    let answer = submit(&app, "harbor-notes", BROKEN, &options, &nothing()).await;
    refused(&answer, 400, "MALFORMED_MANIFEST", &[option, ("YAML_INVALID", CONTENT)]);
    let answer = submit(&app, "other", &with_foo(), &options, &nothing()).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[option, ("UNKNOWN_FIELD", CONTENT), ("NAME_MISMATCH", NAME)]);
    let answer = submit(&app, "a b", &with_foo(), &nothing(), &nothing()).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[("NAME_INVALID", NAME), ("UNKNOWN_FIELD", CONTENT)]);
    // What no JSON may have is told beside what the contract of manifests says, and once.
    let body = format!(
        r#"{{"type": "manifest", "payload": {{"a": 1e999, "b": "\u0000", "manifest": {{"name": "other", "source": {{"kind": "inline", "content": {}}}}}}}}}"#,
        json!(SAMPLE)
    );
    let answer = app.call(Method::POST, "/api/queue/jobs", &[], Some(body.as_bytes())).await;
    let expect = [
        ("NUMBER_NOT_EXACT", "/payload/a"),
        ("NUL_CHARACTER", "/payload/b"),
        ("UNKNOWN_FIELD", "/payload/a"),
        ("UNKNOWN_FIELD", "/payload/b"),
        ("NAME_MISMATCH", NAME),
    ];
    refused(&answer, 422, "INVALID_MANIFEST", &expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_does_not_hide_that_it_has_another_name() {
    let app = TestApp::new().await;
    let answer = submit(&app, "other", &with_foo(), &nothing(), &nothing()).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[("UNKNOWN_FIELD", CONTENT), ("NAME_MISMATCH", NAME)]);
    let answer = submit(&app, "other", SAMPLE, &nothing(), &nothing()).await;
    refused(&answer, 400, "NAME_MISMATCH", &[("NAME_MISMATCH", NAME)]);

    let answer = put(&app, "other", &with_foo()).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[("UNKNOWN_FIELD", ""), ("NAME_MISMATCH", "")]);
    assert_eq!(answer.problem("INVALID_MANIFEST")["document_name"], NONE, "a refused document is not repeated");
    let body = json!({"content": with_foo(), "zz": 1}).to_string();
    let answer = app.call(Method::PUT, &path("other"), &[], Some(body.as_bytes())).await;
    let expect = [("UNKNOWN_FIELD", "/zz"), ("UNKNOWN_FIELD", "/content"), ("NAME_MISMATCH", "/content")];
    refused(&answer, 422, "INVALID_MANIFEST", &expect);
    let body = json!({"content": SAMPLE, "zz": 1}).to_string();
    let answer = app.call(Method::PUT, &path("other"), &[], Some(body.as_bytes())).await;
    refused(&answer, 422, "INVALID_MANIFEST", &[("UNKNOWN_FIELD", "/zz"), ("NAME_MISMATCH", "/content")]);
    assert_eq!(app.get("/api/manifests").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_run_do_not_hide_what_the_contract_says() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    let body = json!({"action": "x", "priority": 5000, "options": {"q": 1}, "hash": "sha256:0", "zz": 1});
    let expect = [
        ("VALUE_NOT_ALLOWED", "/priority"),
        ("UNKNOWN_FIELD", "/zz"),
        ("ACTION_UNSUPPORTED", "/action"),
        ("OPTION_KEY_UNSUPPORTED", "/options/q"),
        ("HASH_INVALID", "/hash"),
    ];
    refused(&run(&app, "harbor-notes", &body).await, 422, "INVALID_MANIFEST", &expect);
    let body = json!({"action": "x"});
    refused(&run(&app, "harbor-notes", &body).await, 422, "INVALID_MANIFEST", &[("ACTION_UNSUPPORTED", "/action")]);
    let body = json!({"maxAttempts": 0, "zz": 1});
    let expect = [("VALUE_NOT_ALLOWED", "/maxAttempts"), ("UNKNOWN_FIELD", "/zz")];
    refused(&run(&app, "harbor-notes", &body).await, 422, "INVALID_REQUEST", &expect);
    assert_eq!(app.get("/api/queue/jobs").await.json()["items"], json!([]));
}
