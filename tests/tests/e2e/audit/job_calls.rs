//! Good requests of the operations on jobs, workers and manifests.

use jct_tests::{Answer, Client, TestTower, survey_task};
use serde_json::{Value, json};

use crate::jobs::support::{call, claim, path, worker};

const PATH: &str = "/api/manifests/covered";
const MANIFEST: &str = "version: v0\nmetadata: {name: covered}\nembeddings: {provider: ollama, model: tiny}\n\
                        vectorStore: {type: qdrant, indexName: covered}\n\
                        dataSources: [{id: notes, type: SimpleDirectoryReader, params: {inputDir: notes}}]\n";

/// Operations that change nothing that anybody could dispute: a lease goes on, a line is added to the events.
pub(super) const WITHOUT_ENTRY: [&str; 4] = [
    // An event is itself a durable record, with who handed it in and what became of it.
    "POST /events",
    "POST /api/queue/jobs/{job_id}/heartbeat",
    "POST /api/queue/jobs/{job_id}/progress",
    "POST /api/queue/jobs/{job_id}/events",
];

/// An operator and a worker.
pub(super) struct JobGround {
    client: Client,
    worker: Client,
}

impl JobGround {
    pub(super) fn new(tower: &TestTower) -> Self {
        Self { client: tower.operator(), worker: worker(tower, "covered-worker") }
    }

    /// The worker as an agent: it is one since it asked for a job.
    fn agent(&self, call: &str) -> Answer {
        let wish = json!({ "workerCapabilities": ["nothing"], "leaseSeconds": 30 });
        let _none = self.worker.post("/api/queue/jobs/claim", &wish);
        self.client.post(&format!("/agents/covered-worker/{call}"), &json!({}))
    }

    /// Sends a good request of the operation; `None` for an operation that is not known here.
    pub(super) fn drive(&self, operation: &str) -> Option<Answer> {
        Some(match operation {
            "PUT /api/manifests/{name}" => self.put(),
            "DELETE /api/manifests/{name}" => {
                let _there = self.put();
                self.client.call("DELETE", PATH, &[], b"")
            }
            "POST /api/manifests/{name}/runs" => {
                let _there = self.put();
                self.client.post(&format!("{PATH}/runs"), &json!({}))
            }
            "POST /api/queue/jobs" => self.submit(),
            "POST /api/queue/workers/tokens" => self.token(),
            "POST /api/queue/workers/tokens/{token_id}/revoke" => {
                let token = self.token().expect(201);
                let id = token["workerToken"]["id"].as_str().unwrap();
                self.client.post(&format!("/api/queue/workers/tokens/{id}/revoke"), &json!({}))
            }
            "POST /api/queue/jobs/{job_id}/cancel" => {
                let job = self.submit().expect(201);
                self.client.post(&path(job["id"].as_str().unwrap(), "cancel"), &json!({ "reason": "not needed" }))
            }
            "POST /api/queue/jobs/claim" => {
                let _waits = self.submit();
                let wish = json!({ "workerCapabilities": ["survey"], "leaseSeconds": 30 });
                self.worker.post("/api/queue/jobs/claim", &wish)
            }
            "POST /controls" => {
                self.client.post("/controls", &json!({ "scope": "agent", "value": "x", "reason": "y" }))
            }
            "DELETE /controls/{id}" => {
                let set = self
                    .client
                    .post("/controls", &json!({ "scope": "agent", "value": "x", "reason": "y" }))
                    .expect(201);
                self.client.call("DELETE", &format!("/controls/{}", set["id"].as_str().unwrap()), &[], b"")
            }
            "POST /agents/{name}/stop" => {
                let stopped = self.agent("stop");
                // What comes after it needs the worker.
                let _goes_on = self.agent("start").expect(200);
                stopped
            }
            "POST /agents/{name}/start" => {
                let _stopped = self.agent("stop");
                self.agent("start")
            }
            "PATCH /agents/{name}" => {
                let _known = self.agent("start");
                self.client.patch("/agents/covered-worker", &json!({ "max_concurrent_tasks": 999 }))
            }
            _ => return self.drive_leased(operation),
        })
    }

    /// The same for what only the holder of a lease may do.
    fn drive_leased(&self, operation: &str) -> Option<Answer> {
        let _waits = self.submit();
        let job = claim(&self.worker, &["survey"]);
        let id = job["id"].as_str().unwrap();
        let send = |what: &str, fields: Value| self.worker.post(&path(id, what), &call(&job, fields));
        Some(match operation {
            "POST /api/queue/jobs/{job_id}/complete" => send("complete", json!({ "resultSummary": "done" })),
            "POST /api/queue/jobs/{job_id}/fail" => send("fail", json!({ "errorMessage": "it broke" })),
            "POST /api/queue/jobs/{job_id}/cancel/ack" => {
                let _asked = self.client.post(&path(id, "cancel"), &json!({}));
                send("cancel/ack", json!({}))
            }
            "POST /api/queue/jobs/{job_id}/artifacts/upload" => {
                let (lease, fence) = (job["lease"]["id"].as_str().unwrap(), job["lease"]["fence"].as_str().unwrap());
                let query = format!("artifacts/upload?leaseId={lease}&fence={fence}&name=notes.txt");
                let kind = [("content-type", "application/octet-stream")];
                self.worker.call("POST", &path(id, &query), &kind, b"a file")
            }
            _ => return None,
        })
    }

    fn put(&self) -> Answer {
        self.client.call("PUT", PATH, &[("content-type", "application/yaml")], MANIFEST.as_bytes())
    }

    fn submit(&self) -> Answer {
        self.client.post("/api/queue/jobs", &json!({ "type": "task", "payload": survey_task() }))
    }

    fn token(&self) -> Answer {
        self.client.post("/api/queue/workers/tokens", &json!({ "workerId": "another-worker" }))
    }
}
