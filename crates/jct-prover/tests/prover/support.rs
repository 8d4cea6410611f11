//! A repository, a workshop with the best sandbox of this machine, and executors that are a shell script.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jct_contract::{Check, Operation};
use jct_cwom::{EvidenceFindings, Verdict};
use jct_evidence::RunEnded;
use jct_evidence::scan::Scanner;
use jct_exec::process::{Bounds, ProcessEnd};
use jct_exec::sandbox::{IsolationLevel, Launcher, SandboxOptions};
use jct_exec::{
    ExecutionIo, ExecutionRequest, Fate, Handover, LineSink, LogLine, ProgressSink, RepoCache, RepoSource, RepoSources,
    Sandbox, Session, Workshop,
};
use jct_prover::{Proof, ProofError, ProofRequest, Prover, ProverOptions};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(120);

/// A made-up token, in two parts, so that no scanner of this repository takes it for real.
pub(crate) fn token() -> String {
    ["glpat-", "Yb8mQ2rJ5uTf1XcG6hDw"].concat()
}

pub(crate) fn wait(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(test);
}

fn sandbox() -> Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    let options = SandboxOptions { minimum: IsolationLevel::L2, ..SandboxOptions::new(Launcher::current_exe()) };
    SANDBOX.get_or_init(|| Sandbox::new(options).unwrap()).clone()
}

#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap().push(line.text);
    }
}

pub(crate) struct Silent;

impl ProgressSink for Silent {
    fn progress(&self, _: Option<u8>, _: &str) {}
}

/// One attempt at a task in the repository `org/demo`, which has `README.md`, `src/lib.sh` and `test.sh`.
pub(crate) struct Attempt {
    folder: TempDir,
    workshop: Arc<Workshop>,
    pub(crate) request: ExecutionRequest,
    pub(crate) operation: Operation,
    pub(crate) checks: Vec<Check>,
    pub(crate) options: ProverOptions,
    pub(crate) cancel: CancellationToken,
    pub(crate) lines: Arc<Lines>,
}

impl Attempt {
    pub(crate) fn new(operation: Operation) -> Self {
        Self::build(operation, "answer=41\n")
    }

    /// A change to code, in a repository whose `src/lib.sh` is this.
    pub(crate) fn with_source(library: &str) -> Self {
        Self::build(Operation::CodeChange, library)
    }

