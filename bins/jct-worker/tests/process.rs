//! The worker as a process: a real repository, real commands, real signals.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use jct_contract::{Principal, RequesterKind, TaskId, TaskSpec, TraceId};
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_policy::{PolicyConfig, evaluate};
use jct_store::model::{Enqueued, JobFacts, NewTask, TaskState, TraceRef};
use jct_store::{DatabaseUrl, Store, StoreOptions};
use jct_trace::{TraceRoot, verify};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Only a hang reaches this.
const HANG: Duration = Duration::from_secs(120);

struct Bench {
    folder: TempDir,
    store: Store,
}

impl Bench {
    /// An empty tower and a repository `acme/demo` with one file.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        let bench = Self { folder, store };
        let repo = bench.path("demo");
        std::fs::create_dir(&repo).unwrap();
        std::fs::write(repo.join("main.rs"), "fn main() {}\n").unwrap();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "main.rs"],
            &["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "begin"],
        ] {
            assert!(Command::new("git").args(arguments).current_dir(&repo).status().unwrap().success());
        }
        let config = format!("[[repo_sources]]\nrepo = \"acme/demo\"\nurl = {:?}\n", repo.display().to_string());
        std::fs::write(bench.path("jct.toml"), config).unwrap();
        bench
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The worker binary in the folder of this test, with a clean environment.
    fn worker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jct-worker"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let database = format!("sqlite:{}", self.path("jct.db").display());
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("PATH", path);
        command.env("DATABASE_URL", database).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn enqueue(&self, operation: &str, inputs: Value) -> TaskId {
        let spec = json!({
            "requested_by": { "kind": "agent", "id": "jules" },
            "objective": "Try out the worker",
            "operation": operation,
            "target": { "repo": "acme/demo" },
            "inputs": inputs,
        });
        let spec = TaskSpec::from_json(spec.to_string().as_bytes()).unwrap();
        let policy = PolicyConfig::from_prefix_list("acme/").unwrap();
        let admitted = evaluate(&spec, &policy).unwrap();
        let task = NewTask {
            job: JobFacts::of_task(admitted.task()),
            events: Vec::new(),
            admitted,
            policy_canonical: policy.canonical_json().into(),
            trace_id: TraceId::generate(),
            submitter: Principal::new(RequesterKind::Human, "operator").unwrap(),
            hold: false,
            max_attempts: 1,
            objects: None,
        };
        match self.store.enqueue(vec![task]).await.unwrap().as_slice() {
            [Enqueued::Created { task_id, .. }] => *task_id,
            other => panic!("not created: {other:?}"),
        }
    }

    async fn state(&self, id: TaskId) -> TaskState {
        self.store.task_get(id).await.unwrap().unwrap().state
    }

    fn verified(&self, id: TaskId, attempt: u32, trace: &TraceRef) {
        let root = TraceRoot::open(&self.path(".jct/traces")).unwrap();
        let digest = trace.manifest_digest.as_ref().unwrap().parse().unwrap();
        let report = verify(&root, id, attempt, Some(digest)).unwrap();
        assert!(report.is_clean(), "{report:?}");
    }
}

fn succeed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn ended(child: Child) -> Output {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    tokio::time::timeout(HANG, output).await.unwrap().unwrap()
}

async fn until(what: &str, mut look: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(HANG, async {
        while !look() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

fn terminate(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

fn finished(state: TaskState) -> (TaskStatus, Result<String, String>, TraceRef) {
    match state {
        TaskState::Finished { status, outcome, trace: Some(trace), .. } => (status, outcome, trace),
        other => panic!("not finished with a trace: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_runs_a_survey_and_a_command_on_a_real_repository() {
    let bench = Bench::new().await;
    let survey = bench.enqueue("analysis", json!({})).await;
    let command = bench.enqueue("ops", json!({ "command": ["cat", "main.rs"] })).await;
    let orphan = bench.enqueue("code_change", json!({ "executor": "nobody" })).await;
    let output = ended(bench.worker(&["--drain"]).spawn().unwrap()).await;
    let said = succeed(&output);
    assert!(said.starts_with("3 claimed: 2 completed, 1 failed"), "{said}");

    for id in [survey, command] {
        let (status, outcome, trace) = finished(bench.state(id).await);
        assert_eq!(status, TaskStatus::Completed, "{outcome:?}");
        bench.verified(id, 1, &trace);
    }
    let log = |id: TaskId| std::fs::read_to_string(bench.path(".jct/traces").join(id.to_string()).join("log.txt"));
    assert!(log(command).unwrap().contains("fn main() {}"));
    let (status, outcome, trace) = finished(bench.state(orphan).await);
    assert_eq!(status, TaskStatus::Failed);
    assert!(outcome.unwrap_err().contains("no executor `nobody`"));
    bench.verified(orphan, 1, &trace);

    // Each line of the log about a task names it three times over.
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let about_tasks: Vec<_> = stderr.lines().filter(|line| line.contains("attempt started")).collect();
    assert_eq!(about_tasks.len(), 3, "{stderr}");
    for line in about_tasks {
        assert!(["trace_id=", "task_id=", "attempt=1"].iter().all(|key| line.contains(key)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_gives_a_running_command_back_and_kills_its_whole_tree() {
    let bench = Bench::new().await;
    // A number that no other process has, because nothing of the run can be seen outside but its processes.
    let nap = format!("{}", 700_000 + std::process::id());
    let script = format!("setsid sleep {nap} & sleep {nap} & wait");
    let id = bench.enqueue("ops", json!({ "command": ["sh", "-c", script] })).await;
    let mut worker = bench.worker(&["--slots", "1"]).spawn().unwrap();
    until("the command runs", || lives(&nap)).await;
    // Signals that come together count as one, so they are repeated until the worker has heard two.
    until("the worker ends", || {
        terminate(&worker);
        worker.try_wait().unwrap().is_some()
    })
    .await;
    succeed(&ended(worker).await);
    let state = bench.state(id).await;
    let expect = Some(ReasonCode::GivenBack);
    assert!(
        matches!(state, TaskState::Queued { attempts: 1, max_attempts: 2, last_reason, .. } if last_reason == expect),
        "{state:?}"
    );
    assert!(!lives(&nap), "a process of the attempt still lives");
    let attempts = bench.store.task_attempts(id).await.unwrap();
    bench.verified(id, 1, attempts[0].end.as_ref().unwrap().trace.as_ref().unwrap());
}

/// Whether a process has this argument.
fn lives(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|line| line.split(|&byte| byte == 0).any(|part| part == argument.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_one_line_and_by_the_exit_status() {
    let bench = Bench::new().await;
    for (arguments, expect) in [
        (
            &["--executors", "nobody"][..],
            "jct-worker: there is no executor `nobody`; known are agent, command, manifest, script, survey\n",
        ),
        (&["--slots", "0"], "worker.slots"),
        (&["--config", "missing.toml"], "missing.toml"),
    ] {
        let output = ended(bench.worker(arguments).spawn().unwrap()).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expect), "{said}");
    }
}
