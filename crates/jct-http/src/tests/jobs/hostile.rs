//! Invariant 7 for jobs: no input, however hostile, panics the process, returns a 5xx, or leaks anything.

use serde_json::json;

use super::support::{Bench, upload_path};
use crate::tests::app::Answer;
use crate::tests::hostile::harmless;

/// Bodies that no route should believe.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "null",
        "[]",
        "{}",
        "\"",
        "{\"leaseId\":null,\"fence\":{}}",
        "{\"leaseId\":[],\"fence\":1e999}",
        "{\"type\":\"manifest\",\"payload\":null}",
        "{\"type\":\"task\",\"payload\":{}}",
        "{\"type\":\"build\",\"payload\":{}}",
        "{\"type\":\"codex_exec\",\"payload\":{\"repository\":\"https://user:secret@host/x\"}}",
        "{\"type\":\"task\",\"payload\":{},\"priority\":99999999999999999999}",
        "{\"type\":\"task\",\"payload\":{},\"maxAttempts\":0,\"affinityKey\":\"\\u0000\"}",
        "{\"workerId\":\"\\ud800\"}",
        "{\"workerId\":\"' OR 1=1 --\",\"allowedTypes\":{\"a\":1}}",
        "{\"waitSeconds\":-1,\"limit\":1e2,\"leaseSeconds\":1000000000000}",
        "{\"workerCapabilities\":[\"\\u0000\",\"../..\",\"\u{fc}\"]}",
        "{\"message\":\"x\",\"payload\":{\"a\":9007199254740993}}",
        "{\"a\":1,\"a\":2}",
        "%00",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(vec![0xff, 0xfe, 0x00]);
    bodies.push(vec![b'['; 100_000]);
    bodies.push(format!("{{\"payload\":{}1{}}}", "{\"a\":".repeat(20_000), "}".repeat(20_000)).into_bytes());
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_body_breaks_the_routes_of_jobs() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let of_job = ["heartbeat", "progress", "events", "complete", "fail", "cancel/ack", "artifacts/upload"];
    for body in bodies() {
        let what = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        for rest in of_job {
            let path = format!("/api/queue/jobs/{id}/{rest}");
            harmless(&bench.app, &what, &worker.send(&path, "application/json", &body).await);
        }
        let answer = worker.send("/api/queue/jobs/claim", "application/json", &body).await;
        harmless(&bench.app, &what, &answer);
        for path in ["/api/queue/jobs", "/api/queue/workers/tokens", "/api/queue/jobs/x/cancel"] {
            let answer = bench.app.call(actix_web::http::Method::POST, path, &[], Some(&body)).await;
            harmless(&bench.app, &what, &answer);
            assert!(!answer.text.contains("user:secret"), "{}", answer.text);
        }
    }
    assert_eq!(worker.call(&job, "complete", json!({})).await.status, 200, "the job is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_query_or_path_breaks_the_routes_of_jobs() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    for value in
        ["", "%", "%00", "%ff", "'", "..%2f..%2fetc%2fpasswd", "-1", "99999999999999999999", "%0d%0aX:1", "&&==&"]
    {
        for path in [
            format!("/api/queue/jobs?status={value}&type={value}&limit={value}&cursor={value}"),
            format!("/api/queue/jobs/{value}"),
            format!("/api/queue/jobs/{id}?expand={value}"),
            format!("/api/queue/jobs/{id}/events?after={value}&before={value}&sort={value}&cursor={value}"),
            format!("/api/queue/jobs/{id}/events/stream?last_event_id={value}x"),
            format!("/api/queue/jobs/{id}/artifacts?cursor={value}"),
            format!("/api/queue/jobs/{id}/artifacts/{value}/download"),
            format!("/api/queue/workers/tokens?cursor={value}&offset={value}"),
        ] {
            let answer = bench.app.get(&path).await;
            harmless(&bench.app, &path, &answer);
            if value == "%ff" && path.contains('?') {
                no_text(&answer);
            }
        }
        let path = upload_path(&job, &format!("name={value}&digest={value}&contentType={value}"));
        let answer = worker.send(&path, "text/plain", b"content").await;
        harmless(&bench.app, &path, &answer);
        if value == "%ff" {
            no_text(&answer);
        }
    }
}

/// Bytes that are no text are refused, and no other text is taken in their place.
#[track_caller]
fn no_text(answer: &Answer) {
    let problem = answer.problem("INVALID_REQUEST");
    assert!(answer.status == 422 && problem["violations"][0]["code"] == "ENCODING_INVALID", "{problem:#}");
}