    fn build(operation: Operation, library: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("src")).unwrap();
        fs::create_dir(folder.path().join("artifacts")).unwrap();
        fs::write(source.join("README.md"), "# demo\n").unwrap();
        fs::write(source.join("src/lib.sh"), library).unwrap();
        fs::write(source.join("test.sh"), ". src/lib.sh\necho '1 passed, 0 failed'\ntest \"$answer\" = 42\n").unwrap();
        git(&source, &["init", "--quiet", "--initial-branch=main"]);
        git(&source, &["add", "--all"]);
        git(&source, &["commit", "--quiet", "--message", "first"]);
        let entry = RepoSource::new(None, Some("org/demo"), source.to_str().unwrap()).unwrap();
        let cache = RepoCache::new(&folder.path().join("cache"), RepoSources::new([entry]).unwrap()).unwrap();
        let request = ExecutionRequest {
            task_id: "018bcfe5-687b-7000-8000-000000000001".to_owned(),
            run_key: "018bcfe5-687b-7000-8000-0000000000a1".to_owned(),
            attempt: 1,
            trace_id: "t-1".to_owned(),
            repo: "org/demo".to_owned(),
            reference: "main".to_owned(),
            operation: operation.to_string(),
            objective: "make the answer right".to_owned(),
            time_budget: LONG,
            ..ExecutionRequest::default()
        };
        Self {
            folder,
            workshop: Arc::new(Workshop::new(Arc::new(cache), sandbox())),
            request,
            operation,
            checks: Vec::new(),
            options: ProverOptions { time_budget: LONG, ..ProverOptions::default() },
            cancel: CancellationToken::new(),
            lines: Arc::default(),
        }
    }

    pub(crate) fn check(mut self, name: &str, criterion: Option<u32>, script: &str) -> Self {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        self.checks.push(Check { name: name.to_owned(), command, criterion });
        self
    }

    pub(crate) fn criterion(mut self, text: &str) -> Self {
        self.request.acceptance_criteria.push(text.to_owned());
        self
    }

    pub(crate) fn requires(mut self, text: &str) -> Self {
        self.request.evidence_requirements.push(text.to_owned());
        self
    }

    pub(crate) fn within(mut self, path: &str) -> Self {
        self.request.path = path.to_owned();
        self
    }

    pub(crate) fn io(&self) -> ExecutionIo {
        let (artifacts, workspaces) = (self.path("artifacts"), self.path("workspaces"));
        ExecutionIo::new(self.lines.clone(), Arc::new(Silent), artifacts, workspaces, self.cancel.clone())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Checks that have begun, told by the file that they leave in their checkout.
    pub(crate) fn running_checks(&self) -> usize {
        let workspaces = fs::read_dir(self.path("workspaces")).into_iter().flatten().flatten();
        workspaces.filter(|workspace| workspace.path().join("work/repo/begun").exists()).count()
    }

    pub(crate) fn artifact(&self, name: &str) -> Option<String> {
        fs::read(self.path("artifacts").join(name)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.artifact(name).unwrap()).unwrap()
    }

    /// Has a shell script do the work, in a session as every executor has one.
    pub(crate) async fn work(&self, io: &ExecutionIo, script: &str) -> Handover {
        let whole = ExecutionRequest { path: String::new(), ..self.request.clone() };
        let bounds = Bounds::new(LONG, CancellationToken::new());
        let mut session = Session::open(&self.workshop, &whole, io, bounds).await.unwrap();
        let outcome = session.run(&session.command("sh", ["-euc", script])).await;
        assert!(matches!(outcome.end, ProcessEnd::Exited { code: 0 }), "{outcome:?}: {}", self.lines.text());
        let handover = session.hand_over().await.unwrap();
        session.close(Fate::Done).await;
        handover
    }

    pub(crate) async fn try_prove(
        &self,
        io: &ExecutionIo,
        handover: Option<&Handover>,
        ended: RunEnded,
    ) -> Result<Proof, ProofError> {
        let prover = Prover::new(self.workshop.clone(), self.options.clone());
        let request = ProofRequest {
            execution: &self.request,
            operation: self.operation,
            checks: &self.checks,
            found: Vec::new(),
        };
        prover.prove(&request, handover, ended, io).await
    }

    /// Does the work and proves it, and ends as a worker does once it knows.
    pub(crate) async fn prove(&self, script: &str) -> EvidenceFindings {
        let io = self.io();
        let handover = self.work(&io, script).await;
        let findings = self.try_prove(&io, Some(&handover), RunEnded::Done).await.unwrap().findings;
        io.record().end_workspaces(None).await;
        findings
    }

    /// The same, with what the verdict must be and say.
    #[track_caller]
    pub(crate) fn expect(findings: &EvidenceFindings, verdict: Verdict, reason: &str) {
        assert_eq!(findings.verdict, verdict, "{findings:#?}");
        assert!(findings.verdict_reason.contains(reason), "{}", findings.verdict_reason);
    }

    /// No file of the attempt has this text in it.
    pub(crate) fn assert_nowhere(&self, text: &str) {
        let mut folders = vec![self.path("artifacts")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    assert!(!String::from_utf8_lossy(&bytes).contains(text), "{}", path.display());
                }
            }
        }
    }

    /// Everything that the attempt and its proof made room for is gone again.
    pub(crate) fn assert_no_workspace(&self) {
        let left: Vec<_> = fs::read_dir(self.path("workspaces")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

pub(crate) fn scanner() -> Scanner {
    Scanner::new()
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}
