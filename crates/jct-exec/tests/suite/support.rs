//! Folders, repositories and sinks that every test needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jct_exec::process::Bounds;
use jct_exec::{
    ExecutionIo, ExecutionRequest, JsonObject, KeepRules, LineSink, LogLine, LogStream, ProgressSink, RepoCache,
    RepoSource, RepoSources, Sandbox, Workshop,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::sandbox::best_sandbox;

/// Far more than any test needs: nothing depends on how long something takes.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Deadlines to try one after another, until what the test needs has happened before the deadline:
/// how long that takes depends on what else this machine does.
pub(crate) const DEADLINES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25), Duration::from_secs(125)];

#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<LogLine>>);

impl Lines {
    pub(crate) fn all(&self) -> Vec<LogLine> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn of(&self, stream: LogStream) -> Vec<String> {
        let lines = self.all().into_iter();
        lines.filter(|l| l.stream == stream).map(|l| l.text).collect()
    }
}

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap().push(line);
    }
}

#[derive(Default)]
pub(crate) struct Progress(Mutex<Vec<(Option<u8>, String)>>);

impl Progress {
    pub(crate) fn all(&self) -> Vec<(Option<u8>, String)> {
        self.0.lock().unwrap().clone()
    }
}

impl ProgressSink for Progress {
    fn progress(&self, percent: Option<u8>, message: &str) {
        self.0.lock().unwrap().push((percent, message.to_owned()));
    }
}

/// A source repository at `org/demo`, a cache of it, and everything an attempt needs.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) cache: Arc<RepoCache>,
    pub(crate) lines: Arc<Lines>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) cancel: CancellationToken,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let source = folder.path().join("source");
        fs::create_dir(&source).unwrap();
        fs::create_dir(folder.path().join("artifacts")).unwrap();
        git(&source, &["init", "--quiet", "--initial-branch=main"]);
        let url = source.to_str().unwrap();
        let entry = RepoSource::new(None, Some("Org/Demo"), url).unwrap();
        let sources = RepoSources::new([entry]).unwrap();
        let cache = RepoCache::new(&folder.path().join("cache"), sources).unwrap();
        let bench = Self {
            folder,
            cache: Arc::new(cache),
            lines: Arc::default(),
            progress: Arc::default(),
            cancel: CancellationToken::new(),
        };
        bench.write("README.md", "# demo\n");
        bench.commit("first");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.path("source")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.source().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits everything and gives the id.
    pub(crate) fn commit(&self, message: &str) -> String {
        git(&self.source(), &["add", "--all"]);
        git(&self.source(), &["commit", "--quiet", "--allow-empty", "--message", message]);
        git(&self.source(), &["rev-parse", "HEAD"])
    }

    pub(crate) fn io(&self) -> ExecutionIo {
        ExecutionIo::new(
            self.lines.clone(),
            self.progress.clone(),
            self.path("artifacts"),
            self.path("workspaces"),
            self.cancel.clone(),
        )
    }

    /// Everything that executors share, in the best sandbox of this machine. Nothing is kept of failed work.
    pub(crate) fn workshop(&self) -> Workshop {
        self.workshop_in(best_sandbox())
    }

    pub(crate) fn workshop_in(&self, sandbox: Sandbox) -> Workshop {
        Workshop::new(self.cache.clone(), sandbox).keeping(KeepRules::NOTHING)
    }

    /// Whether every workspace is gone.
    pub(crate) fn is_tidy(&self) -> bool {
        match fs::read_dir(self.path("workspaces")) {
            Ok(mut entries) => entries.next().is_none(),
            Err(_) => true,
        }
    }
}

pub(crate) fn bounds() -> Bounds {
    Bounds::new(LONG, CancellationToken::new())
}

pub(crate) fn request(inputs: serde_json::Value) -> ExecutionRequest {
    let serde_json::Value::Object(inputs) = inputs else { panic!("inputs are an object") };
    ExecutionRequest {
        task_id: "0190-task".to_owned(),
        run_key: "0190-run".to_owned(),
        attempt: 1,
        trace_id: "trace-1".to_owned(),
        repo: "org/demo".to_owned(),
        reference: "main".to_owned(),
        path: String::new(),
        operation: "execution".to_owned(),
        objective: "prove it".to_owned(),
        inputs: JsonObject::from_iter(inputs),
        time_budget: LONG,
        ..ExecutionRequest::default()
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
        .env("GIT_AUTHOR_DATE", "2024-05-01T12:00:00Z")
        .env("GIT_COMMITTER_DATE", "2024-05-01T12:00:00Z")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether a process runs; a zombie does not.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Waits until `path` holds a whole line, as a script under test writes its process id.
pub(crate) async fn line_in(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
