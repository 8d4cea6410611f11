//! Bodies of every kind, and the ways to send them.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::tests::app::{Answer, TestApp};

/// Every collection of objects.
pub(super) const COLLECTIONS: [&str; 7] =
    ["repos", "issues", "context-packets", "constraint-snapshots", "doctrine-refs", "runs", "artifacts"];

/// An id that no object has.
pub(super) const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

pub(super) fn actor() -> Value {
    json!({"actor_kind": "agent", "actor_id": "jules"})
}

pub(super) fn repo(slug: &str) -> Value {
    json!({"name": "App", "slug": slug, "source": {"system": "git"}})
}

pub(super) fn issue(repo: &Value) -> Value {
    json!({"repo": reference(repo), "title": "Say what this is made of", "type": "research"})
}

pub(super) fn packet(issue: &Value, version: &str) -> Value {
    json!({"for_issue": reference(issue), "version": version, "summary": "What is known"})
}

pub(super) fn snapshot() -> Value {
    json!({"scope": "repo", "owner": actor(), "constraints": {"time": {"deadline": "2030-01-01T00:00:00Z"}}})
}

pub(super) fn doctrine(name: &str) -> Value {
    json!({"namespace": "team", "name": name, "version": "1", "type": "policy", "statement": "Write tests"})
}

pub(super) fn run(issue: &Value, repo: &Value) -> Value {
    let executor = json!({"actor": actor(), "runtime": "local"});
    json!({"for_issue": reference(issue), "repo": reference(repo), "mode": "agent", "executor": executor})
}

pub(super) fn artifact(run: &Value, issue: &Value) -> Value {
    let (produced_by, for_issue) = (reference(run), reference(issue));
    json!({"produced_by": produced_by, "for_issue": for_issue, "type": "report", "title": "Report", "uri": "file:r.md"})
}

/// What names an object.
pub(super) fn reference(object: &Value) -> Value {
    json!({"kind": object["kind"], "id": object["id"]})
}

pub(super) fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// A body of that collection that is good as soon as its references are.
pub(super) fn body(collection: &str, chain: &Chain) -> Value {
    let Chain { repo: in_repo, issue: of_issue, run: of_run, .. } = chain;
    match collection {
        "repos" => repo("myorg/another"),
        "issues" => issue(in_repo),
        "context-packets" => packet(of_issue, "another"),
        "constraint-snapshots" => snapshot(),
        "doctrine-refs" => doctrine("another"),
        "runs" => run(of_issue, in_repo),
        _ => artifact(of_run, of_issue),
    }
}

/// One object of each kind, linked.
pub(super) struct Chain {
    pub(super) repo: Value,
    pub(super) issue: Value,
    pub(super) packet: Value,
    pub(super) snapshot: Value,
    pub(super) doctrine: Value,
    pub(super) run: Value,
    pub(super) artifact: Value,
}

impl Chain {
    pub(super) async fn new(app: &TestApp) -> Self {
        let repo = app.create("repos", &repo("myorg/app")).await;
        let snapshot = app.create("constraint-snapshots", &snapshot()).await;
        let doctrine = app.create("doctrine-refs", &doctrine("tests")).await;
        let mut new = issue(&repo);
        new["doctrine_refs"] = json!([reference(&doctrine)]);
        new["constraints"] = json!([reference(&snapshot)]);
        let issue = app.create("issues", &new).await;
        let packet = app.create("context-packets", &packet(&issue, "1")).await;
        let mut new = run(&issue, &repo);
        new["inputs"] = json!({
            "context_packets": [reference(&packet)],
            "doctrine_refs": [reference(&doctrine)],
            "constraint_snapshot": reference(&snapshot),
        });
        let run = app.create("runs", &new).await;
        let artifact = app.create("artifacts", &artifact(&run, &issue)).await;
        Self { repo, issue, packet, snapshot, doctrine, run, artifact }
    }

    /// Each object with its collection.
    pub(super) fn all(&self) -> [(&'static str, &Value); 7] {
        let Self { repo, issue, packet, snapshot, doctrine, run, artifact } = self;
        let mut objects = [repo, issue, packet, snapshot, doctrine, run, artifact].into_iter();
        COLLECTIONS.map(|collection| (collection, objects.next().unwrap()))
    }
}

impl TestApp {
    /// Creates an object and gives it.
    pub(super) async fn create(&self, collection: &str, body: &Value) -> Value {
        let answer = self.post(&format!("/cwom/{collection}"), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    pub(super) async fn patch_if(&self, path: &str, if_match: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, &[("if-match", if_match)], Some(body.to_string().as_bytes())).await
    }
}

/// Where each violation is and its code.
pub(super) fn violations(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = problem["violations"].as_array().unwrap().iter();
    found.map(|violation| (text(&violation["pointer"]), text(&violation["code"]))).collect()
}
