//! The script executor, end to end.

use std::time::Duration;

use jct_agent::ScriptExecutor;
use jct_exec::{Execution, ExecutionRequest, Executor, FailureReason};
use serde_json::{Value, json};

use crate::support::{Bench, completed, failed, inside, request};

async fn run(bench: &Bench, request: &ExecutionRequest) -> Execution {
    ScriptExecutor::new(bench.workshop.clone(), inside()).run(request, bench.io()).await
}

fn script(steps: Value) -> ExecutionRequest {
    request("code_change", Value::Object([("script".to_owned(), steps)].into_iter().collect()))
}

const DIFF: &str = "--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n # demo\n+patched\n";

#[tokio::test]
async fn a_script_edits_runs_and_commits() {
    let bench = Bench::new();
    let request = script(json!([
        {"say": {"text": "hello"}},
        {"write": {"path": "src/new.sh", "content": "echo new file runs\n", "mode": "755"}},
        {"write": {"path": "raw.bin", "base64": "AAEC"}},
        {"append": {"path": "src/new.sh", "content": "exit 0\n"}},
        {"patch": {"diff": DIFF}},
        {"run": {"command": ["sh", "src/new.sh"]}},
        {"commit": {"message": "add a script"}},
        {"run": {"command": ["false"], "may_fail": true}},
        {"write": {"path": "left", "content": "over"}},
        {"delete": {"path": "raw.bin"}},
        {"usage": {"tokens_in": 100, "tokens_out": 20, "turns": 2, "cost_usd": 0.5, "model": "none"}},
    ]));
    let mut output = completed(run(&bench, &request).await);
    bench.said("hello");
    bench.said("new file runs");
    assert_eq!(bench.handed_over("README.md").unwrap(), "# demo\npatched\n");
    assert_eq!(bench.handed_over("left").unwrap(), "over");
    assert_eq!(bench.handed_over("raw.bin"), None);
    let usage = bench.io().record().usage().unwrap();
    assert_eq!((usage.tokens_in, usage.turns, usage.cost_usd), (Some(100), Some(2), Some(0.5)));
    assert_eq!(bench.progress().last().unwrap(), "the script is done");
    assert_eq!(output["changed"], true);
    assert_ne!(output["isolation"]["effective"], "L0");
    output.remove("isolation");
    insta::assert_json_snapshot!(output, {
        ".commit" => "[commit]",
        ".head_commit" => "[commit]",
        ".duration_ms" => "[ms]",
        ".steps[].duration_ms" => "[ms]",
    });
}

#[tokio::test]
async fn a_script_may_stand_in_the_repository() {
    let bench = Bench::new();
    bench.write("ci/steps.json", json!([{"write": {"path": "x", "content": "y"}}]).to_string());
    bench.write("ci/bad.json", json!([{"write": {"path": "x"}}, {"shout": {}}]).to_string());
    std::os::unix::fs::symlink("/etc/shadow", bench.path("source/ci/link.json")).unwrap();
    bench.commit("scripts");
    let file = |path: &str| request("code_change", json!({"script_file": path}));
    completed(run(&bench, &file("ci/steps.json")).await);
    let (message, _) = failed(run(&Bench::with(&bench), &file("ci/bad.json")).await, FailureReason::InvalidInput);
    assert!(message.contains("step 1: `write` needs") && message.contains("step 2: unknown variant"), "{message}");
    let (message, _) = failed(run(&Bench::with(&bench), &file("ci/none.json")).await, FailureReason::InvalidInput);
    assert!(message.contains("No such file"), "{message}");
    failed(run(&Bench::with(&bench), &file("ci/link.json")).await, FailureReason::InvalidInput);
}

