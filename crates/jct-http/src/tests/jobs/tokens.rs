//! Tokens of workers, and what they let a worker ask for.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::Bench;

const TOKENS: &str = "/api/queue/workers/tokens";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_revoked_for_good() {
    let bench = Bench::new().await;
    let limits = json!({
        "workerId": "ingest-1", "description": "the one in the cellar", "allowedRepositories": ["MyOrg/", "a/b"],
        "allowedJobTypes": ["task", "manifest"], "capabilities": ["Manifest", "qdrant"],
    });
    let answer = bench.app.post(TOKENS, &limits).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
    let made = answer.json();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("jctw_") && token.len() == 5 + 64, "{token}");
    let kept = &made["workerToken"];
    assert_eq!((&kept["workerId"], &kept["isActive"]), (&"ingest-1".into(), &true.into()));
    assert_eq!(kept["allowedRepositories"], json!(["a/b", "myorg"]));
    assert_eq!((&kept["capabilities"], &kept["lastUsedAt"]), (&json!(["manifest", "qdrant"]), &Value::Null));

    let ask = || async {
        let headers = [("x-jct-worker-token", token)];
        bench.app.call(Method::POST, "/api/queue/jobs/claim", &headers, Some(b"{}")).await
    };
    assert_eq!(ask().await.status, 200);
    let listed = bench.app.get(TOKENS).await;
    assert!(!listed.text.contains(token));
    assert_ne!(listed.json()["items"][0]["lastUsedAt"], Value::Null);

    let path = format!("{TOKENS}/{}/revoke", kept["id"].as_str().unwrap());
    for _ in 0..2 {
        let revoked = bench.app.call(Method::POST, &path, &[], None).await;
        assert_eq!((revoked.status, &revoked.json()["isActive"]), (200, &false.into()), "{}", revoked.text);
    }
    ask().await.problem("WORKER_TOKEN_INVALID");
    for unknown in ["018f0000-0000-7000-8000-000000000000", "nope"] {
        let path = format!("{TOKENS}/{unknown}/revoke");
        bench.app.call(Method::POST, &path, &[], None).await.problem("WORKER_TOKEN_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_52_a_token_expires_on_time() {
    let bench = Bench::new().await;
    let soon = bench.app.tower.clock().now().after(std::time::Duration::from_secs(3)).to_string();
    let worker = bench.worker_with(json!({"workerId": "w", "expiresAt": soon})).await;
    assert_eq!(worker.ask(&json!({})).await.status, 200);
    bench.wait(3).await;
    worker.ask(&json!({})).await.problem("WORKER_TOKEN_INVALID");
    assert_eq!(bench.app.get(TOKENS).await.json()["items"][0]["isActive"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_makes_no_sense_is_not_made() {
    let bench = Bench::new().await;
    let long = "x".repeat(129);
    for (body, pointer) in [
        (json!({}), "/workerId"),
        (json!({"workerId": ""}), "/workerId"),
        (json!({"workerId": " "}), "/workerId"),
        (json!({"workerId": "\u{3000}"}), "/workerId"),
        (json!({"workerId": " w"}), "/workerId"),
        (json!({"workerId": "\u{202e}"}), "/workerId"),
        (json!({"workerId": "w\u{200b}"}), "/workerId"),
        (json!({"workerId": long}), "/workerId"),
        (json!({"workerId": "a\nb"}), "/workerId"),
        (json!({"workerId": "a\u{0}"}), "/workerId"),
        (json!({"workerId": 7}), "/workerId"),
        (json!({"workerId": "w", "allowedJobTypes": ["build"]}), "/allowedJobTypes/0"),
        (json!({"workerId": "w", "allowedJobTypes": []}), "/allowedJobTypes"),
        (json!({"workerId": "w", "allowedRepositories": ["../x"]}), "/allowedRepositories/0"),
        (json!({"workerId": "w", "allowedRepositories": "myorg"}), "/allowedRepositories"),
        (json!({"workerId": "w", "capabilities": ["a b"]}), "/capabilities/0"),
        (json!({"workerId": "w", "capabilities": vec!["a"; 65]}), "/capabilities"),
        (json!({"workerId": "w", "expiresAt": "2001-01-01T00:00:00Z"}), "/expiresAt"),
        (json!({"workerId": "w", "expiresAt": "tomorrow"}), "/expiresAt"),
        (json!({"workerId": "w", "allowed_job_types": ["task"]}), "/allowed_job_types"),
    ] {
        let answer = bench.app.post(TOKENS, &body).await;
        let problem = answer.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], pointer, "{body}: {problem:#}");
    }
    let problem = bench.app.post(TOKENS, &json!({"workerId": "w", "allowedJobTypes": ["build"]})).await.json();
    assert!(problem["detail"].as_str().unwrap().contains("task, manifest, codex_exec, codex_skill"));
    assert_eq!(bench.app.get(TOKENS).await.json(), json!({"items": [], "nextCursor": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_listed_page_by_page() {
    let bench = Bench::new().await;
    for number in 0..5 {
        bench.worker(&format!("w{number}")).await;
        bench.wait(1).await;
    }
    let mut names = Vec::new();
    let mut path = format!("{TOKENS}?limit=2");
    loop {
        let page = bench.app.get(&path).await.json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|token| token["workerId"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("{TOKENS}?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["w4", "w3", "w2", "w1", "w0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_does_not_allow_is_forbidden_by_name() {
    let bench = Bench::new().await;
    let limits = json!({"workerId": "w", "allowedJobTypes": ["manifest"], "capabilities": ["manifest", "qdrant"]});
    let worker = bench.worker_with(limits).await;
    for (body, pointer) in [
        (json!({"workerId": "somebody"}), "/workerId"),
        (json!({"allowedTypes": ["task", "codex_exec"]}), "/allowedTypes"),
        (json!({"workerCapabilities": ["manifest", "docker"]}), "/workerCapabilities"),
    ] {
        let answer = worker.ask(&body).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.problem("WORKER_FORBIDDEN")["violations"][0]["pointer"], pointer);
    }
    for body in [
        json!({"workerId": "w", "allowedTypes": [" manifest ", "task"], "workerCapabilities": ["QDRANT"]}),
        json!({"workerCapabilities": []}),
    ] {
        assert_eq!(worker.ask(&body).await.json(), json!({"job": null, "jobs": []}));
    }
}
