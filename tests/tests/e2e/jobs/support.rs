//! What these tests have in common.

use jct_tests::{Client, TestTower};
use serde_json::{Value, json};

/// A worker with a token of its own that may take everything.
pub(crate) fn worker(tower: &TestTower, name: &str) -> Client {
    let made = tower.operator().post("/api/queue/workers/tokens", &json!({ "workerId": name })).expect(201);
    Client::new(tower.base(), Some(made["token"].as_str().unwrap()))
}

/// Takes one job that needs no more than `capabilities`; null if there is none.
pub(crate) fn claim(worker: &Client, capabilities: &[&str]) -> Value {
    let request = json!({ "workerCapabilities": capabilities, "leaseSeconds": 30 });
    worker.post("/api/queue/jobs/claim", &request).expect(200)["job"].clone()
}

/// What a call about a leased job has to carry, with `fields` beside.
pub(crate) fn call(job: &Value, mut fields: Value) -> Value {
    fields["leaseId"] = job["lease"]["id"].clone();
    fields["fence"] = job["lease"]["fence"].clone();
    fields
}

/// Where calls about a job go.
pub(crate) fn path(id: &str, call: &str) -> String {
    format!("/api/queue/jobs/{id}/{call}")
}
