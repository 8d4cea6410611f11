//! Every operation that changes something has its entry: the operations are those of the OpenAPI document, so that a new
//! one cannot be forgotten.

use std::collections::BTreeSet;

use jct_tests::{Answer, Client, Engine, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

use super::event_calls::EventGround;
use super::job_calls::{JobGround, WITHOUT_ENTRY};
use super::workflow_calls::WorkflowGround;

on_both_engines![every_operation_that_changes_something_has_its_entry];

/// Objects that the operations work on.
struct Ground {
    client: Client,
    jobs: JobGround,
    events: EventGround,
    workflows: WorkflowGround,
    repo: Value,
    issue: Value,
    run: Value,
}

fn reference(object: &Value) -> Value {
    json!({ "kind": object["kind"], "id": object["id"] })
}

fn actor() -> Value {
    json!({ "actor_kind": "agent", "actor_id": "jules" })
}

impl Ground {
    fn new(tower: &TestTower) -> Self {
        let client = tower.operator();
        let made = |path: &str, body: &Value| client.post(path, body).expect(201);
        let repo = made("/cwom/repos", &repo("myorg/ground"));
        let issue = made("/cwom/issues", &issue(&repo, "the ground"));
        let run = made("/cwom/runs", &run(&issue, &repo));
        let (jobs, events, workflows) = (JobGround::new(tower), EventGround::new(tower), WorkflowGround::new(tower));
        Self { client, jobs, events, workflows, repo, issue, run }
    }

    /// The newest entries, as far as one page goes.
    fn count(&self) -> usize {
        self.client.get("/audit?limit=500").expect(200).as_array().unwrap().len()
    }

    fn queued(&self) -> String {
        self.client.enqueue(&survey_task())
    }

    /// Decides about work that was ended from outside.
    fn review(&self) -> Answer {
        let id = self.queued();
        let path = format!("/tasks/{id}/status");
        let taken = self.client.patch(&path, &json!({ "status": "running", "assigned_to": "jules" })).expect(200);
        let ended = json!({ "status": "completed", "fence": taken["lease"]["fence"], "result": {} });
        let _ended = self.client.patch(&path, &ended).expect(200);
        let waiting = self.client.get("/reviews/pending").expect(200);
        let waiting = waiting.as_array().unwrap().iter().find(|one| one["task_id"] == *id).unwrap();
        let review = json!({
            "for_evidence_pack": { "kind": "EvidencePack", "id": waiting["evidence_pack_id"] },
            "for_run": { "kind": "Run", "id": waiting["run_id"] },
            "for_issue": { "kind": "Issue", "id": waiting["issue_id"] },
            "decision": "rejected",
            "decision_reason": "nobody has seen it",
            "evidence_pack_digest": waiting["evidence_pack_digest"],
        });
        self.client.post("/cwom/reviews", &review)
    }

    /// Sends a good request of the operation; `None` for an operation that is not known here.
    fn drive(&self, operation: &str) -> Option<u16> {
        let Self { client, jobs, events, workflows, repo: in_repo, issue: of_issue, run: of_run } = self;
        let post = |path: &str, body: Value| client.post(path, &body);
        let patch = |path: &str, body: Value| client.patch(path, &body);
        let at = |object: &Value, rest: &str| {
            let kind = if object["kind"] == "Run" { "runs" } else { "issues" };
            format!("/cwom/{kind}/{}{rest}", object["id"].as_str().unwrap())
        };
        let answer = match operation {
            "POST /tasks/enqueue" => post("/tasks/enqueue", survey_task()),
            "POST /tasks/enqueue/batch" => post("/tasks/enqueue/batch", json!({ "tasks": [survey_task()] })),
            "PATCH /tasks/{task_id}/status" => {
                patch(&format!("/tasks/{}/status", self.queued()), json!({ "status": "running" }))
            }
            "POST /tasks/{task_id}/cancel" => post(&format!("/tasks/{}/cancel", self.queued()), json!({})),
            "POST /queue/pause" => post("/queue/pause", json!({ "reason": "lunch" })),
            "POST /queue/resume" => {
                let _paused_or_was = post("/queue/pause", json!({ "reason": "lunch" }));
                post("/queue/resume", json!({}))
            }
            "POST /keys" => post("/keys", json!({ "name": "one", "kind": "agent", "scopes": ["tasks:read"] })),
            "DELETE /keys/{name}" => {
                let key = json!({ "name": "two", "kind": "agent", "scopes": ["tasks:read"] });
                let _made = post("/keys", key);
                client.call("DELETE", "/keys/two", &[], b"")
            }
            "POST /cwom/repos" => post("/cwom/repos", repo("myorg/another")),
            "POST /cwom/issues" => post("/cwom/issues", issue(in_repo, "another")),
            "POST /cwom/context-packets" => {
                let packet = json!({ "for_issue": reference(of_issue), "version": "7", "summary": "What is known" });
                post("/cwom/context-packets", packet)
            }
            "POST /cwom/constraint-snapshots" => {
                let limits = json!({ "time": { "deadline": "2030-01-01T00:00:00Z" } });
                post("/cwom/constraint-snapshots", json!({ "scope": "repo", "owner": actor(), "constraints": limits }))
            }
            "POST /cwom/doctrine-refs" => {
                let doctrine = json!({
                    "namespace": "team", "name": "x", "version": "1", "type": "policy", "statement": "Write tests",
                });
                post("/cwom/doctrine-refs", doctrine)
            }
            "POST /cwom/runs" => post("/cwom/runs", run(of_issue, in_repo)),
            "POST /cwom/artifacts" => {
                let (by, of) = (reference(of_run), reference(of_issue));
                let artifact = json!({
                    "produced_by": by, "for_issue": of, "type": "report", "title": "Report", "uri": "file:r.md",
                });
                post("/cwom/artifacts", artifact)
            }
            "PATCH /cwom/issues/{id}" => patch(&at(of_issue, ""), json!({ "title": "Another title" })),
            "PATCH /cwom/issues/{id}/status" => patch(&at(of_issue, "/status"), json!({ "status": "ready" })),
            "PATCH /cwom/runs/{id}" => patch(&at(of_run, ""), json!({ "status": "running" })),
            "POST /cwom/reviews" => self.review(),
            "PATCH /cwom/runs/{id}/status" => patch(&at(of_run, "/status"), json!({ "status": "failed" })),
            _ => events.drive(operation).or_else(|| jobs.drive(operation)).or_else(|| workflows.drive(operation))?,
        };
        assert!((200..300).contains(&answer.status), "{operation}: {}", answer.text());
        Some(answer.status)
    }
}

fn repo(slug: &str) -> Value {
    json!({ "name": "App", "slug": slug, "source": { "system": "git" } })
}

fn issue(repo: &Value, title: &str) -> Value {
    json!({ "repo": reference(repo), "title": format!("About {title}"), "type": "research" })
}

fn run(issue: &Value, repo: &Value) -> Value {
    let executor = json!({ "actor": actor(), "runtime": "local" });
    json!({ "for_issue": reference(issue), "repo": reference(repo), "mode": "agent", "executor": executor })
}

/// Needs a worker, or a receiver: the entry is looked for where there is one.
const ELSEWHERE: [&str; 2] = ["POST /runs/{id}/push", "POST /webhooks/{id}/deliveries/{delivery_id}/redeliver"];

/// Operations that are there only to be refused.
fn is_refused_by_design(operation: &Value) -> bool {
    operation["responses"].as_object().unwrap().keys().all(|status| !status.starts_with('2'))
}

fn every_operation_that_changes_something_has_its_entry(engine: Engine) {
    let tower = TestTower::idle(engine);
    let ground = Ground::new(&tower);
    let document = ground.client.get("/openapi.json").expect(200);
    let mut driven = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if ["get", "head", "options"].contains(&method.as_str()) || is_refused_by_design(operation) {
                continue;
            }
            let operation = format!("{} {path}", method.to_uppercase());
            if ELSEWHERE.contains(&operation.as_str()) || WITHOUT_ENTRY.contains(&operation.as_str()) {
                continue;
            }
            let before = ground.count();
            assert!(ground.drive(&operation).is_some(), "{operation} is new: add it here, and see to its entry");
            assert!(ground.count() > before, "{operation} wrote no entry");
            driven.insert(operation);
        }
    }
    assert!(driven.len() >= 30, "{driven:?}");
}
