//! Defect 39: the history of a job, as a list and as a stream that can be resumed and ends.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::Bench;

/// A job with seven events, the last of which is its end.
async fn finished(bench: &Bench) -> String {
    let worker = bench.worker("w").await;
    assert!(worker.claim("gpu").await.is_none(), "now the tower knows that there is somebody");
    let id = bench.job("gpu").await;
    let job = worker.claim("gpu").await.unwrap();
    for number in 3..7 {
        worker.call(&job, "events", json!({"message": format!("number\n{number}")})).await;
    }
    worker.call(&job, "complete", json!({})).await;
    id
}

/// The numbers of a stream, each frame checked against its data.
fn seen(text: &str, job: &str) -> Vec<u64> {
    let frames = text.split("\n\n").filter(|frame| !frame.is_empty() && !frame.starts_with(':'));
    let parse = |frame: &str| {
        let lines: Vec<_> = frame.lines().collect();
        let [id, event, data] = lines.as_slice() else { panic!("{frame}") };
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!((*id, *event), (format!("id: {}", data["id"]).as_str(), "event: queue_event"));
        assert_eq!(data["jobId"], job);
        data["id"].as_u64().unwrap()
    };
    frames.map(parse).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_read_from_either_end_without_gaps() {
    let bench = Bench::new().await;
    let id = finished(&bench).await;
    let page = |query: &'static str| {
        let (bench, path) = (&bench, format!("/api/queue/jobs/{id}/events?{query}"));
        async move {
            let page = bench.app.get(&path).await.json();
            let numbers: Vec<_> =
                page["items"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect();
            (numbers, page["nextCursor"].as_str().map(str::to_owned))
        }
    };
    let next = |cursor: &str| Some(cursor.to_owned());
    assert_eq!(page("").await, (vec![1, 2, 3, 4, 5, 6, 7], None));
    assert_eq!(page("limit=3").await, (vec![1, 2, 3], next("3")));
    assert_eq!(page("limit=3&cursor=3").await, (vec![4, 5, 6], next("6")));
    assert_eq!(page("limit=3&cursor=6").await, (vec![7], None));
    assert_eq!(page("after=5").await, (vec![6, 7], None));
    assert_eq!(page("after=2&before=5").await, (vec![3, 4], None));
    assert_eq!(page("after=2&before=6&limit=2").await, (vec![3, 4], next("4")));
    assert_eq!(page("before=1").await, (vec![], None));
    assert_eq!(page("after=99").await, (vec![], None));
    assert_eq!(page("sort=desc&limit=3").await, (vec![7, 6, 5], next("5")));
    assert_eq!(page("sort=desc&limit=3&cursor=5").await, (vec![4, 3, 2], next("2")));
    assert_eq!(page("sort=desc&limit=3&cursor=2").await, (vec![1], None));
    assert_eq!(page("sort=desc&after=2&before=6&limit=9").await, (vec![5, 4, 3], None));
    assert_eq!(page("sort=desc&before=99&limit=3").await, (vec![7, 6, 5], next("5")));
    for bad in
        ["sort=up", "limit=0", "limit=501", "after=x", "after=-1", "before=18446744073709551615", "cursor=", "From=1"]
    {
        bench.app.get(&format!("/api/queue/jobs/{id}/events?{bad}")).await.problem("INVALID_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_everything_once_can_be_resumed_and_ends() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    assert!(worker.claim("gpu").await.is_none(), "now the tower knows that there is somebody");
    let id = bench.job("gpu").await;
    let path = format!("/api/queue/jobs/{id}/events/stream");
    // The client is there before anything happens and stays until the end.
    let work = async {
        let job = worker.claim("gpu").await.unwrap();
        worker.call(&job, "progress", json!({"percent": 50, "message": "half"})).await;
        worker.call(&job, "complete", json!({})).await;
    };
    let (answer, ()) = tokio::join!(bench.app.get(&path), work);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(seen(&answer.text, &id), [1, 2, 3, 4]);
    for after in 0..4_u64 {
        let header = after.to_string();
        let answer = bench.app.call(Method::GET, &path, &[("last-event-id", &header)], None).await;
        let rest: Vec<_> = (after + 1..=4).collect();
        assert_eq!(seen(&answer.text, &id), rest);
        assert_eq!(seen(&bench.app.get(&format!("{path}?last_event_id={after}")).await.text, &id), rest);
    }
    let over = bench.app.call(Method::GET, &path, &[("last-event-id", "4")], None).await;
    assert_eq!((over.status, over.text.as_str()), (204, ""));
    bench.app.call(Method::GET, &path, &[("last-event-id", "x")], None).await.problem("INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_job_is_not_found_before_any_stream_begins() {
    let bench = Bench::new().await;
    for id in ["018f0000-0000-7000-8000-000000000000", "nope"] {
        let answer = bench.app.get(&format!("/api/queue/jobs/{id}/events/stream")).await;
        assert_eq!(answer.status, 404);
        answer.problem("JOB_NOT_FOUND");
    }
}
