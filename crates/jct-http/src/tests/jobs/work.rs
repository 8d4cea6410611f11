//! What a worker says about its job, and what becomes of the job.

use serde_json::{Value, json};

use super::support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_renews_the_lease_and_leaves_no_event() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    for _ in 0..5 {
        bench.wait(100).await;
        let answer = worker.call(&job, "heartbeat", json!({"leaseSeconds": 110})).await.json();
        assert_eq!((&answer["status"], &answer["cancelRequestedAt"]), (&"running".into(), &Value::Null));
        assert_eq!(answer["leaseExpiresAt"], bench.get(&id).await["leaseExpiresAt"]);
    }
    assert_eq!(bench.told(&id).await, ["info job queued", "info job running"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_events_are_told_in_order() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    assert_eq!(worker.call(&job, "progress", json!({"percent": 40, "message": "reading"})).await.status, 204);
    let event = json!({"level": "warn", "message": "skipped", "payload": {"path": "a.bin"}});
    let kept = worker.call(&job, "events", event).await;
    assert_eq!(kept.status, 201, "{}", kept.text);
    assert_eq!(worker.call(&job, "events", json!({"message": "on"})).await.status, 201);
    let told = bench.told(&id).await;
    assert_eq!(told, ["info job queued", "info job running", "info reading", "warn skipped", "info on"]);
    let events = bench.app.get(&format!("/api/queue/jobs/{id}/events")).await.json();
    let event = &events["items"].as_array().unwrap().iter().find(|event| event["message"] == "skipped").unwrap();
    assert_eq!(event["payload"], json!({"path": "a.bin"}));
    assert_eq!(**event, kept.json(), "the answer is the event as everybody sees it");
    assert_eq!((&event["attempt"], &event["jobId"]), (&1.into(), &id.as_str().into()));
    for (what, body, pointer) in [
        ("progress", json!({"percent": 101, "message": "x"}), "/percent"),
        ("progress", json!({"percent": 5}), "/message"),
        ("progress", json!({"message": "  "}), "/message"),
        ("events", json!({"level": "fatal", "message": "x"}), "/level"),
        ("events", json!({"message": "x".repeat(4001)}), "/message"),
        ("events", json!({"message": "a\u{0}"}), "/message"),
        ("events", json!({"message": "x", "payload": [1]}), "/payload"),
        ("events", json!({"message": "x", "payload": {"big": "x".repeat(65536)}}), "/payload"),
        ("fail", json!({"errorMessage": " "}), "/errorMessage"),
        ("fail", json!({"errorMessage": "x", "retryable": "yes"}), "/retryable"),
        ("complete", json!({"result": "x"}), "/result"),
        ("complete", json!({"resultSummary": "a", "result": {"summary": "b"}}), "/resultSummary"),
        ("complete", json!({"manifestState": {"a": 1}}), "/manifestState"),
    ] {
        let problem = worker.call(&job, what, body.clone()).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], pointer, "{what} {body}: {problem:#}");
    }
    assert_eq!(bench.told(&id).await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_completed_once_and_a_repetition_hears_the_same() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let end = json!({"resultSummary": "17 documents", "result": {"documents": 17}});
    let first = worker.call(&job, "complete", end.clone()).await;
    assert_eq!((first.status, &first.json()["status"]), (200, &"succeeded".into()));
    let again = worker.call(&job, "complete", end).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    for (what, other) in [
        ("complete", json!({"resultSummary": "18 documents"})),
        ("fail", json!({"errorMessage": "no", "retryable": true})),
        ("heartbeat", json!({})),
        ("events", json!({"message": "late"})),
        ("cancel/ack", json!({})),
    ] {
        assert_eq!(
            worker.call(&job, what, other).await.problem("JOB_STATE_CONFLICT")["job_status"],
            "succeeded",
            "{what}"
        );
    }
    let seen = bench.get(&id).await;
    assert_eq!((&seen["resultSummary"], &seen["error"]), (&"17 documents".into(), &Value::Null));
    assert!(seen.get("result").is_none());
    let whole = bench.app.get(&format!("/api/queue/jobs/{id}?expand=result")).await.json();
    assert_eq!(whole["result"], json!({"documents": 17, "summary": "17 documents"}));
    bench.app.get(&format!("/api/queue/jobs/{id}?expand=content")).await.problem("INVALID_REQUEST");
    assert_eq!(bench.cancel(&id, "too late").await.problem("JOB_STATE_CONFLICT")["job_status"], "succeeded");
    // It is the same task that the rest of the tower knows.
    let task = bench.app.get(&format!("/tasks/{id}")).await.json();
    assert_eq!((&task["status"], &task["result"]["documents"]), (&"completed".into(), &17.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_ends_the_job_or_sends_it_back_until_its_attempts_are_used_up() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    let id = bench.job("gpu").await;
    let job = worker.claim("gpu").await.unwrap();
    let failed = worker.call(&job, "fail", json!({"errorMessage": "no such host"})).await.json();
    assert_eq!((&failed["status"], &failed["error"]), (&"failed".into(), &"no such host".into()));
    assert_eq!((&failed["reason"], &bench.get(&id).await["status"]), (&"REPORTED_FAILURE".into(), &"failed".into()));

    let id = bench.job_with("gpu", json!({"maxAttempts": 2})).await;
    let job = worker.claim("gpu").await.unwrap();
    let again = json!({"errorMessage": "try later", "retryable": true});
    let back = worker.call(&job, "fail", again.clone()).await.json();
    assert_eq!(
        (&back["status"], &back["attempt"], &back["reason"]),
        (&"queued".into(), &1.into(), &"REPORTED_RETRYABLE".into())
    );
    assert!(worker.claim("gpu").await.is_none(), "it backs off");
    bench.wait(16).await;
    let job = worker.claim("gpu").await.unwrap();
    assert_eq!((&job["id"], &job["attempt"]), (&id.as_str().into(), &2.into()));
    let dead = worker.call(&job, "fail", again.clone()).await.json();
    assert_eq!((&dead["status"], &dead["reason"]), (&"dead_letter".into(), &"RETRIES_EXHAUSTED".into()));
    assert_eq!(worker.call(&job, "fail", again).await.status, 200, "a repetition is no second failure");
    let told = bench.told(&id).await;
    assert_eq!(told[2], "warn job queued: REPORTED_RETRYABLE", "{told:?}");
    assert!(told.last().unwrap().starts_with("error job dead_letter: "), "{told:?}");
    for (status, count) in [("failed", 1), ("dead_letter", 1), ("queued", 0)] {
        let list = bench.app.get(&format!("/api/queue/jobs?status={status}")).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_is_cancelled_at_once_and_twice_is_once() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let answer = bench.cancel(&id, "not needed").await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"cancelled".into()));
    let again = bench.cancel(&id, "still not needed").await;
    assert_eq!((again.status, again.json()), (200, answer.json()));
    assert!(bench.worker("w").await.claim("gpu").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_36_a_running_job_is_asked_to_stop_and_its_worker_has_the_last_word() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    let id = bench.job("gpu").await;
    let job = worker.claim("gpu").await.unwrap();
    let early = worker.call(&job, "cancel/ack", json!({})).await;
    assert_eq!(early.problem("JOB_STATE_CONFLICT")["job_status"], "running");
    let asked = bench.cancel(&id, "changed my mind").await.json();
    assert_eq!((&asked["status"], &asked["cancelReason"]), (&"running".into(), &"changed my mind".into()));
    let again = bench.cancel(&id, "another reason").await.json();
    assert_eq!(
        (&again["cancelReason"], &again["cancelRequestedAt"]),
        (&asked["cancelReason"], &asked["cancelRequestedAt"])
    );
    let beat = worker.call(&job, "heartbeat", json!({})).await.json();
    assert_eq!(
        (&beat["cancelReason"], &beat["cancelRequestedAt"]),
        (&asked["cancelReason"], &asked["cancelRequestedAt"])
    );

    let ack = json!({"message": "stopped cleanly"});
    for _ in 0..2 {
        let done = worker.call(&job, "cancel/ack", ack.clone()).await;
        assert_eq!((done.status, &done.json()["status"]), (200, &"cancelled".into()), "{}", done.text);
    }
    bench.worker("other").await.call(&job, "cancel/ack", ack).await.problem("LEASE_STALE");
    worker.call(&job, "complete", json!({})).await.problem("JOB_STATE_CONFLICT");
    let told = bench.told(&id).await;
    assert_eq!(told[2], "warn cancellation requested", "{told:?}");
    assert_eq!(told[3], "info stopped cleanly", "{told:?}");
    assert!(told[4].starts_with("warn job cancelled") && told.len() == 5, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_although_it_was_asked_to_stop_ran() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    let id = bench.job("gpu").await;
    let job = worker.claim("gpu").await.unwrap();
    bench.cancel(&id, "too late").await;
    let done = worker.call(&job, "complete", json!({"resultSummary": "done"})).await.json();
    assert_eq!(done["status"], "succeeded");
    let told = bench.told(&id).await;
    assert!(told.contains(&"warn completed although it was asked to stop: what ran, ran".to_owned()), "{told:?}");

    // A failure, or a loss, after the request is no reason to try again.
    for lose in [false, true] {
        let id = bench.job("gpu").await;
        let job = worker.claim("gpu").await.unwrap();
        bench.cancel(&id, "stop").await;
        if lose {
            bench.wait(121).await;
        } else {
            worker.call(&job, "fail", json!({"errorMessage": "x", "retryable": true})).await;
        }
        assert_eq!(bench.get(&id).await["status"], "cancelled", "lost: {lose}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_by_state_and_type_page_by_page() {
    let bench = Bench::new().await;
    let mut expect = Vec::new();
    for _ in 0..5 {
        expect.insert(0, bench.job("gpu").await);
    }
    let mut found = Vec::new();
    let mut path = "/api/queue/jobs?limit=2&type=task&status=queued".to_owned();
    loop {
        let page = bench.app.get(&path).await.json();
        found.extend(page["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/queue/jobs?limit=2&type=task&status=queued&cursor={cursor}");
    }
    assert_eq!(found, expect);
    assert_eq!(bench.app.get("/api/queue/jobs?type=manifest").await.json()["items"], json!([]));
    for bad in ["status=done", "type=build", "limit=0", "limit=501", "cursor=x", "Status=queued"] {
        let answer = bench.app.get(&format!("/api/queue/jobs?{bad}")).await;
        assert_eq!(answer.status, 422, "{bad}");
        answer.problem("INVALID_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_what_a_worker_says_is_refused_and_kept_nowhere() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    // Put together here, so that nobody who scans this repository finds it.
    let secret = ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat();
    for (what, body, pointer) in [
        ("progress", json!({"message": secret}), "/message"),
        ("events", json!({"message": format!("login with {secret}")}), "/message"),
        ("events", json!({"message": "login", "payload": {"with": [secret]}}), "/payload"),
        ("complete", json!({"resultSummary": secret}), "/result"),
        ("complete", json!({"result": {"password": "k8Vd2xQ9zLw4Ty7R"}}), "/result"),
        ("fail", json!({"errorMessage": secret}), "/errorMessage"),
        ("cancel/ack", json!({"message": secret}), "/message"),
    ] {
        let problem = worker.call(&job, what, body).await.problem("INVALID_REQUEST");
        let violation = &problem["violations"][0];
        assert_eq!((&violation["code"], &violation["pointer"]), (&"RAW_SECRET".into(), &pointer.into()), "{problem}");
        assert!(!problem.to_string().contains(&secret), "{problem}");
    }
    assert!(!bench.told(&id).await.concat().contains(&secret));
    assert_eq!(bench.get(&id).await["status"], "running");
    let end = json!({"resultSummary": "logged in with [secret removed]"});
    assert_eq!(worker.call(&job, "complete", end).await.status, 200);
}
