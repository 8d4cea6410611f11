//! A worker's surroundings: folders, a repository, and one manifest after another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jct_exec::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, LineSink, LogLine, ManifestInput,
    ProgressSink, RepoCache, RepoSource, RepoSources,
};
use jct_ingest::{Endpoint, IngestOptions, ManifestExecutor, Retries};
use jct_manifest::document::EmbeddingsProvider;
use jct_manifest::{JobRequest, RawManifest};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Far more than any test needs.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) struct Bench {
    folder: Arc<TempDir>,
    pub(crate) options: IngestOptions,
    pub(crate) cancel: CancellationToken,
    pub(crate) budget: Duration,
    pub(crate) heard: Arc<Heard>,
    runs: Mutex<u32>,
}

/// Lines and progress of all runs.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl LineSink for Heard {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap().push(line.text);
    }
}

impl ProgressSink for Heard {
    fn progress(&self, percent: Option<u8>, message: &str) {
        assert!(percent.is_none_or(|percent| percent <= 100));
        self.0.lock().unwrap().push(message.to_owned());
    }
}

/// What a run left.
pub(crate) struct Left {
    pub(crate) execution: Execution,
    pub(crate) state: Option<String>,
    pub(crate) tokens: Option<u64>,
    artifacts: PathBuf,
    /// Keeps the files as long as somebody looks at them.
    _folder: Arc<TempDir>,
}

impl Left {
    #[track_caller]
    pub(crate) fn output(&self) -> &JsonObject {
        match &self.execution {
            Execution::Completed { output } => output,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn failure(&self) -> (FailureReason, &str) {
        match &self.execution {
            Execution::Failed { reason, message, .. } => (*reason, message),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn numbers(&self, names: &[&str]) -> Vec<u64> {
        names.iter().map(|name| self.output()[*name].as_u64().unwrap()).collect()
    }

    /// Whether there is no file at all.
    pub(crate) fn is_empty(&self) -> bool {
        fs::read_dir(&self.artifacts).unwrap().next().is_none()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.artifacts.join(name).exists()
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.artifacts.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    #[track_caller]
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        self.text(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One member of every line.
    #[track_caller]
    pub(crate) fn column(&self, name: &str, member: &str) -> Vec<String> {
        let text = |line: &Value| line[member].as_str().map_or_else(|| line[member].to_string(), str::to_owned);
        self.lines(name).iter().map(text).collect()
    }
}

/// A manifest over the folder `notes`; `rest` is what it says beside that.
pub(crate) fn over_notes(rest: &str) -> String {
    let sources =
        "  - id: disk\n    type: SimpleDirectoryReader\n    params:\n      inputDir: notes\n      recursive: true\n";
    manifest(sources, rest)
}

pub(crate) fn manifest(sources: &str, rest: &str) -> String {
    let store = if rest.contains("vectorStore:") { "" } else { "vectorStore:\n  type: qdrant\n  indexName: harbor\n" };
    let embeddings =
        if rest.contains("embeddings:") { "" } else { "embeddings:\n  provider: ollama\n  model: tiny-embed\n" };
    format!("version: v0\nmetadata:\n  name: harbor-notes\n{embeddings}{store}dataSources:\n{sources}{rest}")
}

impl Bench {
    /// A worker that may read the folder `data` and writes chunks only.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("data/notes")).unwrap();
        let local_roots = vec![folder.path().join("data")];
        let options = IngestOptions { local_roots, repositories: true, endpoint: None, chunks_only: true };
        Self {
            folder: Arc::new(folder),
            options,
            cancel: CancellationToken::new(),
            budget: LONG,
            heard: Arc::default(),
            runs: Mutex::default(),
        }
    }

    /// A worker with a service for embeddings.
    pub(crate) fn with_endpoint(url: &str) -> Self {
        let mut bench = Self::new();
        let retries = Retries { most: 3, first_wait: Duration::from_millis(1) };
        let endpoint = Endpoint::new(url.parse().unwrap(), EmbeddingsProvider::Ollama);
        bench.options.endpoint = Some(endpoint.with_key("s3cret-key").with_retries(retries));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below `data/notes`.
    pub(crate) fn note(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write(&format!("data/notes/{name}"), content);
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs a manifest with these options of the job.
    pub(crate) async fn run(&self, manifest: &str, options: Value, state: Option<&str>) -> Left {
        self.act(manifest, "run", options, state).await
    }

    pub(crate) async fn act(&self, manifest: &str, action: &str, options: Value, state: Option<&str>) -> Left {
        let source = json!({ "kind": "inline", "content": manifest });
        let job =
            json!({ "manifest": { "name": "harbor-notes", "action": action, "source": source, "options": options } });
        let validated = RawManifest::new(manifest.as_bytes().to_vec()).validate();
        let validated = validated.unwrap_or_else(|violations| panic!("{violations:?}"));
        let job = JobRequest::parse(job.to_string().as_bytes()).unwrap().resolve(validated).unwrap();
        let input = ManifestInput {
            name: job.name().as_str().to_owned(),
            hash: job.hash().as_str().to_owned(),
            content: manifest.to_owned(),
            state: state.map(str::to_owned),
        };
        self.execute(Some(input), json!({ "executor": "manifest", "manifest_job": job.payload() })).await
    }

    pub(crate) async fn execute(&self, manifest: Option<ManifestInput>, inputs: Value) -> Left {
        let Value::Object(inputs) = inputs else { panic!("inputs are an object") };
        let request = ExecutionRequest {
            task_id: "0190-task".to_owned(),
            run_key: "0190-run".to_owned(),
            attempt: 1,
            repo: "manifests/harbor-notes".to_owned(),
            inputs,
            manifest,
            time_budget: self.budget,
            ..ExecutionRequest::default()
        };
        let number = {
            let mut runs = self.runs.lock().unwrap();
            *runs += 1;
            *runs
        };
        let artifacts = self.path(&format!("artifacts-{number}"));
        fs::create_dir(&artifacts).unwrap();
        let io = ExecutionIo::new(
            self.heard.clone(),
            self.heard.clone(),
            &artifacts,
            self.path("workspaces"),
            self.cancel.clone(),
        );
        let executor = ManifestExecutor::new(self.options.clone(), Arc::new(self.cache()));
        let execution = executor.run(&request, &io).await;
        let tokens = io.record().usage().and_then(|usage| usage.tokens_in);
        Left { execution, state: io.record().manifest_state(), tokens, artifacts, _folder: self.folder.clone() }
    }

    fn cache(&self) -> RepoCache {
        let url = self.path("source").to_str().unwrap().to_owned();
        let sources = RepoSources::new([RepoSource::new(None, Some("Org/Demo"), &url).unwrap()]).unwrap();
        RepoCache::new(&self.path("cache"), sources).unwrap()
    }

    /// Makes the repository `org/demo` of what lies in `source`, and gives its commit.
    pub(crate) fn commit(&self) -> String {
        let source = self.path("source");
        if !source.join(".git").exists() {
            git(&source, &["init", "--quiet", "--initial-branch=main"]);
        }
        git(&source, &["add", "--all"]);
        git(&source, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
        git(&source, &["rev-parse", "HEAD"])
    }

    /// Makes the repository `org/demo` without a file in it.
    pub(crate) fn commit_nothing(&self) {
        fs::create_dir_all(self.path("source")).unwrap();
        self.commit();
    }

    /// Whether every workspace is gone.
    pub(crate) fn is_tidy(&self) -> bool {
        fs::read_dir(self.path("workspaces")).map_or(true, |mut entries| entries.next().is_none())
    }
}

/// git as a user would run it, with a fixed identity and no configuration of this machine.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
