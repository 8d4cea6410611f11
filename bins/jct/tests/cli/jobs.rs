//! Jobs from their submission to their artifacts, against a real tower and through a real worker over HTTP.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Tower, checked, jct};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/manifests");
const PATIENCE: Duration = Duration::from_secs(60);

/// A tower with a token of a worker.
struct Place {
    tower: Tower,
    token: String,
    token_id: String,
}

impl Place {
    fn new() -> Self {
        let mut tower = Tower::start();
        tower.demo_task();
        let made = tower.run_json(
            0,
            &["tokens", "create", "builder-1", "--caps", "codex,git,manifest,github,openai,pgvector,embeddings"],
        );
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (token, token_id) = (text(&made["token"]), text(&made["workerToken"]["id"]));
        assert!(token.starts_with("jctw_") && made["workerToken"]["workerId"] == "builder-1", "{made}");
        Self { tower, token, token_id }
    }

    fn folder(&self) -> &Path {
        self.tower.folder.path()
    }

    /// Submits a job for a coding agent, which no worker of the tower itself takes.
    #[track_caller]
    fn submit(&self) -> String {
        let payload = json!({ "instruction": "Say hello to the world", "repository": "local/demo" });
        fs::write(self.folder().join("payload.json"), payload.to_string()).expect("written");
        let job = self.tower.run_json(0, &["jobs", "create", "codex_exec", "payload.json", "--max-attempts", "2"]);
        assert_eq!(job["status"], "queued", "{job}");
        job["id"].as_str().expect("an id").to_owned()
    }

    fn worker(&self, flags: &[&str], command: &[&str]) -> Command {
        let mut worker = jct(self.folder(), &[&["worker-http"], flags, &["--"], command].concat());
        worker.env("JCT_URL", &self.tower.url).env("JCT_WORKER_TOKEN", &self.token);
        worker
    }

    /// Runs a worker until nothing is left, with this shell program as the command.
    #[track_caller]
    fn work(&self, flags: &[&str], program: &str) -> String {
        let flags = [&["--until-idle", "--caps", "codex,git"], flags].concat();
        let output = self.worker(&flags, &["sh", "-c", program]).output().expect("run");
        checked(&output, 0, &flags)
    }

    #[track_caller]
    fn job(&self, id: &str) -> Value {
        self.tower.run_json(0, &["jobs", "show", id])
    }

