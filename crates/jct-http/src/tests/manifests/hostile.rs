//! Input that nobody means well: never a 5xx, never a value in the answer, never a long wait.

use actix_web::http::Method;
use serde_json::json;

use super::support::{SAMPLE, path, put, small, submit};
use crate::HttpOptions;
use crate::tests::app::TestApp;
use jct_tower::TowerOptions;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_manifest_are_refused_by_their_class() {
    let app = TestApp::new().await;
    let bomb =
        "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]\n";
    let deep = format!("a: {}{}\n", "[".repeat(200), "]".repeat(200));
    let long = format!("a: {}\n", "x".repeat(1 << 20));
    let two = format!("{SAMPLE}---\n{SAMPLE}");
    let duplicate = SAMPLE.replace("version: \"v0\"", "version: v0\nversion: v0");
    for (content, status) in [
        (&b""[..], 422),
        (b"\0", 400),
        (b"\xff\xfe", 400),
        (b"- a\n- b\n", 422),
        (b"just text", 422),
        (b"a: !!python/object:os.system [x]", 422),
        (b"a: !!binary Z2hwXw==", 422),
        (b"<<: {a: b}", 422),
        (bomb.as_bytes(), 422),
        (deep.as_bytes(), 422),
        (long.as_bytes(), 422),
        (two.as_bytes(), 422),
        (duplicate.as_bytes(), 422),
    ] {
        let headers = [("content-type", "application/yaml")];
        let answer = app.call(Method::PUT, &path("harbor-notes"), &headers, Some(content)).await;
        let shown = String::from_utf8_lossy(content).chars().take(40).collect::<String>();
        assert!(matches!(answer.status, 400 | 422), "{shown}: {} {}", answer.status, answer.text);
        assert_eq!(answer.status, status, "{shown}: {}", answer.text);
        assert!(answer.text.len() < 200_000, "an answer is no larger than it needs to be");
    }
    assert_eq!(app.get("/api/manifests").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_a_limit_of_their_own() {
    let app =
        TestApp::with(HttpOptions { job_body_limit: 4096, ..HttpOptions::default() }, TowerOptions::default()).await;
    assert_eq!(put(&app, "small", &small("small", "x")).await.status, 201);
    let large = format!("{}# {}\n", small("small", "x"), "x".repeat(4096));
    let refused = put(&app, "small", &large).await;
    assert_eq!(refused.status, 413);
    refused.problem("BODY_TOO_LARGE");
    let job = submit(&app, "small", &json!({"kind": "inline", "content": large}), &json!({})).await;
    assert_eq!(job.status, 413);
    // A body of more than the usual limit of 1 MiB is one that a manifest may need when it is written as JSON.
    let app = TestApp::new().await;
    let escaped = format!("{}# {}\n", small("small", "x"), "\u{1}".repeat(0) + &"\\\"".repeat(300_000));
    let job = submit(&app, "small", &json!({"kind": "inline", "content": escaped}), &json!({})).await;
    assert_eq!(job.status, 201, "{}", job.text.chars().take(300).collect::<String>());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_none_are_refused_and_never_reach_the_database() {
    let app = TestApp::new().await;
    for name in ["a%20b", "a%2Fb", "%00", "-a", ".a", "gr%C3%B6%C3%9Fe", "a'--", &"x".repeat(129)] {
        let problem = put(&app, name, SAMPLE).await.problem("INVALID_REQUEST");
        assert_eq!(
            (&problem["violations"][0]["in"], &problem["violations"][0]["pointer"]),
            (&"path".into(), &"/name".into())
        );
        app.get(&path(name)).await.problem("MANIFEST_NOT_FOUND");
        app.get(&format!("{}/runs", path(name))).await.problem("MANIFEST_NOT_FOUND");
        app.call(Method::DELETE, &path(name), &[], None).await.problem("MANIFEST_NOT_FOUND");
    }
    let longest = "x".repeat(128);
    assert_eq!(put(&app, &longest, &small(&longest, "x")).await.status, 201);
    for name in ["notes.git", "notes.git.git", "0"] {
        let quoted = small(name, "x").replace(&format!("name: {name}"), &format!("name: \"{name}\""));
        assert_eq!(put(&app, name, &quoted).await.status, 201, "{name}");
        assert_eq!(super::support::run(&app, name, &json!({})).await.status, 201, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_that_are_odd_are_refused_where_they_are_odd() {
    let app = TestApp::new().await;
    for (body, code) in [
        (&br#"{"type":"manifest","payload":{"manifest":{"name":"x","name":"y","source":{"kind":"registry"}}}}"#[..], "INVALID_MANIFEST"),
        (br#"{"type":"manifest","payload":{"manifest":{"name":"x\u0000","source":{"kind":"registry"}}}}"#, "INVALID_MANIFEST"),
        (br#"{"type":"manifest","payload":{"manifest":{"name":"x","source":{"kind":"registry"},"options":{"maxDocs":9007199254740993}}}}"#, "INVALID_MANIFEST"),
        (br#"{"type":"manifest","payload":"x"}"#, "INVALID_MANIFEST"),
        (br#"{"type":"manifest"}"#, "INVALID_REQUEST"),
        (br#"{"type":"manifest","payload":{}"#, "MALFORMED_JSON"),
        (b"\xff", "MALFORMED_JSON"),
    ] {
        let answer = app.call(Method::POST, "/api/queue/jobs", &[], Some(body)).await;
        assert!(answer.status < 500, "{}", answer.text);
        answer.problem(code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_needs_its_scope() {
    use jct_tower::access::Scope;
    let app = TestApp::keyed().await;
    let (reader, writer) =
        (app.key("reader", &[Scope::ManifestsRead]).await, app.key("writer", &[Scope::ManifestsWrite]).await);
    let routes = [
        (Method::GET, "/api/manifests", false),
        (Method::GET, "/api/manifests/x", false),
        (Method::GET, "/api/manifests/x/versions", false),
        (Method::GET, "/api/manifests/x/versions/y", false),
        (Method::GET, "/api/manifests/x/runs", false),
        (Method::PUT, "/api/manifests/x", true),
        (Method::DELETE, "/api/manifests/x", true),
        (Method::POST, "/api/manifests/x/runs", true),
    ];
    for (method, path, writes) in routes {
        app.call(method.clone(), path, &[], None).await.problem("UNAUTHORIZED");
        let (wrong, right) = if writes { (&reader, &writer) } else { (&writer, &reader) };
        let bearer = format!("Bearer {wrong}");
        let refused = app.call(method.clone(), path, &[("authorization", &bearer)], None).await.problem("FORBIDDEN");
        assert_eq!(refused["required_scope"], if writes { "manifests:write" } else { "manifests:read" });
        let bearer = format!("Bearer {right}");
        let answer = app.call(method, path, &[("authorization", &bearer)], None).await;
        assert!(!matches!(answer.status, 401 | 403), "{path}: {}", answer.text);
    }
}
