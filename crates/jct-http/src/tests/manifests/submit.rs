//! Jobs of every type through `POST /api/queue/jobs`.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{CAPABILITIES, HASH, SAMPLE, Worker, put, small, submit, violations};
use crate::tests::app::{TestApp, task};

#[tokio::test(flavor = "multi_thread")]
async fn an_inline_manifest_is_queued_shown_without_its_text_and_run() {
    let app = TestApp::new().await;
    let answer = submit(
        &app,
        "harbor-notes",
        &json!({"kind": "inline", "content": SAMPLE}),
        &json!({"dryRun": true, "maxDocs": 25}),
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(!answer.text.contains("tiny-embed"));
    let job = answer.json();
    assert_eq!((&job["type"], &job["status"]), (&"manifest".into(), &"queued".into()));
    assert_eq!((&job["payload"]["manifestHash"], &job["requiredCapabilities"]), (&HASH.into(), &json!(CAPABILITIES)));
    assert_eq!(job["payload"]["effectiveRunConfig"], json!({"concurrency": 2, "dryRun": true, "maxDocs": 25}));
    assert_eq!(job["payload"]["manifest"]["source"], json!({"kind": "inline", "contentHash": HASH, "version": "v0"}));
    let worker = Worker::new(&app).await;
    let claimed = worker.claim(&CAPABILITIES).await;
    assert_eq!((&claimed["id"], &claimed["content"]), (&job["id"], &SAMPLE.into()));
    assert_eq!(app.get("/api/manifests").await.json()["items"], json!([]), "the registry is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_read_by_name_and_brings_its_own_content() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    let job = submit(&app, "harbor-notes", &json!({"kind": "registry"}), &json!({})).await;
    assert_eq!((job.status, &job.json()["payload"]["manifestHash"]), (201, &HASH.into()), "{}", job.text);
    let entry = app.get("/api/manifests/harbor-notes").await.json();
    assert_eq!(entry["lastRun"]["jobId"], job.json()["id"]);

    let content = submit(&app, "harbor-notes", &json!({"kind": "registry", "content": SAMPLE}), &json!({})).await;
    let problem = content.problem("INVALID_MANIFEST");
    assert_eq!(violations(&problem), [("CONTENT_NOT_ALLOWED".to_owned(), "/manifest/source/content".to_owned())]);
    assert_eq!(problem["violations"][0]["pointer"], "/payload/manifest/source/content");
    let other = submit(&app, "harbor-notes", &json!({"kind": "registry", "name": "other"}), &json!({})).await;
    assert!(matches!(other.status, 400 | 404), "{}", other.text);
    let missing = submit(&app, "nobody", &json!({"kind": "registry"}), &json!({})).await;
    assert_eq!((missing.status, &missing.problem("MANIFEST_NOT_FOUND")["name"]), (404, &"nobody".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_manifest_job_says_where_and_never_what() {
    let app = TestApp::new().await;
    let inline = |content: &str| json!({"kind": "inline", "content": content});
    let mismatch = submit(&app, "other", &inline(SAMPLE), &json!({})).await;
    assert_eq!(mismatch.status, 400);
    assert_eq!(mismatch.problem("NAME_MISMATCH")["violations"][0]["pointer"], "/payload/manifest/name");
    let secret = format!("sk_live_{}", "9tQ2mZ7xWv4KpB6nRc3HsJ8d");
    let leak = submit(&app, "harbor-notes", &inline(&SAMPLE.replace("./notes", &secret)), &json!({})).await;
    assert!(leak.status == 422 && !leak.text.contains("9tQ2mZ7x"), "{}", leak.text);
    let problem = leak.problem("INVALID_MANIFEST");
    assert_eq!(problem["violations"][0]["pointer"], "/payload/manifest/source/content");
    for (payload, code) in [
        (json!({}), "MANIFEST_MISSING"),
        (json!([]), "PAYLOAD_NOT_OBJECT"),
        (json!({"manifest": {"name": "x", "source": {"kind": "inline", "content": " "}}}), "CONTENT_BLANK"),
        (json!({"manifest": {"name": "x", "source": {"kind": "git", "content": "x"}}}), "KIND_UNSUPPORTED"),
        (json!({"manifest": {"name": "x", "source": {"kind": "path", "path": "a"}}}), "KIND_UNSUPPORTED"),
        (
            json!({"manifest": {"name": "x", "source": {"kind": "repo", "repo": "a/b", "path": "a"}}}),
            "KIND_UNSUPPORTED",
        ),
        (json!({"manifest": {"name": 7, "source": {"kind": "registry"}}}), "NAME_INVALID"),
        (json!({"manifest": {"name": "x", "source": {"kind": "registry"}}, "extra": 1}), "UNKNOWN_FIELD"),
    ] {
        let answer = app.post("/api/queue/jobs", &json!({"type": "manifest", "payload": payload})).await;
        assert_eq!(answer.status, 422, "{payload}: {}", answer.text);
        let found = violations(&answer.problem("INVALID_MANIFEST"));
        assert!(found.iter().any(|(found, _)| found == code), "{payload}: {found:?}");
    }
    assert_eq!(app.get("/api/queue/jobs").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_type_task_is_the_task_itself() {
    let app = TestApp::new().await;
    let answer = app.post("/api/queue/jobs", &json!({"type": "task", "payload": task(), "priority": 3})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let job = answer.json();
    assert_eq!((&job["requiredCapabilities"], &job["priority"]), (&json!(["survey"]), &3.into()));
    let id = job["id"].as_str().unwrap();
    let task_of_it = app.get(&format!("/tasks/{id}")).await.json();
    assert_eq!((&task_of_it["task_id"], &task_of_it["target"]["repo"]), (&job["id"], &"myorg/app".into()));
    assert_eq!(job["payload"]["objective"], task_of_it["objective"]);

    // The same key means the same task, whichever door it came through.
    let mut keyed = task();
    keyed["idempotency_key"] = "k".into();
    let first = app.enqueue(&keyed).await;
    let again = app.post("/api/queue/jobs", &json!({"type": "task", "payload": keyed})).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &first.into()));

    let mut bad = task();
    bad["objective"] = "x".into();
    let problem = app.post("/api/queue/jobs", &json!({"type": "task", "payload": bad})).await.problem("INVALID_TASK");
    assert_eq!(problem["violations"][0]["pointer"], "/payload/objective");
    let mut foreign = task();
    foreign["target"]["repo"] = "evil/app".into();
    app.post("/api/queue/jobs", &json!({"type": "task", "payload": foreign})).await.problem("REPO_NOT_ALLOWED");
    let seconds = json!({"type": "task", "payload": task(), "timeBudgetSeconds": 60});
    let problem = app.post("/api/queue/jobs", &seconds).await.problem("INVALID_REQUEST");
    assert_eq!(problem["violations"][0]["pointer"], "/timeBudgetSeconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn executors_that_stand_for_other_types_are_reserved() {
    let app = TestApp::new().await;
    for name in ["manifest", "codex_exec", "codex_skill"] {
        let mut reserved = task();
        reserved["inputs"] = json!({"executor": name});
        let answer = app.post("/tasks/enqueue", &reserved).await;
        assert_eq!(answer.status, 422);
        let problem = answer.problem("INVALID_TASK");
        let found = &problem["violations"][0];
        assert_eq!((&found["pointer"], &found["code"]), (&"/inputs/executor".into(), &"INVALID_EXECUTOR".into()));
        let as_job = app.post("/api/queue/jobs", &json!({"type": "task", "payload": reserved})).await;
        assert_eq!(as_job.problem("INVALID_TASK")["violations"][0]["pointer"], "/payload/inputs/executor");
        let batch = app.post("/tasks/enqueue/batch", &json!({"tasks": [reserved, task()]})).await.json();
        assert_eq!((&batch[0]["code"], &batch[1]["status"]), (&"INVALID_TASK".into(), &201.into()), "{batch:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_old_clients_become_tasks_and_say_so() {
    let app = TestApp::new().await;
    let payload = json!({"repository": "https://git.example.com/MyOrg/App.git", "instruction": "Say hello in the readme", "requiredCapabilities": ["Docker"]});
    let answer =
        app.post("/api/queue/jobs", &json!({"type": "codex_exec", "payload": payload, "timeBudgetSeconds": 120})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let job = answer.json();
    assert_eq!(job["requiredCapabilities"], json!(["codex", "git", "docker"]));
    let codes: Vec<_> = job["warnings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["LEGACY_JOB_TYPE", "NO_WORKER_OFFERS"]);
    assert_eq!(job["payload"]["repository"], payload["repository"], "what was handed in is handed on");
    let id = job["id"].as_str().unwrap();
    let events = app.get(&format!("/api/queue/jobs/{id}/events")).await.json();
    let warned: Vec<&Value> =
        events["items"].as_array().unwrap().iter().filter(|event| event["level"] == "warn").collect();
    assert_eq!(warned.len(), 2, "{events:#}");
    assert_eq!(warned[0]["payload"]["recommendedType"], "task");
    let task = app.get(&format!("/tasks/{id}")).await.json();
    assert_eq!((&task["target"]["repo"], &task["operation"]), (&"myorg/app".into(), &"code_change".into()));
    assert_eq!(task["constraints"]["time_budget_seconds"], 120);

    let foreign = json!({"repository": "evil/app", "instruction": "long enough"});
    app.post("/api/queue/jobs", &json!({"type": "codex_exec", "payload": foreign})).await.problem("REPO_NOT_ALLOWED");
    let skill = app
        .post("/api/queue/jobs", &json!({"type": "codex_skill", "payload": {"inputs": {"repository": "myorg/app"}}}))
        .await;
    assert_eq!(skill.status, 201, "{}", skill.text);
    let bad = app.post("/api/queue/jobs", &json!({"type": "codex_exec", "payload": {"repository": 7}})).await;
    assert_eq!(bad.problem("INVALID_REQUEST")["violations"][0]["pointer"], "/payload/repository");
    let unknown = app.post("/api/queue/jobs", &json!({"type": "build", "payload": {}})).await;
    assert!(unknown.status == 422 && unknown.text.contains("codex_skill"), "{}", unknown.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_has_it_all_takes_the_warning_away() {
    let app = TestApp::new().await;
    put(&app, "warned", &small("warned", "x")).await;
    let capabilities = ["manifest", "embeddings", "openai", "qdrant", "local_fs"];
    let worker = Worker::new(&app).await;
    worker.claim(&capabilities).await;
    let warnings = super::support::run(&app, "warned", &json!({})).await.json()["warnings"].clone();
    assert_eq!(warnings, json!([]));
    put(&app, "harbor-notes", SAMPLE).await;
    let warnings = super::support::run(&app, "harbor-notes", &json!({})).await.json()["warnings"].clone();
    assert_eq!(warnings[0]["code"], "NO_WORKER_OFFERS");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_of_the_header_is_held_to_the_contract() {
    let app = TestApp::new().await;
    let body = json!({"type": "manifest", "payload": {"manifest": {"name": "harbor-notes", "source": {"kind": "inline", "content": SAMPLE}}}}).to_string();
    let post = async |key: &str| {
        app.call(Method::POST, "/api/queue/jobs", &[("idempotency-key", key)], Some(body.as_bytes())).await
    };
    let first = post("k").await;
    let again = post("k").await;
    assert_eq!((first.status, again.status), (201, 200), "{}", again.text);
    assert_eq!(first.json()["id"], again.json()["id"]);
    let problem = post(&"x".repeat(257)).await.problem("INVALID_REQUEST");
    assert_eq!(problem["violations"][0]["in"], "header");
}
