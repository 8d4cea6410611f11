//! Which jobs a worker gets, and waiting for them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::support::Bench;

fn ids(answer: &Value) -> Vec<String> {
    answer["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_urgent_job_goes_first_and_then_the_oldest() {
    let bench = Bench::new().await;
    let mut expect = Vec::new();
    for priority in [0, 5, 5, -3, 0] {
        let id = bench.job_with("gpu", json!({"priority": priority})).await;
        expect.push((-priority, id));
        bench.wait(1).await;
    }
    expect.sort_by_key(|(urgency, _)| *urgency);
    let worker = bench.worker("w").await;
    let answer = worker.ask(&json!({"workerCapabilities": ["gpu"], "limit": 16})).await.json();
    assert_eq!(ids(&answer), expect.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    assert_eq!(answer["job"], answer["jobs"][0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_to_nobody_who_lacks_what_it_needs() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    for lacking in [json!({}), json!({"workerCapabilities": []}), json!({"workerCapabilities": ["gp", "gpu2"]})] {
        assert_eq!(worker.ask(&lacking).await.json()["job"], Value::Null, "{lacking}");
    }
    for types in [json!(["manifest"]), json!(["codex_exec", "codex_skill"])] {
        let asked = json!({"workerCapabilities": ["gpu"], "allowedTypes": types});
        assert_eq!(worker.ask(&asked).await.json()["job"], Value::Null, "{asked}");
    }
    let other =
        bench.worker_with(json!({"workerId": "o", "allowedRepositories": ["myorg-evil", "my", "other/app"]})).await;
    assert!(other.claim("gpu").await.is_none());
    let near = bench.worker_with(json!({"workerId": "n", "allowedRepositories": ["myorg"]})).await;
    assert_eq!(near.claim(" GPU ").await.unwrap()["id"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_job_has_everything_that_its_worker_needs() {
    let bench = Bench::new().await;
    let id = bench.job_with("gpu", json!({"priority": 7, "affinityKey": " warm ", "maxAttempts": 2})).await;
    let job = bench.worker("w-1").await.claim("gpu").await.unwrap();
    assert_eq!((&job["id"], &job["type"], &job["status"]), (&id.as_str().into(), &"task".into(), &"running".into()));
    assert_eq!((&job["priority"], &job["affinityKey"], &job["attempt"]), (&7.into(), &"warm".into(), &1.into()));
    assert_eq!((&job["claimedBy"], &job["maxAttempts"]), (&"w-1".into(), &2.into()));
    assert_eq!((&job["requiredCapabilities"], &job["createdBy"]), (&json!(["gpu"]), &"operator".into()));
    assert_eq!(job["payload"]["objective"], "Look at this repository");
    assert_eq!((&job["lease"]["fence"], &job["lease"]["expiresAt"]), (&"1.1".into(), &job["leaseExpiresAt"]));
    assert_eq!(job["content"], Value::Null);
    let seen = bench.get(&id).await;
    assert!(seen.get("lease").is_none() && seen.get("content").is_none() && seen.get("manifestState").is_none());
    assert_eq!((&seen["status"], &seen["claimedBy"]), (&"running".into(), &"w-1".into()));
    let workers = bench.app.get("/workers").await.json();
    assert_eq!((&workers[0]["name"], &workers[0]["version"]), (&"w-1".into(), &"http".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_at_once_get_different_jobs() {
    let bench = Bench::new().await;
    let mut jobs = Vec::new();
    for _ in 0..8 {
        jobs.push(bench.job("gpu").await);
    }
    let mut workers = Vec::new();
    for number in 0..12 {
        workers.push(bench.worker(&format!("w{number}")).await);
    }
    let claimed = join_all(workers.iter().map(|worker| worker.claim("gpu"))).await;
    let mut claimed: Vec<_> = claimed.into_iter().flatten().map(|job| job["id"].as_str().unwrap().to_owned()).collect();
    claimed.sort();
    jobs.sort();
    assert_eq!(claimed, jobs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_a_job_and_each_waiting_worker_gets_its_own() {
    let bench = Bench::new().await;
    let mut workers = Vec::new();
    for number in 0..4 {
        workers.push(bench.worker(&format!("w{number}")).await);
    }
    let asked = json!({"workerCapabilities": ["gpu"], "waitSeconds": 60});
    let waits = join_all(workers.iter().map(|worker| worker.ask(&asked)));
    let submits = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut jobs = Vec::new();
        for _ in 0..4 {
            jobs.push(bench.job("gpu").await);
        }
        jobs.sort();
        jobs
    };
    let (answers, jobs) = tokio::join!(waits, submits);
    let mut claimed: Vec<_> = answers.iter().flat_map(|answer| ids(&answer.json())).collect();
    claimed.sort();
    assert_eq!(claimed, jobs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_without_a_job_ends_by_itself_and_with_the_server() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    let nothing = json!({"job": null, "jobs": []});
    assert_eq!(worker.ask(&json!({"waitSeconds": 1})).await.json(), nothing);
    let (first, second) = (bench.worker("a").await, bench.worker("b").await);
    let asked = json!({"waitSeconds": 60});
    let close = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.app.close();
    };
    let (first, second, ()) = tokio::join!(first.ask(&asked), second.ask(&asked), close);
    assert_eq!((first.json(), second.json()), (nothing.clone(), nothing));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_goes_away_while_it_waits_takes_nothing_and_holds_nobody_up() {
    let bench = Bench::new().await;
    let (gone, there) = (bench.worker("gone").await, bench.worker("there").await);
    let asked = json!({"workerCapabilities": ["gpu"], "waitSeconds": 60});
    let left = tokio::time::timeout(Duration::from_millis(300), gone.ask(&asked)).await;
    assert!(left.is_err(), "there was no job to get");
    let submit = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.job("gpu").await
    };
    let (answer, id) = tokio::join!(there.ask(&asked), submit);
    let job = &answer.json()["job"];
    assert_eq!((&job["id"], &job["attempt"], &job["claimedBy"]), (&id.as_str().into(), &1.into(), &"there".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_left_to_another_worker_reaches_it_behind_one_that_may_not_have_it() {
    let bench = Bench::new().await;
    let (warm, cold) = (bench.worker("warm").await, bench.worker("cold").await);
    bench.job_with("gpu", json!({"affinityKey": "model-7"})).await;
    let first = warm.claim("gpu").await.unwrap();
    warm.call(&first, "complete", json!({})).await;
    let id = bench.job_with("gpu", json!({"affinityKey": "model-7"})).await;
    let waiting = json!({"workerCapabilities": ["gpu"], "waitSeconds": 2});
    let behind = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        warm.ask(&waiting).await
    };
    let (cold, warm) = tokio::join!(cold.ask(&waiting), behind);
    assert_eq!(cold.json()["job"], Value::Null);
    assert_eq!(warm.json()["job"]["id"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_hands_nothing_out() {
    let bench = Bench::new().await;
    bench.job("gpu").await;
    bench.app.post("/queue/pause", &json!({"reason": "maintenance"})).await;
    let worker = bench.worker("w").await;
    assert!(worker.claim("gpu").await.is_none());
    bench.app.call(actix_web::http::Method::POST, "/queue/resume", &[], None).await;
    assert!(worker.claim("gpu").await.is_some());
}
