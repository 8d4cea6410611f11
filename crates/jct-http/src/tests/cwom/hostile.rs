//! Invariant 7 for work objects: no input breaks the server, and none gets half way in.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::*;
use crate::tests::app::TestApp;
use crate::tests::hostile::harmless;

/// Bytes that are not the object they should be.
fn bodies(good: &Value) -> Vec<Vec<u8>> {
    let good = good.to_string();
    let texts =
        ["", "null", "[]", "\"", "{\"", "\u{feff}{}", "nul", "7", "{\"meta\":1e999}", "{\"title\":\"\\ud800\"}"];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(vec![0xff, 0xfe, 0x00]);
    bodies.push(vec![b'['; 200_000]);
    bodies.push(format!("{{\"meta\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000)).into_bytes());
    bodies.push(format!("{{\"tags\":[{}\"\"]}}", "\"\",".repeat(100_000)).into_bytes());
    bodies.push(format!("{{\"title\":\"{}\"}}", "x".repeat(900_000)).into_bytes());
    bodies.extend((0..good.len()).step_by(3).map(|end| good.as_bytes()[..end].to_vec()));
    bodies.extend((0..good.len()).step_by(3).map(|at| {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = 0x80;
        bytes
    }));
    bodies
}

/// Whatever stands at the place of each member.
fn replaced(good: &Value) -> Vec<Value> {
    let hostile = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(""),
        json!("\u{0}"),
        json!("' OR 1=1 --"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"kind": "Repo"}),
        json!({"kind": "Nothing", "id": NOBODY}),
        json!({"\u{0}": "\u{0}"}),
        json!("x".repeat(20_000)),
    ];
    let names = good.as_object().unwrap().keys().map(String::as_str).chain(["meta", "tags", "links", "status"]);
    let mut bodies = Vec::new();
    for name in names {
        for value in &hostile {
            let mut body = good.clone();
            body[name] = value.clone();
            bodies.push(body);
        }
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_body_of_an_object_breaks_the_server() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for collection in COLLECTIONS {
        let good = body(collection, &chain);
        let path = format!("/cwom/{collection}");
        for bytes in bodies(&good) {
            let what: String = String::from_utf8_lossy(&bytes).chars().take(80).collect();
            let answer = app.call(Method::POST, &path, &[], Some(&bytes)).await;
            harmless(&app, &what, &answer);
            assert!(matches!(answer.status, 400 | 422), "{collection} {what}: {}", answer.text);
        }
        for body in replaced(&good) {
            harmless(&app, &path, &app.post(&path, &body).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_change_breaks_the_server() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let run = json!({"telemetry": {}, "cost": {}, "outputs": {}, "failure": {"category": "test", "message": "x"}});
    let issue = json!({"title": "x", "assignees": [], "acceptance": {}, "relationships": {}, "type": "doc"});
    for (collection, object, good) in [("issues", &chain.issue, issue), ("runs", &chain.run, run)] {
        let path = format!("/cwom/{collection}/{}", id(object));
        for path in [path.clone(), format!("{path}/status")] {
            for bytes in bodies(&good) {
                harmless(&app, &path, &app.call(Method::PATCH, &path, &[], Some(&bytes)).await);
            }
            for body in replaced(&good) {
                harmless(&app, &path, &app.patch(&path, &body).await);
            }
        }
        for value in ["", "\"", "*, *", "\"1\"\"2\"", "W/", "é", &"\"1\",".repeat(1000)] {
            for name in ["if-match", "if-none-match"] {
                let headers = [(name, value)];
                harmless(&app, value, &app.call(Method::PATCH, &path, &headers, Some(b"{}")).await);
                harmless(&app, value, &app.call(Method::GET, &path, &headers, None).await);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_query_or_path_of_an_object_breaks_the_server() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let values = ["", "%", "%zz", "%00", "%ff", "%27%20OR%201=1", "..%2f..", "-1", "99999999999999999999", "%0d%0aX:1"];
    let names = ["status", "type", "repo_id", "owner_id", "namespace", "limit", "offset", "cursor", "x"];
    for value in values {
        for collection in COLLECTIONS {
            for name in names {
                let path = format!("/cwom/{collection}?{name}={value}");
                harmless(&app, &path, &app.get(&path).await);
            }
            for rest in ["", "/status", "/graph", "/runs", "/artifacts", "/context-packets"] {
                let path = format!("/cwom/{collection}/{value}{rest}");
                let Ok(uri) = path.parse::<actix_web::http::Uri>() else { continue };
                for method in [Method::GET, Method::PATCH, Method::DELETE] {
                    harmless(&app, &path, &app.call(method, &uri.to_string(), &[], None).await);
                }
            }
        }
        let path = format!("/cwom/issues/{}/status?status={value}", id(&chain.issue));
        harmless(&app, &path, &app.call(Method::PATCH, &path, &[], None).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_or_of_another_type_is_not_read() {
    let app = TestApp::new().await;
    let huge = format!("{{\"title\":\"{}\"}}", "x".repeat(1 << 20));
    for collection in COLLECTIONS {
        let path = format!("/cwom/{collection}");
        app.call(Method::POST, &path, &[], Some(huge.as_bytes())).await.problem("BODY_TOO_LARGE");
        let headers = [("content-type", "text/plain")];
        app.call(Method::POST, &path, &headers, Some(b"{}")).await.problem("UNSUPPORTED_MEDIA_TYPE");
    }
}
