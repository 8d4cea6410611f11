//! Runs of manifests of the registry, from the request to the end.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{CAPABILITIES, HASH, SAMPLE, Worker, path, put, run, small};
use crate::tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_needs_no_body_and_says_what_it_needs() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    let answer = app.call(Method::POST, "/api/manifests/harbor-notes/runs", &[], None).await;
    let body = answer.json();
    let id = body["jobId"].as_str().unwrap();
    assert_eq!((answer.status, answer.header("location")), (201, Some(format!("/api/queue/jobs/{id}").as_str())));
    assert_eq!(body["queue"], json!({"type": "manifest", "requiredCapabilities": CAPABILITIES, "manifestHash": HASH}));
    let expect = json!({
        "manifest": {
            "name": "harbor-notes", "action": "run", "options": {},
            "source": {"kind": "registry", "name": "harbor-notes", "contentHash": HASH, "version": "v0"},
        },
        "manifestHash": HASH, "manifestVersion": "v0", "requiredCapabilities": CAPABILITIES,
        "effectiveRunConfig": {"concurrency": 2, "dryRun": false},
        "manifestSecretRefs": body["job"]["payload"]["manifestSecretRefs"],
    });
    assert_eq!(body["job"]["payload"], expect);
    let refs = &body["job"]["payload"]["manifestSecretRefs"];
    assert_eq!(
        (&refs["profile"][0]["envKey"], &refs["vault"][0]["mount"]),
        (&"CONFLUENCE_API_TOKEN".into(), &"kv".into())
    );
    assert_eq!(body["warnings"][0]["code"], "NO_WORKER_OFFERS");
    assert!(!answer.text.contains("tiny-embed"), "no part of the manifest is shown");
    let shown = app.get(&format!("/api/queue/jobs/{id}")).await;
    assert!(!shown.text.contains("tiny-embed") && !app.get(&format!("/tasks/{id}")).await.text.contains("tiny-embed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_lie_over_the_document_and_null_means_not_said() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", &SAMPLE.replace("  dryRun: false", "  dryRun: false\n  maxDocs: 9")).await;
    for (options, expect) in [
        (json!({"dryRun": true, "maxDocs": 25}), json!({"concurrency": 2, "dryRun": true, "maxDocs": 25})),
        (json!({"maxDocs": null}), json!({"concurrency": 2, "dryRun": false, "maxDocs": 9})),
        (json!({"forceFull": true}), json!({"concurrency": 2, "dryRun": false, "forceFull": true, "maxDocs": 9})),
        (json!(null), json!({"concurrency": 2, "dryRun": false, "maxDocs": 9})),
    ] {
        let answer = run(&app, "harbor-notes", &json!({"action": "PLAN", "options": options})).await;
        let payload = &answer.json()["job"]["payload"];
        assert_eq!(payload["effectiveRunConfig"], expect, "{options}");
        assert_eq!(payload["manifest"]["action"], "plan");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_may_not_say_is_refused_by_name() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    for (body, code, pointer) in [
        (json!({"options": {"dataSources": []}}), "OPTION_KEY_UNSUPPORTED", "/options/dataSources"),
        (json!({"options": {"dryRun": "false"}}), "OPTION_NOT_BOOLEAN", "/options/dryRun"),
        (json!({"options": {"forceFull": 1}}), "OPTION_NOT_BOOLEAN", "/options/forceFull"),
        (json!({"options": {"maxDocs": 1.9}}), "MAX_DOCS_NOT_INTEGER", "/options/maxDocs"),
        (json!({"options": {"maxDocs": true}}), "MAX_DOCS_NOT_INTEGER", "/options/maxDocs"),
        (json!({"options": {"maxDocs": "10"}}), "MAX_DOCS_NOT_INTEGER", "/options/maxDocs"),
        (json!({"options": {"maxDocs": 0}}), "MAX_DOCS_BELOW_ONE", "/options/maxDocs"),
        (json!({"options": []}), "OPTIONS_NOT_OBJECT", "/options"),
        (json!({"action": "evaluate"}), "ACTION_UNSUPPORTED", "/action"),
        (json!({"hash": "latest"}), "HASH_INVALID", "/hash"),
    ] {
        let answer = run(&app, "harbor-notes", &body).await;
        assert_eq!(answer.status, 422, "{body}");
        let problem = answer.problem("INVALID_MANIFEST");
        let found = &problem["violations"][0];
        assert_eq!((found["code"].as_str(), found["pointer"].as_str()), (Some(code), Some(pointer)), "{body}");
    }
    for (body, pointer) in [
        (json!({"title": "x"}), "/title"),
        (json!({"priority": 1001}), "/priority"),
        (json!({"priority": "5"}), "/priority"),
        (json!({"maxAttempts": 0}), "/maxAttempts"),
        (json!({"maxAttempts": 101}), "/maxAttempts"),
        (json!({"affinityKey": "a\nb"}), "/affinityKey"),
        (json!({"timeBudgetSeconds": -1}), "/timeBudgetSeconds"),
        (json!([]), ""),
    ] {
        let problem = run(&app, "harbor-notes", &body).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], pointer, "{body}");
    }
    run(&app, "harbor-notes", &json!({"timeBudgetSeconds": 5})).await.problem("TIME_BUDGET_TOO_LOW");
    run(&app, "harbor-notes", &json!({"timeBudgetSeconds": 9_007_199_254_740_991_u64}))
        .await
        .problem("TIME_BUDGET_TOO_HIGH");
    run(&app, "nobody", &json!({})).await.problem("MANIFEST_NOT_FOUND");
    assert_eq!(app.get("/api/queue/jobs").await.json()["items"], json!([]), "nothing was queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_the_bytes_it_was_hashed_from_and_its_story_follows_it() {
    let app = TestApp::new().await;
    let first = put(&app, "harbor-notes", SAMPLE).await.json();
    let job = run(&app, "harbor-notes", &json!({})).await.json()["jobId"].clone();
    let last_run = async || app.get(&path("harbor-notes")).await.json()["lastRun"].clone();
    let queued = last_run().await;
    assert_eq!((&queued["jobId"], &queued["status"], &queued["startedAt"]), (&job, &"queued".into(), &json!(null)));

    let next = put(&app, "harbor-notes", &SAMPLE.replace("tiny-embed", "large-embed")).await.json();
    let worker = Worker::new(&app).await;
    assert_eq!(worker.claim(&CAPABILITIES[..6]).await, json!(null), "one capability is missing");
    let claimed = worker.claim(&CAPABILITIES).await;
    assert_eq!((&claimed["id"], &claimed["content"]), (&job, &SAMPLE.into()), "the holder of the lease gets the bytes");
    assert_eq!(claimed["payload"]["manifestHash"], HASH);
    let running = last_run().await;
    assert_eq!((&running["status"], &running["finishedAt"]), (&"running".into(), &json!(null)));
    assert!(running["startedAt"].is_string());

    let state = json!({"sources": {"disk": {"documents": {"a": "b"}}}});
    let done =
        worker.report(&claimed, "complete", json!({"resultSummary": "7 documents", "manifestState": state})).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let entry = app.get(&path("harbor-notes")).await.json();
    assert_eq!((&entry["lastRun"]["status"], &entry["state"]["stateJson"]), (&"succeeded".into(), &state));
    assert!(entry["lastRun"]["finishedAt"].is_string() && entry["state"]["stateUpdatedAt"].is_string());
    assert_eq!(
        (&entry["updatedAt"], &entry["version"]),
        (&next["updatedAt"], &2.into()),
        "a run does not touch the text"
    );
    let listed = app.get("/api/manifests").await.json()["items"][0].clone();
    assert_eq!((&listed["lastRunJobId"], &listed["lastRunStatus"]), (&job, &"succeeded".into()));
    assert_eq!(listed["lastRunFinishedAt"], entry["lastRun"]["finishedAt"]);

    // An older version by its hash, and the state of the last run for it.
    let old = run(&app, "harbor-notes", &json!({"hash": first["contentHash"]})).await.json();
    assert_eq!(old["queue"]["manifestHash"], HASH);
    let claimed = worker.claim(&CAPABILITIES).await;
    assert_eq!((&claimed["content"], &claimed["manifestState"]), (&SAMPLE.into(), &state));
    let failed = worker.report(&claimed, "fail", json!({"errorMessage": "no store"})).await;
    assert_eq!(failed.status, 200, "{}", failed.text);
    assert_eq!(last_run().await["status"], "failed");
    let hash = format!("sha256:{}", "0".repeat(64));
    let missing = run(&app, "harbor-notes", &json!({"hash": hash})).await;
    assert_eq!(missing.problem("MANIFEST_NOT_FOUND")["hash"], hash);

    let runs = app.get("/api/manifests/harbor-notes/runs").await;
    assert!(!runs.text.contains("tiny-embed"));
    let runs = runs.json();
    let found: Vec<_> = runs["items"].as_array().unwrap().iter().map(|item| item["status"].as_str().unwrap()).collect();
    assert_eq!((found, &runs["items"][1]["id"]), (vec!["failed", "succeeded"], &job));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_handed_in_once_per_idempotency_key() {
    let app = TestApp::new().await;
    let name = "once";
    put(&app, name, &small(name, "x")).await;
    let post = async |body: Value| {
        let headers = [("idempotency-key", "k")];
        app.call(Method::POST, &format!("{}/runs", path(name)), &headers, Some(body.to_string().as_bytes())).await
    };
    let first = post(json!({"action": "run"})).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    let again = post(json!({"priority": 7})).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.json()["jobId"], first.json()["jobId"]);
    let other = post(json!({"action": "plan"})).await;
    assert_eq!(other.status, 409);
    assert_eq!(other.problem("IDEMPOTENCY_KEY_REUSED")["task_id"], first.json()["jobId"]);
    assert_eq!(app.get(&format!("{}/runs", path(name))).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admission_names_the_policy_that_knows_manifests_and_tasks_stay_out_of_there() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    let body = run(&app, "harbor-notes", &json!({"priority": 7, "affinityKey": "a", "maxAttempts": 5})).await.json();
    let job = &body["job"];
    assert_eq!((&job["priority"], &job["affinityKey"], &job["maxAttempts"]), (&7.into(), &"a".into(), &5.into()));
    let id = body["jobId"].as_str().unwrap();
    let admission = app.store.task_admission(id.parse().unwrap()).await.unwrap().unwrap();
    assert_ne!(admission.policy_digest, app.tower.policy().digest());
    let task = app.get(&format!("/tasks/{id}")).await.json();
    assert_eq!((&task["operation"], &task["target"]["repo"]), (&"ops".into(), &"manifests/harbor-notes".into()));
    assert_eq!(task["constraints"]["time_budget_seconds"], 3600);
    assert_eq!((&task["objective"], &task["cwom_issue_id"]), (&"Run manifest `harbor-notes`".into(), &json!(null)));

    let mut smuggled = crate::tests::app::task();
    smuggled["target"]["repo"] = "manifests/harbor-notes".into();
    app.post("/tasks/enqueue", &smuggled).await.problem("REPO_NOT_ALLOWED");
}
