//! Invariant 7: no input, however hostile, panics the process, returns a 5xx, or leaks a secret, a path or SQL.

use actix_web::http::Method;

use super::app::{TestApp, task};

/// Looks for what must never be in an answer.
#[track_caller]
pub(super) fn harmless(app: &TestApp, what: &str, answer: &super::app::Answer) {
    assert!(answer.status < 500, "{what}: {}", answer.text);
    let folder = app.folder().to_str().unwrap();
    for leak in [folder, "SELECT", "INSERT", "diesel", "sqlite3", "panicked", "crates/"] {
        assert!(!answer.text.contains(leak), "{what} leaks {leak}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_body_breaks_the_server() {
    let app = TestApp::new().await;
    let good = task().to_string();
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "null",
        "[]",
        "{}",
        "\"",
        "{\"",
        "\u{feff}{}",
        "{\"a\":1e999}",
        "[[[[",
        "nul",
        "{\"tasks\":[null,{},[],1e400]}",
        "{\"status\":\"\\ud800\"}",
        "{\"reason\":\"\\u0000\"}",
        "{\"objective\":\"' OR 1=1 --\"}",
        "--",
        "%00",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(vec![0xff, 0xfe, 0x00]);
    bodies.push(vec![b'['; 200_000]);
    bodies.push(format!("{{\"inputs\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000)).into_bytes());
    // Every truncation of a good body, and every byte of it replaced.
    bodies.extend((0..good.len()).map(|end| good.as_bytes()[..end].to_vec()));
    bodies.extend((0..good.len()).map(|at| {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = 0x80;
        bytes
    }));
    let id = app.enqueue(&task()).await;
    for body in &bodies {
        let what = String::from_utf8_lossy(body).chars().take(80).collect::<String>();
        for path in ["/tasks/enqueue", "/tasks/enqueue/batch", "/queue/pause", "/workflows"] {
            harmless(&app, &what, &app.call(Method::POST, path, &[], Some(body)).await);
        }
        let path = format!("/tasks/{id}/status");
        harmless(&app, &what, &app.call(Method::PATCH, &path, &[], Some(body)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_query_or_path_breaks_the_server() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let values = [
        "",
        "%",
        "%0",
        "%zz",
        "%00",
        "%ff",
        "%f0%9f%92%a9",
        "'",
        "%27%20OR%201=1",
        "..%2f..%2fetc%2fpasswd",
        "-1",
        "99999999999999999999",
        "NaN",
        "null",
        "%0d%0aX:1",
        "a%20b",
        "{}",
        "%7B%22a%22:1%7D",
        "&&==&",
        "a=b=c",
    ];
    let names = [
        "status",
        "limit",
        "offset",
        "cursor",
        "created_after",
        "target_repo",
        "hold",
        "fence",
        "result",
        "attempt",
        "active_only",
        "x",
    ];
    for value in values {
        for name in names {
            for path in [
                "/tasks".to_owned(),
                format!("/tasks/{id}/status"),
                format!("/tasks/{id}/trace"),
                format!("/tasks/{id}"),
                "/reviews/pending".to_owned(),
                "/workflows".to_owned(),
            ] {
                let method = if path.ends_with("/status") { Method::PATCH } else { Method::GET };
                let path = format!("{path}?{name}={value}");
                harmless(&app, &path, &app.call(method, &path, &[], None).await);
            }
        }
        for path in [
            "/tasks/X",
            "/tasks/X/events",
            "/tasks/X/trace/X",
            "/docs/X",
            "/docs/errors/X",
            "/keys/X",
            "/X",
            "/runs/X",
            "/runs/X/diff",
            "/runs/X/bundle",
            "/reviews/X",
            "/workflows/X",
            "/workflows/X/versions/X",
            "/workflows/X/runs/X",
        ] {
            let path = path.replace('X', value);
            let Ok(uri) = path.parse::<actix_web::http::Uri>() else { continue };
            harmless(&app, &path, &app.call(Method::GET, &uri.to_string(), &[], None).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_header_breaks_the_server() {
    let app = TestApp::new().await;
    for value in ["é", "\u{1}x", "a\tb", &"x".repeat(9_000)] {
        for name in
            ["x-trace-id", "idempotency-key", "authorization", "last-event-id", "content-type", "host", "origin"]
        {
            if actix_web::http::header::HeaderValue::from_str(value).is_err() {
                continue;
            }
            let body = task().to_string();
            harmless(
                &app,
                name,
                &app.call(Method::POST, "/tasks/enqueue", &[(name, value)], Some(body.as_bytes())).await,
            );
        }
    }
}