    #[track_caller]
    fn wait_for(&self, id: &str, status: &str) -> Value {
        let start = Instant::now();
        loop {
            let job = self.job(id);
            if job["status"] == status {
                return job;
            }
            assert!(start.elapsed() < PATIENCE, "never {status}: {job}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A worker that does not outlive its test.
struct Running(Option<Child>);

impl Running {
    fn start(mut worker: Command) -> Self {
        Self(Some(worker.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")))
    }

    /// Ends it as a service manager does.
    fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(self.0.as_ref().expect("running"));
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
    }

    /// What it said, once it has ended.
    fn ended(mut self) -> Output {
        self.0.take().expect("running").wait_with_output().expect("ended")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(worker) = &mut self.0 {
            // Only for tests that fail: the others have waited for its end.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

#[test]
fn a_job_is_submitted_worked_on_and_looked_at() {
    let place = Place::new();
    let id = place.submit();
    let shown = place.tower.run(0, &["jobs", "show", &id]);
    assert!(shown.contains("codex_exec") && shown.contains("codex, git"), "{shown}");
    assert!(place.tower.run(0, &["jobs", "list", "--type", "codex_exec", "--status", "queued"]).contains(&id));

    let program = r#"cat > "$JCT_OUTPUT_DIR/job.json"; mkdir "$JCT_OUTPUT_DIR/logs"; echo fine > "$JCT_OUTPUT_DIR/logs/a.txt"
        : > "$JCT_OUTPUT_DIR/empty"; printf '{"answer": 42}' > "$JCT_RESULT_FILE"
        env; echo careful >&2; echo "said hello""#;
    let told = place.work(&["--env", "LANG"], program);
    assert!(told.contains(&format!("job {id} claimed")) && told.contains(&format!("job {id} succeeded")), "{told}");

    let job = place.job(&id);
    assert_eq!((&job["status"], &job["resultSummary"]), (&json!("succeeded"), &json!("said hello")), "{job}");
    assert_eq!(job["result"]["answer"], 42, "{job}");
    let events = place.tower.run(0, &["jobs", "events", &id, "--follow"]);
    assert!(events.contains("| said hello") && events.contains("! careful"), "{events}");
    assert!(events.contains("not an artifact: `empty`") && events.trim_end().ends_with("said hello"), "{events}");
    assert!(!events.contains(&place.token) && !events.contains("JCT_WORKER_TOKEN"), "the command knows no token");
    let page = place.tower.run_json(0, &["jobs", "events", &id, "--limit", "2"]);
    assert_eq!(page["events"].as_array().map(Vec::len), Some(2), "{page}");

    let artifacts = place.tower.run(0, &["jobs", "artifacts", &id]);
    assert!(artifacts.contains("logs/a.txt") && artifacts.contains("job.json"), "{artifacts}");
    assert_eq!(place.tower.run(0, &["jobs", "download", &id, "logs/a.txt"]), "fine\n");
    place.tower.run(0, &["jobs", "download", &id, "job.json", "--out", "kept.json"]);
    place.tower.run(7, &["jobs", "download", &id, "job.json", "--out", "kept.json"]);
    place.tower.run(4, &["jobs", "download", &id, "nothing.txt"]);
    let read: Value = serde_json::from_slice(&fs::read(place.folder().join("kept.json")).expect("kept")).expect("JSON");
    assert_eq!(
        (&read["id"], &read["payload"]["instruction"]),
        (&json!(id), &json!("Say hello to the world")),
        "{read}"
    );
    assert!(read.get("lease").is_none(), "the lease is the worker's: {read}");
    place.tower.run(7, &["jobs", "cancel", &id]);
    place.tower.stop();
}

#[test]
fn the_exit_status_says_what_becomes_of_a_job() {
    let place = Place::new();
    let failed = place.submit();
    assert!(place.work(&[], "echo no reason >&2; exit 3").contains(&format!("job {failed} failed")));
    let job = place.job(&failed);
    assert_eq!(job["status"], "failed", "{job}");
    assert!(job["error"].as_str().expect("why").contains("ended with 3: no reason"), "{job}");
    place.tower.run(1, &["jobs", "events", &failed, "--follow"]);

    let again = place.submit();
    assert!(place.work(&[], "exit 75").contains(&format!("job {again} given back")));
    let job = place.job(&again);
    assert_eq!((&job["status"], job["nextAttemptAt"].is_string()), (&json!("queued"), true), "{job}");
    let cancelled = place.tower.run_json(0, &["jobs", "cancel", &again, "--reason", "no more"]);
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");

    let result = place.submit();
    place.work(&[], r#"echo '[1]' > "$JCT_RESULT_FILE""#);
    let job = place.job(&result);
    assert_eq!(job["status"], "failed", "{job}");
    assert!(job["error"].as_str().expect("why").contains("does not hold a JSON object"), "{job}");

    let unfit = place.submit();
    let worker = place.worker(&["--until-idle", "--caps", "codex,git"], &["no-such-program"]).output().expect("run");
    checked(&worker, 8, &["no-such-program"]);
    assert_eq!(place.job(&unfit)["status"], "queued", "somebody else may have the program");
    place.tower.stop();
}

#[test]
fn a_secret_that_a_command_prints_or_leaves_is_told_to_nobody() {
    let place = Place::new();
    let id = place.submit();
    // Put together here, so that nobody who scans this repository finds it.
    let secret = ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat();
    let program = format!("echo pushed with {secret}; echo {secret} >&2");
    place.work(&[], &program);
    let job = place.job(&id);
    assert_eq!((&job["status"], &job["resultSummary"]), (&json!("succeeded"), &json!("pushed with [secret removed]")));
    let events = place.tower.run_json(0, &["jobs", "events", &id]).to_string();
    assert!(events.contains("[secret removed]") && !events.contains(&secret), "{events}");
    place.tower.stop();
}

#[test]
fn a_job_that_is_called_off_ends_its_command() {
    let place = Place::new();
    let id = place.submit();
    let flags = ["--caps", "codex,git", "--lease", "5", "--wait", "1", "--grace", "20"];
    let program = "trap 'echo ending; exit 9' TERM; echo begun; while :; do sleep 0.1; done";
    let worker = Running::start(place.worker(&flags, &["sh", "-c", program]));
    place.wait_for(&id, "running");
    let asked = place.tower.run(0, &["jobs", "cancel", &id, "--reason", "changed my mind"]);
    assert!(asked.contains("asked to become cancelled"), "{asked}");
    let job = place.wait_for(&id, "cancelled");
    assert!(job["error"].as_str().expect("why").contains("changed my mind"), "{job}");
    worker.terminate();
    let told = checked(&worker.ended(), 0, &["worker-http"]);
    assert!(told.contains(&format!("job {id} cancelled")), "{told}");
    place.tower.stop();
}

#[test]
fn a_worker_that_is_told_to_end_finishes_first_or_gives_back() {
    let place = Place::new();
    let flags = ["--caps", "codex,git", "--wait", "1"];
    let id = place.submit();
    let start = |program: &str| Running::start(place.worker(&flags, &["sh", "-c", program]));

    let worker = start("sleep 2; echo finished");
    place.wait_for(&id, "running");
    worker.terminate();
    checked(&worker.ended(), 0, &["finishing"]);
    assert_eq!(place.job(&id)["resultSummary"], "finished");

    let id = place.submit();
    let worker = start("sleep 600");
    place.wait_for(&id, "running");
    worker.terminate();
    std::thread::sleep(Duration::from_millis(200));
    worker.terminate();
    checked(&worker.ended(), 0, &["giving back"]);
    let job = place.job(&id);
    assert_eq!((&job["status"], &job["attempt"]), (&json!("queued"), &json!(1)), "{job}");
    place.tower.stop();
}

#[test]
fn a_worker_is_let_in_and_shut_out() {
    let place = Place::new();
    let without = jct(place.folder(), &["worker-http", "--", "true"]).env("JCT_URL", &place.tower.url).output();
    checked(&without.expect("run"), 2, &["no token"]);
    let forbidden = place.worker(&["--until-idle", "--caps", "kubernetes"], &["true"]).output().expect("run");
    checked(&forbidden, 6, &["a capability beyond the token's"]);
    let listed = place.tower.run_json(0, &["tokens", "list"]);
    let tokens = listed["tokens"].as_array().expect("a list");
    assert!(tokens.iter().any(|token| token["id"] == place.token_id.as_str()), "{listed}");
    assert!(!listed.to_string().contains(&place.token), "a token is shown once");
    assert!(place.tower.run(0, &["tokens", "revoke", &place.token_id]).contains("revoked"));
    place.tower.run(4, &["tokens", "revoke", "00000000-0000-7000-8000-000000000000"]);
    let start = Instant::now();
    // Processes believe in a token for a few seconds.
    while place.worker(&["--until-idle"], &["true"]).output().expect("run").status.code() != Some(6) {
        assert!(start.elapsed() < PATIENCE, "a revoked token goes on working");
        std::thread::sleep(Duration::from_millis(200));
    }
    place.tower.stop();
}

#[test]
fn a_manifest_is_kept_run_and_deleted() {
    let place = Place::new();
    let file = format!("{EXAMPLES}/repository-docs.yaml");
    let kept = place.tower.run_json(0, &["manifests", "put", &file]);
    let hash = kept["contentHash"].as_str().expect("a hash").to_owned();
    assert_eq!((&kept["name"], &kept["version"]), (&json!("repository-docs"), &json!(1)), "{kept}");
    assert_eq!(place.tower.run_json(0, &["manifests", "put", &file])["version"], 1, "the same again changes nothing");
    let text = fs::read_to_string(&file).expect("an example");
    fs::write(place.folder().join("next.yaml"), text.replace("maxDocs: 200", "maxDocs: 3")).expect("written");
    let other = format!("sha256:{}", "0".repeat(64));
    place.tower.run(7, &["manifests", "put", "next.yaml", "--if-match", &other]);
    place.tower.run(0, &["manifests", "put", "next.yaml", "--if-match", &hash]);
    fs::write(place.folder().join("bad.yaml"), text.replace("version: v0", "version: v9")).expect("written");
    place.tower.run(3, &["manifests", "put", "bad.yaml"]);
    let versions = place.tower.run_json(0, &["manifests", "versions", "repository-docs"]);
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(2), "{versions}");
    assert_eq!(place.tower.run(0, &["manifests", "show", "repository-docs", "--hash", &hash, "--content"]), text);
    assert!(place.tower.run(0, &["manifests", "list", "--search", "repo"]).contains("repository-docs"));

    let run = place.tower.run_json(0, &["manifests", "run", "repository-docs", "--hash", &hash, "--max-docs", "2"]);
    let id = run["jobId"].as_str().expect("a job").to_owned();
    assert_eq!(run["queue"]["manifestHash"], hash.as_str(), "{run}");
    place.tower.run(7, &["manifests", "delete", "repository-docs"]);
    let program = r#"cp "$JCT_CONTENT_FILE" "$JCT_OUTPUT_DIR/manifest.yaml"; printf '{"seen": 7}' > "$JCT_STATE_FILE"; echo done"#;
    let flags = ["--until-idle", "--types", "manifest", "--caps", "manifest,github,openai,pgvector,embeddings"];
    checked(&place.worker(&flags, &["sh", "-c", program]).output().expect("run"), 0, &flags);
    assert_eq!(place.tower.run(0, &["jobs", "download", &id, "manifest.yaml"]), text, "the version that was asked for");
    let shown = place.tower.run_json(0, &["manifests", "show", "repository-docs"]);
    assert_eq!((&shown["lastRun"]["jobId"], &shown["lastRun"]["status"]), (&json!(id), &json!("succeeded")), "{shown}");
    assert_eq!(shown["state"]["stateJson"]["seen"], 7, "{shown}");
    let runs = place.tower.run_json(0, &["manifests", "runs", "repository-docs"]);
    assert_eq!(runs["runs"][0]["id"], id.as_str(), "{runs}");
    place.tower.run(0, &["manifests", "delete", "repository-docs"]);
    place.tower.run(4, &["manifests", "run", "repository-docs"]);
    place.tower.stop();
}