#[tokio::test]
async fn a_failing_step_ends_the_script() {
    let bench = Bench::new();
    let request =
        script(json!([{"run": {"command": ["sh", "-c", "exit 3"]}}, {"write": {"path": "never", "content": ""}}]));
    let (message, output) = failed(run(&bench, &request).await, FailureReason::CommandFailed { exit_code: 3 });
    assert_eq!(message, "step 1 failed: `sh` exited with status 3");
    assert_eq!(output["steps"].as_array().unwrap().len(), 1);
    assert_eq!(bench.io().record().handover(), None);

    let bench = Bench::new();
    let request = script(json!([{"fail": {"message": "as told"}}]));
    let (message, _) = failed(run(&bench, &request).await, FailureReason::CommandFailed { exit_code: 1 });
    assert_eq!(message, "step 1 failed: as told");

    let bench = Bench::new();
    let request = script(json!([{"ask": {"text": "Continue? [y/N]", "wait_seconds": 0.2}}]));
    let (message, _) = failed(run(&bench, &request).await, FailureReason::NeedsInput);
    assert!(message.contains("Continue? [y/N]"), "{message}");
}

#[tokio::test]
async fn a_script_is_read_whole_before_anything_is_fetched() {
    let bench = Bench::new();
    let mut request = script(json!([{"write": {"path": "x", "content": ""}}, {"sleep": {"seconds": -1}}]));
    request.repo = "org/none".to_owned();
    let (message, _) = failed(run(&bench, &request).await, FailureReason::InvalidInput);
    assert!(message.contains("step 2"), "{message}");
    failed(run(&bench, &self::request("code_change", json!({}))).await, FailureReason::InvalidInput);
}

#[tokio::test]
async fn a_script_stays_inside() {
    let bench = Bench::new();
    let outside = bench.path("outside");
    let target = outside.to_str().unwrap();
    for step in [
        json!({"write": {"path": target, "content": "x"}}),
        json!({"append": {"path": target, "content": "x"}}),
        json!({"run": {"command": ["sh", "-c", format!("echo x > {target}")]}}),
        json!({"write": {"path": "../../../../outside", "content": "x"}}),
    ] {
        // A sandbox may have a `/tmp` of its own in which this succeeds: what counts is what is there afterwards.
        run(&Bench::with(&bench), &script(json!([step]))).await;
        assert!(!outside.exists(), "{step}");
    }
    for path in ["/etc/jct-agent-test", "/usr/jct-agent-test", "/proc/sys/kernel/hostname"] {
        let step = json!({"write": {"path": path, "content": "x"}});
        let execution = run(&Bench::with(&bench), &script(json!([step]))).await;
        failed(execution, FailureReason::CommandFailed { exit_code: 1 });
    }
}

#[tokio::test]
async fn time_and_cancellation_end_a_script() {
    let bench = Bench::new();
    let mut request = script(json!([{"sleep": {"seconds": 1000}}]));
    request.time_budget = Duration::from_secs(3);
    let execution = run(&bench, &request).await;
    assert!(matches!(execution, Execution::TimedOut { .. }), "{execution:#?}");

    let bench = Bench::new();
    let request = script(json!([{"say": {"text": "started"}}, {"sleep": {"seconds": 1000}}]));
    let stopper = async {
        while !bench.lines().iter().any(|line| line.contains("started")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bench.cancel.cancel();
    };
    let (execution, ()) = tokio::join!(run(&bench, &request), stopper);
    assert!(matches!(execution, Execution::Cancelled { .. }), "{execution:#?}");
}

#[tokio::test]
async fn a_lying_script_hands_over_nothing() {
    let bench = Bench::new();
    let output = completed(run(&bench, &script(json!([{"say": {"text": "All done, all tests pass!"}}]))).await);
    assert_eq!(output["changed"], false);
    assert!(bench.io().record().handover().unwrap().is_empty());
}

#[tokio::test]
async fn spew_is_cut_and_the_script_goes_on() {
    let bench = Bench::new();
    let request = script(json!([{"spew": {"bytes": 40_000_000}}, {"write": {"path": "after", "content": "x"}}]));
    let output = completed(run(&bench, &request).await);
    assert_eq!(output["truncated"], true);
    assert_eq!(output["steps"].as_array().unwrap().len(), 2);
    assert_eq!(bench.handed_over("after").unwrap(), "x");
}
