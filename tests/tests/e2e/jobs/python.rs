//! The worker of the examples, as it is: a Python that has never heard of this workspace takes jobs, runs them, uploads
//! what came of them, and lets go of those that were called off.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jct_tests::{Client, Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
const NAME: &str = "repository-docs";
const CAPABILITIES: &str = "manifest,embeddings,openai,pgvector,github";
/// Set to `required` where passing over these tests would be a lie.
const PYTHON_VARIABLE: &str = "JCT_TEST_PYTHON";
const PATIENCE: Duration = Duration::from_secs(60);

on_both_engines![
    a_manifest_is_run_and_its_output_kept,
    a_command_that_fails_fails_its_job,
    a_job_that_is_called_off_is_let_go,
    two_workers_share_the_jobs_and_none_is_run_twice,
];

/// Whether there is a Python; says so if there is none, and fails if there has to be one.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var(PYTHON_VARIABLE).is_ok_and(|value| value == "required");
    assert!(found || !required, "{PYTHON_VARIABLE} asks for python3, which is not there");
    if !found {
        println!("skipped: there is no python3");
    }
    found
}

/// A tower without a worker of its own that keeps the manifest of the examples.
struct Place {
    tower: TestTower,
    client: Client,
}

impl Place {
    fn new(engine: Engine) -> Self {
        let tower = TestTower::idle(engine);
        let client = tower.operator();
        let manifest = std::fs::read(Path::new(EXAMPLES).join(format!("manifests/{NAME}.yaml"))).unwrap();
        let path = format!("/api/manifests/{NAME}");
        let kept = client.call("PUT", &path, &[("content-type", "application/yaml")], &manifest);
        assert_eq!(kept.status, 201, "{}", kept.text());
        Self { tower, client }
    }

    /// Submits a run of the manifest.
    fn run(&self) -> String {
        let made = self.client.post(&format!("/api/manifests/{NAME}/runs"), &json!({})).expect(201);
        made["jobId"].as_str().unwrap().to_owned()
    }

    /// Starts the worker for as many jobs, with a token of its own.
    fn worker(&self, name: &str, jobs: u32, command: &[&str]) -> Worker {
        let token = json!({ "workerId": name, "allowedJobTypes": ["manifest"] });
        let token = self.client.post("/api/queue/workers/tokens", &token).expect(201);
        let worker = Command::new("python3")
            .arg(Path::new(EXAMPLES).join("workers/worker.py"))
            .args([CAPABILITIES, "--"])
            .args(command)
            .env("JCT_URL", self.tower.base())
            .env("JCT_WORKER_TOKEN", token["token"].as_str().unwrap())
            .env("JCT_WORKER_LEASE", "5")
            .env("JCT_WORKER_JOBS", jobs.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Worker(Some(worker))
    }

    fn job(&self, id: &str) -> Value {
        self.client.get(&format!("/api/queue/jobs/{id}")).expect(200)
    }

    fn wait_for(&self, id: &str, status: &str) -> Value {
        let start = Instant::now();
        loop {
            let job = self.job(id);
            if job["status"] == status {
                return job;
            }
            assert!(start.elapsed() < PATIENCE, "never {status}: {job}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Bytes of the only artifact of a job.
    fn output(&self, id: &str) -> Vec<u8> {
        let path = format!("/api/queue/jobs/{id}/artifacts");
        let artifacts = self.client.get(&path).expect(200);
        let [artifact] = artifacts["items"].as_array().unwrap().as_slice() else { panic!("{artifacts}") };
        assert_eq!(artifact["name"], "output.txt");
        let answer = self.client.get(&format!("{path}/{}/download", artifact["id"].as_str().unwrap()));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(artifact["digest"], jct_contract::Sha256Digest::of(&answer.body).to_string(), "{artifact}");
        answer.body
    }
}

/// A worker that does not outlive its test.
struct Worker(Option<Child>);

impl Worker {
    /// What it printed, once it has ended as it should.
    fn ended(mut self) -> String {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        assert_eq!(err, "", "{out}");
        out.into_owned()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(mut worker) = self.0.take() {
            // Only for tests that fail: the others have waited for its end.
            drop(worker.kill());
            drop(worker.wait());
        }
    }
}

fn a_manifest_is_run_and_its_output_kept(engine: Engine) {
    if !has_python() {
        return;
    }
    let place = Place::new(engine);
    let id = place.run();
    let told = place.worker("reader-1", 1, &["cat"]).ended();
    assert_eq!(told, format!("{id} succeeded\n"));
    let manifest = std::fs::read(Path::new(EXAMPLES).join(format!("manifests/{NAME}.yaml"))).unwrap();
    let job = place.job(&id);
    assert_eq!(job["status"], "succeeded", "{job}");
    assert_eq!(job["resultSummary"], format!("{} bytes of output", manifest.len()), "{job}");
    assert_eq!(place.output(&id), manifest, "the exact bytes that were kept");
    let entry = place.client.get(&format!("/api/manifests/{NAME}")).expect(200);
    assert_eq!((&entry["lastRun"]["jobId"], &entry["lastRun"]["status"]), (&json!(id), &json!("succeeded")), "{entry}");
}

fn a_command_that_fails_fails_its_job(engine: Engine) {
    if !has_python() {
        return;
    }
    let place = Place::new(engine);
    let id = place.run();
    assert_eq!(place.worker("reader-1", 1, &["sh", "-c", "cat >/dev/null; exit 3"]).ended(), format!("{id} failed\n"));
    let job = place.job(&id);
    assert_eq!((&job["status"], &job["attempt"]), (&json!("failed"), &json!(1)), "{job}");
    assert!(job["error"].as_str().unwrap().contains("ended with 3"), "{job}");
}

fn a_job_that_is_called_off_is_let_go(engine: Engine) {
    if !has_python() {
        return;
    }
    let place = Place::new(engine);
    let id = place.run();
    let worker = place.worker("reader-1", 1, &["sleep", "600"]);
    let _running = place.wait_for(&id, "running");
    let asked = place.client.post(&format!("/api/queue/jobs/{id}/cancel"), &json!({ "reason": "enough" })).expect(200);
    assert!(asked["cancelRequestedAt"].is_string(), "{asked}");
    assert_eq!(worker.ended(), format!("{id} cancelled\n"));
    let job = place.job(&id);
    assert_eq!(job["status"], "cancelled", "{job}");
    assert!(job["error"].as_str().unwrap().contains("enough"), "{job}");
}

fn two_workers_share_the_jobs_and_none_is_run_twice(engine: Engine) {
    if !has_python() {
        return;
    }
    let place = Place::new(engine);
    let ids: Vec<_> = (0..8).map(|_| place.run()).collect();
    // A command that takes a moment, so that neither worker has finished all of them before the other is awake.
    let workers =
        ["reader-1", "reader-2"].map(|name| place.worker(name, 4, &["sh", "-c", "cat >/dev/null; sleep 0.3"]));
    let told: String = workers.into_iter().map(Worker::ended).collect();
    let mut ended: Vec<_> = told.lines().map(|line| line.strip_suffix(" succeeded").unwrap().to_owned()).collect();
    ended.sort();
    let mut expected = ids;
    expected.sort();
    assert_eq!(ended, expected);
    for id in &expected {
        let job = place.job(id);
        assert_eq!((&job["status"], &job["attempt"]), (&json!("succeeded"), &json!(1)), "{job}");
    }
}
