//! Folders, repositories and sinks that every test needs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jct_agent::InsideProgram;
use jct_exec::sandbox::{Launcher, Sandbox, SandboxOptions};
use jct_exec::{
    EgressDecision, EgressSink, Execution, ExecutionIo, ExecutionRequest, FailureReason, JsonObject, LineSink, LogLine,
    ProgressSink, RepoCache, RepoSource, RepoSources, Workshop,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Far more than any test needs: nothing depends on how long something takes.
const LONG: Duration = Duration::from_secs(120);

#[derive(Default)]
pub(crate) struct Seen {
    lines: Mutex<Vec<String>>,
    progress: Mutex<Vec<String>>,
    egress: Mutex<Vec<EgressDecision>>,
}

impl LineSink for Seen {
    fn line(&self, line: LogLine) {
        self.lines.lock().unwrap().push(line.text);
    }
}

impl ProgressSink for Seen {
    fn progress(&self, _: Option<u8>, message: &str) {
        self.progress.lock().unwrap().push(message.to_owned());
    }
}

impl EgressSink for Seen {
    fn decided(&self, decision: EgressDecision) {
        self.egress.lock().unwrap().push(decision);
    }
}

/// A source repository at `org/demo`, a workshop, and everything an attempt needs.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) cancel: CancellationToken,
    seen: Arc<Seen>,
    io: ExecutionIo,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["source", "artifacts", "programs"] {
            fs::create_dir(path(name)).unwrap();
        }
        git(&path("source"), &["init", "--quiet", "--initial-branch=main"]);
        let entry = RepoSource::new(None, Some("Org/Demo"), path("source").to_str().unwrap()).unwrap();
        let cache = RepoCache::new(&path("cache"), RepoSources::new([entry]).unwrap()).unwrap();
        let mut options = SandboxOptions::new(Launcher::program(inside().path()));
        options.readable.push(path("programs"));
        let workshop = Arc::new(Workshop::new(Arc::new(cache), Sandbox::new(options).unwrap()));
        let seen = Arc::new(Seen::default());
        let cancel = CancellationToken::new();
        let io = ExecutionIo::new(seen.clone(), seen.clone(), path("artifacts"), path("workspaces"), cancel.clone())
            .with_egress(seen.clone());
        let bench = Self { folder, workshop, cancel, seen, io };
        bench.write("README.md", "# demo\n");
        bench.commit("first");
        bench
    }

    /// Another attempt at the same repository: with artifacts and a record of its own.
    pub(crate) fn with(other: &Self) -> Self {
        let bench = Self::new();
        fs::remove_dir_all(bench.path("source")).unwrap();
        git(bench.folder.path(), &["clone", "--quiet", other.path("source").to_str().unwrap(), "source"]);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path("source").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, message: &str) -> String {
        git(&self.path("source"), &["add", "--all"]);
        git(&self.path("source"), &["commit", "--quiet", "--allow-empty", "--message", message]);
        git(&self.path("source"), &["rev-parse", "HEAD"])
    }

    /// A program that runs inside the sandbox, and where it is.
    pub(crate) fn program(&self, name: &str, text: &str) -> String {
        let path = self.path("programs").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn io(&self) -> &ExecutionIo {
        &self.io
    }

    pub(crate) fn artifact(&self, name: &str) -> String {
        fs::read_to_string(self.path("artifacts").join(name)).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lines.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn said(&self, text: &str) {
        let lines = self.lines();
        assert!(lines.iter().any(|line| line.contains(text)), "nobody said {text:?}: {lines:#?}");
    }

    pub(crate) fn progress(&self) -> Vec<String> {
        self.seen.progress.lock().unwrap().clone()
    }

    pub(crate) fn egress(&self) -> Vec<EgressDecision> {
        self.seen.egress.lock().unwrap().clone()
    }

    /// A file of the commit that was handed over.
    pub(crate) fn handed_over(&self, file: &str) -> Option<String> {
        let handover = self.io.record().handover()?;
        let bundle = self.path("artifacts/changes.bundle");
        let folder = TempDir::new().unwrap();
        git(folder.path(), &["clone", "--quiet", "--no-checkout", self.path("source").to_str().unwrap(), "."]);
        git(folder.path(), &["fetch", "--quiet", bundle.to_str().unwrap(), &handover.head_commit]);
        let shown = Command::new("git")
            .args(["show", &format!("{}:{file}", handover.head_commit)])
            .current_dir(folder.path())
            .output()
            .unwrap();
        shown.status.success().then(|| String::from_utf8(shown.stdout).unwrap())
    }
}

pub(crate) fn inside() -> InsideProgram {
    InsideProgram::program(env!("CARGO_BIN_EXE_jct-agent-inside"))
}

pub(crate) fn request(operation: &str, inputs: Value) -> ExecutionRequest {
    let Value::Object(inputs) = inputs else { panic!("inputs are an object") };
    ExecutionRequest {
        task_id: "0190-task".to_owned(),
        run_key: "0190-run".to_owned(),
        attempt: 1,
        trace_id: "trace-1".to_owned(),
        repo: "org/demo".to_owned(),
        reference: "main".to_owned(),
        operation: operation.to_owned(),
        objective: "prove it".to_owned(),
        inputs,
        time_budget: LONG,
        ..ExecutionRequest::default()
    }
}

#[track_caller]
pub(crate) fn completed(execution: Execution) -> JsonObject {
    match execution {
        Execution::Completed { output } => output,
        other => panic!("{other:#?}"),
    }
}

/// The message of a failure, and what had been reached.
#[track_caller]
pub(crate) fn failed(execution: Execution, expect: FailureReason) -> (String, JsonObject) {
    match execution {
        Execution::Failed { reason, message, output } if reason == expect => {
            assert!(!message.is_empty() && !message.contains('\n'), "{message}");
            (message, output)
        }
        other => panic!("{other:#?}"),
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
