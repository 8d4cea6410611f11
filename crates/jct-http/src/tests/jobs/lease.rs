//! Defects 32 and 33: whoever does not hold the lease now changes nothing.

use jct_contract::WorkerId;
use jct_lifecycle::{LeaseId, LeaseRef};
use serde_json::{Value, json};

use super::support::{Bench, Worker, upload_path};
use crate::tests::app::Answer;

/// Every call about a job, with the lease of `job`.
async fn every_call(worker: &Worker<'_>, job: &Value) -> Vec<(&'static str, Answer)> {
    let mut answers = Vec::new();
    for (what, more) in [
        ("heartbeat", json!({})),
        ("progress", json!({"message": "here"})),
        ("events", json!({"level": "error", "message": "not mine"})),
        ("complete", json!({"resultSummary": "not mine"})),
        ("fail", json!({"errorMessage": "not mine"})),
        ("cancel/ack", json!({})),
    ] {
        answers.push((what, worker.call(job, what, more).await));
    }
    answers.push(("upload", worker.upload(job, "name=a.txt", b"not mine").await));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_33_a_lease_that_ran_out_counts_for_nothing() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let first = worker.claim("gpu").await.unwrap();
    bench.wait(121).await;
    for (what, answer) in every_call(&worker, &first).await {
        let problem = answer.problem("LEASE_STALE");
        assert_eq!((answer.status, &problem["current_fence"]), (409, &Value::Null), "{what}");
    }
    // The same worker has it again, and the attempt that it lost is still lost.
    bench.wait(60).await;
    let second = worker.claim("gpu").await.unwrap();
    assert_eq!((&second["id"], &second["attempt"]), (&id.as_str().into(), &2.into()));
    for (what, answer) in every_call(&worker, &first).await {
        let problem = answer.problem("LEASE_STALE");
        assert_eq!(problem["current_fence"], second["lease"]["fence"], "{what}");
    }
    assert_eq!(worker.call(&second, "complete", json!({"resultSummary": "mine"})).await.status, 200);
    for (what, answer) in every_call(&worker, &first).await {
        assert_eq!(answer.problem("LEASE_STALE")["current_fence"], Value::Null, "{what}");
    }
    let job = bench.get(&id).await;
    assert_eq!(
        (&job["status"], &job["resultSummary"], &job["attempt"]),
        (&"succeeded".into(), &"mine".into(), &2.into())
    );
    let told = bench.told(&id).await;
    assert!(told.iter().all(|line| !line.contains("not mine")), "{told:?}");
    assert!(told.contains(&"warn job queued: LEASE_LOST".to_owned()), "defect 34: {told:?}");
    assert!(bench.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_32_a_lease_cannot_be_used_by_another_worker_even_if_it_works_out_its_name() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let (holder, thief) = (bench.worker("holder").await, bench.worker("thief").await);
    let job = holder.claim("gpu").await.unwrap();
    let tokens = bench.app.get("/api/queue/workers/tokens").await.json();
    let thiefs = tokens["items"].as_array().unwrap().iter().find(|token| token["workerId"] == "thief").unwrap();
    let thief_id: WorkerId = thiefs["id"].as_str().unwrap().parse().unwrap();
    let fence = job["lease"]["fence"].as_str().unwrap().parse().unwrap();
    let own = LeaseId::of(LeaseRef { task_id: id.parse().unwrap(), fence }, thief_id).to_string();
    for lease_id in [job["lease"]["id"].as_str().unwrap(), &own] {
        let mut forged = job.clone();
        forged["lease"]["id"] = lease_id.into();
        for (what, answer) in every_call(&thief, &forged).await {
            answer.problem("LEASE_STALE");
            assert_eq!(answer.status, 409, "{what}");
        }
    }
    for (what, mut wrong) in [("another id", job.clone()), ("another fence", job.clone())] {
        if what == "another id" {
            wrong["lease"]["id"] = own.as_str().into();
        } else {
            wrong["lease"]["fence"] = "1.2".into();
        }
        for (call, answer) in every_call(&holder, &wrong).await {
            assert_eq!(answer.problem("LEASE_STALE")["current_fence"], "1.1", "{what} {call}");
        }
    }
    assert_eq!(bench.told(&id).await, ["info job queued", "info job running"]);
    assert_eq!(holder.call(&job, "complete", json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_names_its_lease_and_no_other_worker() {
    let bench = Bench::new().await;
    bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let path = format!("/api/queue/jobs/{}/heartbeat", job["id"].as_str().unwrap());
    for (body, pointer) in [
        (json!({}), "/leaseId"),
        (json!({"leaseId": job["lease"]["id"]}), "/fence"),
        (json!({"leaseId": "x", "fence": "1.1"}), "/leaseId"),
        (json!({"leaseId": job["lease"]["id"], "fence": "1"}), "/fence"),
        (json!({"leaseId": job["lease"]["id"], "fence": 1.1}), "/fence"),
        (json!({"leaseId": job["lease"]["id"], "fence": "1.1", "leaseSeconds": 4}), "/leaseSeconds"),
        (json!({"leaseId": job["lease"]["id"], "fence": "1.1", "lease_seconds": 30}), "/lease_seconds"),
    ] {
        let problem = worker.post(&path, &body).await.problem("INVALID_REQUEST");
        let pointers: Vec<_> = problem["violations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| violation["pointer"].as_str().unwrap())
            .collect();
        assert!(pointers.contains(&pointer), "{body}: {problem:#}");
    }
    assert_eq!(worker.call(&job, "heartbeat", json!({"workerId": "w"})).await.status, 200);
    worker.call(&job, "heartbeat", json!({"workerId": "x"})).await.problem("WORKER_FORBIDDEN");
    worker.upload(&job, "name=a.txt&workerId=x", b"a").await.problem("WORKER_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_there_is_not_found_however_it_is_called() {
    let bench = Bench::new().await;
    bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let mut job = worker.claim("gpu").await.unwrap();
    for id in ["018f0000-0000-7000-8000-000000000000", "nope", "%00", "018F0000-0000-7000-8000-000000000000"] {
        job["id"] = id.into();
        for (what, answer) in every_call(&worker, &job).await {
            assert_eq!(
                (answer.status, &answer.problem("JOB_NOT_FOUND")["title"]),
                (404, &"Job not found".into()),
                "{what}"
            );
        }
        for rest in ["", "/events", "/events/stream", "/artifacts", "/artifacts/x/download"] {
            bench.app.get(&format!("/api/queue/jobs/{id}{rest}")).await.problem("JOB_NOT_FOUND");
        }
        bench.cancel(id, "x").await.problem("JOB_NOT_FOUND");
    }
    assert!(upload_path(&job, "name=a").contains("leaseId="));
}
