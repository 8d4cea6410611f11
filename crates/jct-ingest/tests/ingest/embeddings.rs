//! Vectors: how they are asked for, and what happens when the service does not do well.

use jct_exec::FailureReason;
use jct_ingest::Endpoint;
use jct_manifest::document::EmbeddingsProvider;
use serde_json::json;

use crate::stub::{Call, Reply, Stub, vector, vectors};
use crate::support::{Bench, Left, over_notes};

const SMALL: &str = "embeddings:\n  provider: ollama\n  model: tiny-embed\n  batchSize: 2\n\
                     run:\n  concurrency: 2\n  batchSize: 7\ntransforms:\n  splitter:\n    chunkSize: 10\n    chunkOverlap: 0\n";

fn bench(stub: &Stub) -> Bench {
    let bench = Bench::with_endpoint(&stub.url);
    for (name, text) in
        [("a.md", "alpha one. beta two. gamma 3."), ("b.md", "delta four. epsilon 5."), ("c.md", "zeta")]
    {
        bench.note(name, text);
    }
    bench
}

#[track_caller]
fn check_points(left: &Left) {
    let points = left.lines("points.jsonl");
    assert!(points.len() > 4, "{points:?}");
    assert_eq!(left.column("points.jsonl", "id"), left.column("chunks.jsonl", "id"));
    for point in points {
        assert_eq!(point["vector"], json!(vector(point["payload"]["text"].as_str().unwrap())), "{point}");
        assert_eq!(point["payload"]["manifest"], json!("harbor-notes"));
    }
}

#[tokio::test]
async fn every_piece_gets_its_own_vector_in_batches() {
    let stub = Stub::good();
    let bench = bench(&stub);
    let left = bench.run(&over_notes(SMALL), json!({}), None).await;
    check_points(&left);
    let chunks = left.numbers(&["chunks", "chunks_embedded"]);
    assert_eq!(chunks[0], chunks[1]);
    assert_eq!(left.tokens, Some(chunks[0]));
    let calls = stub.calls();
    assert!(calls.iter().all(|call| call.texts().len() <= 2 && call.path == "/v1/embeddings"));
    assert_eq!(calls.len(), usize::try_from(chunks[0].div_ceil(2)).unwrap());
    assert!(calls.iter().all(|call| call.authorization.as_deref() == Some("Bearer s3cret-key")));
    assert!(calls.iter().all(|call| call.body["model"] == json!("tiny-embed")));
    let provenance = &left.json("checkpoint.json")["provenance"];
    assert_eq!(provenance["dimension"], json!(3));
    assert!(provenance["endpoint_host"].as_str().unwrap().starts_with("127.0.0.1:"));
    let everything =
        ["chunks.jsonl", "points.jsonl", "run_summary.json", "checkpoint.json"].map(|name| left.text(name));
    assert!(!everything.concat().contains("s3cret") && !bench.heard.text().contains("s3cret"));

    // What is unchanged costs nothing.
    let again = bench.run(&over_notes(SMALL), json!({}), left.state.as_deref()).await;
    assert_eq!(again.numbers(&["unchanged", "chunks"]), [3, 0]);
    assert_eq!(stub.calls().len(), calls.len());
}

#[tokio::test]
async fn the_operators_model_takes_the_place_of_the_manifests() {
    let stub = Stub::good();
    let mut bench = bench(&stub);
    let endpoint = Endpoint::new(stub.url.parse().unwrap(), EmbeddingsProvider::Ollama);
    bench.options.endpoint = Some(endpoint.with_model("house-model"));
    let left = bench.run(&over_notes(SMALL), json!({}), None).await;
    assert!(stub.calls().iter().all(|call| call.body["model"] == json!("house-model") && call.authorization.is_none()));
    assert_eq!(left.json("checkpoint.json")["model"], json!("house-model"));
}

#[tokio::test]
async fn a_service_without_time_is_asked_again() {
    let stub = Stub::start(|number, call| match number {
        0 => Reply { status: 429, headers: "Retry-After: 0\r\n", body: String::new() },
        1 => Reply::status(503),
        _ => Reply::body(&vectors(&call.texts())),
    });
    let left = bench(&stub).run(&over_notes(SMALL), json!({}), None).await;
    check_points(&left);
}

#[track_caller]
fn check_failure(left: &Left, reason: FailureReason, message: &str) {
    let failure = left.failure();
    assert_eq!(failure.0, reason, "{failure:?}");
    assert!(failure.1.contains(message), "{failure:?}");
    assert!(!failure.1.contains("s3cret"), "{failure:?}");
    assert_eq!(left.state, None, "nothing is kept of a run that failed");
    assert_eq!(left.json("run_summary.json")["status"], json!("failed"));
    assert!(!left.has("checkpoint.json"));
}

async fn failing(answer: impl Fn(usize, &Call) -> Reply + Send + Sync + 'static) -> Left {
    let stub = Stub::start(answer);
    bench(&stub).run(&over_notes(SMALL), json!({}), None).await
}

#[tokio::test]
async fn a_service_that_never_has_time_fails_the_attempt_which_may_be_tried_again() {
    let left = failing(|_, _| Reply::status(429)).await;
    check_failure(&left, FailureReason::ServiceFailed, "status 429, 3 times in a row");
    let gone = Bench::with_endpoint("http://127.0.0.1:9/v1");
    gone.note("a.md", "a");
    let left = gone.run(&over_notes(""), json!({}), None).await;
    check_failure(&left, FailureReason::ServiceFailed, "could not be reached");
}

#[tokio::test]
async fn a_call_that_is_refused_is_not_repeated() {
    let stub = Stub::start(|_, _| Reply::status(401));
    let left = bench(&stub).run(&over_notes("run:\n  concurrency: 1\n"), json!({}), None).await;
    check_failure(&left, FailureReason::InvalidInput, "status 401");
    assert_eq!(stub.calls().len(), 1);
    let redirect = Reply { status: 307, headers: "Location: http://127.0.0.1:9/\r\n", body: String::new() };
    let (status, headers) = (redirect.status, redirect.headers);
    let left = failing(move |_, _| Reply { status, headers, body: String::new() }).await;
    assert!(matches!(left.failure().0, FailureReason::InvalidInput | FailureReason::ServiceFailed));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_fails_the_attempt() {
    let wrong_count = failing(|_, call| Reply::body(&vectors(&call.texts()[1..]))).await;
    check_failure(&wrong_count, FailureReason::ServiceFailed, "vectors for");
    let twice = failing(|_, call| {
        let data: Vec<_> = call.texts().iter().map(|_| json!({ "index": 0, "embedding": [1.0] })).collect();
        Reply::body(&json!({ "data": data }))
    });
    check_failure(&twice.await, FailureReason::ServiceFailed, "two vectors for text 0");
    let dimensions = failing(|number, call| {
        let vector = vec![1.0; 2 + number % 2];
        let data: Vec<_> = call.texts().iter().map(|_| json!({ "embedding": vector })).collect();
        Reply::body(&json!({ "data": data }))
    });
    check_failure(&dimensions.await, FailureReason::ServiceFailed, "dimension");
    let nonsense = failing(|_, _| Reply { status: 200, headers: "", body: "s3cret".to_owned() }).await;
    check_failure(&nonsense, FailureReason::ServiceFailed, "not a list of embeddings");
}

#[tokio::test]
async fn a_plan_asks_nobody() {
    let stub = Stub::good();
    let left = bench(&stub).act(&over_notes(SMALL), "plan", json!({}), None).await;
    assert!(left.has("reports/plan.json") && stub.calls().is_empty());
}
