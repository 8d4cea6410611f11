//! The survey executor, end to end.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use jct_exec::{Execution, ExecutionRequest, Executor, FailureReason, JsonObject, SurveyExecutor};
use serde_json::{Value, json};

use crate::sandbox::best_sandbox;
use crate::support::{Bench, request};

async fn run(bench: &Bench, request: &ExecutionRequest) -> Execution {
    let executor = SurveyExecutor::new(bench.cache.clone()).confined(best_sandbox());
    let execution = executor.run(request, &bench.io()).await;
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

fn report(bench: &Bench) -> Value {
    let text = fs::read_to_string(bench.path("artifacts/report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn project(bench: &Bench) {
    bench.write("LICENSE", "Apache License\nVersion 2.0, January 2004\n");
    bench.write("Cargo.toml", "[package]\nname = 'x'\nlicense = 'MIT'\n[dependencies]\na = '1'\nb = '1'\n");
    bench.write("src/main.rs", "fn main() {\n    // TODO: say hello\n}\n");
    bench.write("web/app.ts", "let x = 1; // FIXME | later\n");
    bench.write("data.bin", b"\0\x01\x02".as_slice());
    symlink("/etc", bench.source().join("etc")).unwrap();
    bench.commit("a <b>project</b>");
}

#[tokio::test]
async fn a_project_is_reported() {
    let bench = Bench::new();
    project(&bench);
    let output = completed(run(&bench, &request(json!({}))).await);
    // The commits are made with fixed people and times, so that their ids are fixed too.
    insta::assert_json_snapshot!("summary", output);
    insta::assert_json_snapshot!("report", report(&bench));
    let markdown = fs::read_to_string(bench.path("artifacts/report.md")).unwrap();
    insta::assert_snapshot!("markdown", markdown);
}

#[tokio::test]
async fn a_path_restricts_the_report() {
    let bench = Bench::new();
    project(&bench);
    bench.write("web/more.ts", "1\n");
    bench.commit("touch web");
    let mut request = request(json!({}));
    request.path = "web".to_owned();
    let output = completed(run(&bench, &request).await);
    assert_eq!((output["files"].clone(), output["path"].clone()), (json!(2), json!("web")));
    let report = report(&bench);
    assert_eq!(report["markers"]["listed"][0]["path"], "app.ts");
    assert_eq!(report["commits"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_empty_commit_is_reported_too() {
    let bench = Bench::new();
    fs::remove_file(bench.source().join("README.md")).unwrap();
    bench.commit("nothing left");
    let output = completed(run(&bench, &request(json!({}))).await);
    assert_eq!(output["files"], 0);
}

#[tokio::test]
async fn what_cannot_be_surveyed_says_why() {
    let bench = Bench::new();
    let mut nowhere = request(json!({}));
    nowhere.path = "none".to_owned();
    let execution = run(&bench, &nowhere).await;
    assert!(matches!(execution, Execution::Failed { reason: FailureReason::PathNotFound, .. }), "{execution:?}");

    fs::write(bench.path("artifacts/report.json"), "").unwrap();
    let execution = run(&bench, &request(json!({}))).await;
    assert!(matches!(execution, Execution::Failed { reason: FailureReason::ArtifactFailed, .. }), "{execution:?}");
}

#[tokio::test]
async fn bounds_are_kept() {
    let bench = Bench::new();
    let mut short = request(json!({}));
    short.time_budget = Duration::ZERO;
    let execution = run(&bench, &short).await;
    assert!(matches!(execution, Execution::TimedOut { .. }), "{execution:?}");
    bench.cancel.cancel();
    let execution = run(&bench, &request(json!({}))).await;
    assert!(matches!(execution, Execution::Cancelled { .. }), "{execution:?}");
    assert_eq!(fs::read_dir(bench.path("artifacts")).unwrap().count(), 0);
}

#[tokio::test]
async fn without_a_sandbox_the_report_is_the_same() {
    let bench = Bench::new();
    project(&bench);
    completed(run(&bench, &request(json!({}))).await);
    let inside = report(&bench);
    fs::remove_dir_all(bench.path("artifacts")).unwrap();
    fs::create_dir(bench.path("artifacts")).unwrap();
    completed(SurveyExecutor::new(bench.cache.clone()).run(&request(json!({})), &bench.io()).await);
    assert_eq!(inside, report(&bench));
}
