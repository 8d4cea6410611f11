//! The command executor, end to end.

use std::os::unix::fs::symlink;
use std::time::Duration;

use jct_exec::{
    CommandExecutor, Execution, ExecutionRequest, Executor, FailureReason, JsonObject, LogStream, Sandbox, Workshop,
    Workspace, recover_workspaces,
};
use serde_json::{Value, json};

use crate::sandbox::best_sandbox;
use crate::support::{Bench, DEADLINES, is_alive, line_in, request};

async fn run(bench: &Bench, request: &ExecutionRequest) -> Execution {
    run_in(bench, bench.workshop(), request).await
}

/// Where what runs can be seen, and can reach the test's own files.
async fn run_unconfined(bench: &Bench, request: &ExecutionRequest) -> Execution {
    run_in(bench, bench.workshop_in(Sandbox::unconfined()), request).await
}

async fn run_in(bench: &Bench, workshop: Workshop, request: &ExecutionRequest) -> Execution {
    let execution = CommandExecutor::new(workshop).run(request, &bench.io()).await;
    assert!(bench.is_tidy(), "a workspace was left");
    execution
}

#[track_caller]
fn completed(execution: Execution) -> JsonObject {
    match execution {
        Execution::Completed { output } => output,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn failed(execution: Execution, expect: FailureReason) -> JsonObject {
    match execution {
        Execution::Failed { reason, output, message } if reason == expect => {
            assert!(!message.is_empty() && !message.contains('\n'), "{message}");
            output
        }
        other => panic!("{other:?}"),
    }
}

fn sh(script: &str) -> ExecutionRequest {
    request(json!({"command": ["sh", "-c", script]}))
}

#[tokio::test]
async fn commands_run_in_order_in_a_fresh_checkout() {
    let bench = Bench::new();
    bench.write("sub/file", "content\n");
    let commit = bench.commit("sub");
    let mut request =
        request(json!({"command": [["cat", "file"], ["sh", "-c", "git rev-parse HEAD; echo $JCT_TASK_ID"]]}));
    request.path = "sub".to_owned();
    let output = completed(run(&bench, &request).await);
    assert_eq!(bench.lines.of(LogStream::Stdout), ["content", &commit, "0190-task"]);
    insta::assert_json_snapshot!(output, {
        ".commit" => "[commit]",
        ".head_commit" => "[commit]",
        ".isolation" => "[isolation]",
        ".commands[].duration_ms" => "[ms]",
    });
    assert_eq!(output["commit"], Value::from(commit));
    assert_eq!(bench.progress.all().last().unwrap().0, Some(100));
}

#[tokio::test]
async fn the_first_failure_stops() {
    let bench = Bench::new();
    let request = request(json!({"command": [["true"], ["sh", "-c", "exit 3"], ["touch", "never"]]}));
    let output = failed(run(&bench, &request).await, FailureReason::CommandFailed { exit_code: 3 });
    assert_eq!(output["commands"].as_array().unwrap().len(), 2);
    assert_eq!(output["isolation"]["effective"], best_sandbox().level().as_str());
    assert_eq!(output["isolation"]["network"], "none");
    failed(run(&bench, &sh("kill -ABRT $$")).await, FailureReason::CommandSignalled { signal: 6 });
    failed(run(&bench, &self::request(json!({"command": ["no-such-program"]}))).await, FailureReason::CommandNotFound);
}

#[tokio::test]
async fn invariant_6_what_did_not_run_is_never_completed() {
    let bench = Bench::new();
    failed(run(&bench, &request(json!({}))).await, FailureReason::InvalidInput);
    failed(run(&bench, &request(json!({"command": "make"}))).await, FailureReason::InvalidInput);
    let with = |change: fn(&mut ExecutionRequest)| {
        let mut request = sh("true");
        change(&mut request);
        request
    };
    let unknown = with(|r| r.repo = "org/other".to_owned());
    failed(run(&bench, &unknown).await, FailureReason::RepoNotConfigured);
    let option = with(|r| r.reference = "--upload-pack=x".to_owned());
    failed(run(&bench, &option).await, FailureReason::RefNotFound);
    let no_folder = with(|r| r.path = "none".to_owned());
    failed(run(&bench, &no_folder).await, FailureReason::PathNotFound);
    let no_time = with(|r| r.time_budget = Duration::ZERO);
    assert!(matches!(run(&bench, &no_time).await, Execution::TimedOut { .. }));
    std::fs::remove_dir_all(bench.path("workspaces")).unwrap();
    std::fs::write(bench.path("workspaces"), "in the way").unwrap();
    match CommandExecutor::new(bench.workshop()).run(&sh("true"), &bench.io()).await {
        Execution::Failed { reason: FailureReason::WorkspaceFailed, message, .. } => {
            assert!(!message.contains(bench.path("").to_str().unwrap()), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_link_out_of_the_checkout_is_refused() {
    let bench = Bench::new();
    symlink("/", bench.source().join("root")).unwrap();
    symlink("../..", bench.source().join("up")).unwrap();
    bench.commit("links");
    for path in ["root", "root/etc", "up", "..", "/etc", ".git"] {
        let mut request = sh("true");
        request.path = path.to_owned();
        failed(run(&bench, &request).await, FailureReason::PathNotFound);
    }
}

#[tokio::test]
async fn a_command_cannot_change_the_next_checkout() {
    let bench = Bench::new();
    let script = "git remote -v && git config core.fsmonitor /bin/false && echo changed > README.md && \
        mkdir -p .git/hooks && git checkout --quiet README.md";
    completed(run(&bench, &sh(script)).await);
    assert!(bench.lines.of(LogStream::Stdout).is_empty());
    completed(run(&bench, &sh("cat README.md; git status --short; git config core.fsmonitor || echo unset")).await);
    assert_eq!(bench.lines.of(LogStream::Stdout), ["# demo", "unset"]);
}

#[tokio::test]
async fn the_time_budget_holds_for_all_commands_together() {
    let bench = Bench::new();
    let mut request = request(json!({"command": [["true"], ["sleep", "1000"], ["true"]]}));
    for budget in DEADLINES {
        request.time_budget = budget;
        match run(&bench, &request).await {
            Execution::TimedOut { output } if output["commands"].as_array().map_or(0, Vec::len) > 1 => {
                assert_eq!(output["commands"].as_array().unwrap().len(), 2);
                assert_eq!(output["commands"][1]["ended"], "timed_out");
                return;
            }
            Execution::TimedOut { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("the second command was never reached");
}

#[tokio::test]
async fn cancelling_ends_a_command() {
    let bench = Bench::new();
    let pid_file = bench.path("pid");
    let request = sh(&format!("echo $$ > {}; exec sleep 1000", pid_file.display()));
    let stopper = async {
        let pid = line_in(&pid_file).await;
        bench.cancel.cancel();
        pid
    };
    let (execution, pid) = tokio::join!(run_unconfined(&bench, &request), stopper);
    assert!(matches!(execution, Execution::Cancelled { .. }), "{execution:?}");
    assert!(!is_alive(&pid));
}

#[tokio::test]
async fn only_named_variables_are_passed_on() {
    let bench = Bench::new();
    let request = sh("echo ${CARGO_MANIFEST_DIR:-unset}");
    completed(run(&bench, &request).await);
    let workshop = bench.workshop().passing_variables(["CARGO_MANIFEST_DIR".to_owned()]);
    completed(run_in(&bench, workshop, &request).await);
    let lines = bench.lines.of(LogStream::Stdout);
    assert_eq!(lines, ["unset", env!("CARGO_MANIFEST_DIR")]);
}

/// Leaves nothing behind when an assertion fails.
struct KilledOnDrop(std::process::Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn what_a_killed_worker_left_is_ended() {
    let bench = Bench::new();
    let root = bench.path("workspaces");
    let workspace = Workspace::create(&root).unwrap();
    let mut orphan = KilledOnDrop(
        std::process::Command::new("sleep")
            .arg("1000")
            .env("JCT_RUN_MARKER", workspace.marker().as_str())
            .spawn()
            .unwrap(),
    );
    // The owner lives: nothing happens.
    assert_eq!(recover_workspaces(&root).await.unwrap().killed, 0);
    assert!(is_alive(&orphan.0.id().to_string()));
    // A copy without a lock stands for the workspace of an owner that was killed.
    let abandoned = root.join("ws-abandoned");
    std::fs::create_dir(&abandoned).unwrap();
    std::fs::write(abandoned.join("owner.lock"), workspace.marker().as_str()).unwrap();
    let recovered = recover_workspaces(&root).await.unwrap();
    assert_eq!((recovered.removed, recovered.killed), (1, 1));
    assert!(!orphan.0.wait().unwrap().success());
    workspace.close().await.unwrap();
}
