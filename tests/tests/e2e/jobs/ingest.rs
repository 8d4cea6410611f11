//! Manifests that the tower's own worker runs, from the registry to the files in the trace.

use jct_tests::{Client, Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

const NAME: &str = "guides";
const PATH: &str = "/api/manifests/guides";

on_both_engines![
    a_registered_manifest_is_planned_run_and_run_again,
    a_queued_run_keeps_the_bytes_it_was_made_of,
    what_nobody_can_read_waits_and_says_so,
    a_manifest_is_read_from_a_repository_at_a_commit,
];

fn manifest(reader: &str, chunk: u32) -> String {
    format!(
        "version: v0\nmetadata:\n  name: {NAME}\nembeddings: {{provider: ollama, model: tiny}}\nvectorStore: {{type: qdrant, indexName: guides}}\n\
         dataSources:\n- id: app\n  type: {reader}\ntransforms:\n  splitter: {{type: TokenTextSplitter, chunkSize: {chunk}, chunkOverlap: 0}}\n"
    )
}

const REPOSITORY: &str =
    "GithubRepositoryReader\n  params: {owner: myorg, repo: app, branch: main, include: ['docs/**']}";

fn put(client: &Client, text: &str) -> Value {
    let answer = client.call("PUT", PATH, &[("content-type", "application/yaml")], text.as_bytes());
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    answer.json()
}

/// Runs the manifest to its end and gives the job.
fn run(client: &Client, request: &Value) -> Value {
    let made = client.post(&format!("{PATH}/runs"), request).expect(201);
    let id = made["jobId"].as_str().unwrap();
    let task = client.wait_for(id, &["completed", "failed", "cancelled"]);
    assert!(task["completed_at"].is_string(), "{task}");
    client.get(&format!("/api/queue/jobs/{id}")).expect(200)
}

fn trace(client: &Client, job: &Value, file: &str) -> String {
    client.get(&format!("/tasks/{}/trace/artifacts/{file}", job["id"].as_str().unwrap())).text()
}

fn a_registered_manifest_is_planned_run_and_run_again(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    put(&client, &manifest(REPOSITORY, 200));

    let planned = run(&client, &json!({ "action": "plan" }));
    assert_eq!(planned["status"], "succeeded", "{planned}");
    let plan: Value = serde_json::from_str(&trace(&client, &planned, "reports/plan.json")).unwrap();
    assert!(plan.to_string().contains("\"documents\":1"), "{plan}");
    assert!(!trace(&client, &planned, "chunks.jsonl").contains("Guide"), "a plan writes nothing");

    let ran = run(&client, &json!({}));
    assert_eq!(ran["status"], "succeeded", "{ran}");
    assert!(trace(&client, &ran, "chunks.jsonl").contains("Guide"), "{ran}");
    let entry = client.get(PATH).expect(200);
    assert_eq!((&entry["lastRun"]["jobId"], &entry["lastRun"]["status"]), (&ran["id"], &json!("succeeded")), "{entry}");
    assert!(entry["lastRun"]["finishedAt"].is_string() && entry["state"]["stateUpdatedAt"].is_string(), "{entry}");

    let again = run(&client, &json!({}));
    assert!(!trace(&client, &again, "chunks.jsonl").contains("Guide"), "nothing changed, so there is nothing to write");
    let forced = run(&client, &json!({ "options": { "forceFull": true } }));
    assert!(trace(&client, &forced, "chunks.jsonl").contains("Guide"), "{forced}");
    let runs = client.get(&format!("{PATH}/runs")).expect(200);
    assert_eq!(runs["items"].as_array().unwrap().len(), 4, "{runs}");
}

fn a_queued_run_keeps_the_bytes_it_was_made_of(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let first = put(&client, &manifest(REPOSITORY, 200));
    let made = client.post(&format!("{PATH}/runs"), &json!({})).expect(201);
    let second = put(&client, &manifest(REPOSITORY, 300));
    assert_ne!(first["contentHash"], second["contentHash"]);
    let worker = super::support::worker(&tower, "reader");
    let job = super::support::claim(&worker, &["manifest", "embeddings", "ollama", "qdrant", "github"]);
    assert_eq!(job["id"], made["jobId"], "{job}");
    assert_eq!(job["content"], manifest(REPOSITORY, 200), "{job}");
    assert_eq!(job["payload"]["manifestHash"], first["contentHash"], "{job}");
    let seen = client.get(&format!("/api/queue/jobs/{}", made["jobId"].as_str().unwrap())).text();
    assert!(!seen.contains("chunkSize"), "only the holder of the lease sees the content: {seen}");
    client.call("DELETE", PATH, &[], b"").problem(409, "MANIFEST_BUSY");
}

fn what_nobody_can_read_waits_and_says_so(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    put(
        &client,
        &manifest("ConfluenceReader\n  params: {spaceKey: TEAM}\n  auth: {token: 'vault://kv/wiki#token'}", 200),
    );
    let made = client.post(&format!("{PATH}/runs"), &json!({})).expect(201);
    assert!(made["warnings"].to_string().contains("NO_WORKER_OFFERS"), "{made}");
    let id = made["jobId"].as_str().unwrap();
    let explained = client.get(&format!("/tasks/{id}/explain")).expect(200).to_string();
    assert!(explained.contains("confluence"), "{explained}");
    assert_eq!(client.get(&format!("/api/queue/jobs/{id}")).expect(200)["status"], "queued");
}

fn a_manifest_is_read_from_a_repository_at_a_commit(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let first = manifest(REPOSITORY, 200);
    tower.repository().commit("manifests/guides.yaml", &first);
    let commit = tower.repository().ask(&["rev-parse", "HEAD"]);
    tower.repository().commit("manifests/guides.yaml", &manifest(REPOSITORY, 300));
    tower.repository().commit("manifests/broken.yaml", "version: [");
    let submit = |repo: &str, path: &str, reference: Option<&str>| {
        let mut source = json!({ "kind": "repo", "repo": repo, "path": path });
        if let Some(reference) = reference {
            source["ref"] = reference.into();
        }
        let payload = json!({ "manifest": { "name": NAME, "action": "run", "source": source } });
        client.post("/api/queue/jobs", &json!({ "type": "manifest", "payload": payload }))
    };

    // The commit that was asked for, and not the newest.
    let made = submit("myorg/app", "manifests/guides.yaml", Some(&commit)).expect(201);
    let hash = jct_contract::Sha256Digest::of(first.as_bytes()).to_string();
    assert_eq!(made["payload"]["manifestHash"], hash, "{made}");
    assert_eq!(made["payload"]["manifest"]["source"]["ref"], commit, "{made}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(client.wait_for(id, &["completed", "failed", "cancelled"])["status"], "completed");
    let job = client.get(&format!("/api/queue/jobs/{id}")).expect(200);
    let summary = job["resultSummary"].as_str().unwrap();
    assert!(summary.starts_with("1 documents: 1 changed"), "{job}");
    let newest = submit("myorg/app", "manifests/guides.yaml", None).expect(201);
    assert_ne!(newest["payload"]["manifestHash"], hash, "{newest}");

    for (path, reference, field) in [
        ("manifests/guides.yaml", Some("nowhere"), "ref"),
        ("manifests/gone.yaml", None, "path"),
        ("manifests", None, "path"),
    ] {
        let problem = submit("myorg/app", path, reference).problem(422, "MANIFEST_SOURCE_UNREADABLE");
        let pointer = format!("/payload/manifest/source/{field}");
        assert_eq!(problem["violations"][0]["pointer"], pointer, "{problem}");
    }
    let unknown = submit("myorg/other", "manifests/guides.yaml", None).problem(422, "MANIFEST_SOURCE_UNREADABLE");
    assert_eq!(unknown["violations"][0]["pointer"], "/payload/manifest/source/repo", "{unknown}");
    submit("somebody/app", "manifests/guides.yaml", None).problem(422, "REPO_NOT_ALLOWED");
    let broken = submit("myorg/app", "manifests/broken.yaml", None).problem(400, "MALFORMED_MANIFEST");
    assert_eq!(broken["violations"][0]["pointer"], "/payload/manifest/source", "{broken}");
    let escape = submit("myorg/app", "../secret.yaml", None);
    assert_eq!(escape.status, 422, "{}", escape.text());
}
