//! One attempt after another: how each kind of end is reported and proven.

use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::EventKind;
use jct_trace::{INPUT_FILE, LOG_FILE, OUTPUT_FILE};
use serde_json::{Value, json};

use crate::harness::{NewSpec, Tower};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_and_its_sealed_trace_and_links_prove_it() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("succeed")).await;
    let report = tower.drain().await;
    assert_eq!((report.claimed, report.completed), (1, 1));

    let finished = tower.finished(id).await;
    assert_eq!(
        (finished.status, finished.reason, finished.attempt),
        (TaskStatus::Completed, ReasonCode::Completed, Some(1))
    );
    assert_eq!(finished.result(), json!({ "answer": 42 }));
    tower.verified(id, 1, finished.trace());
    let output: Value = serde_json::from_str(&tower.trace_file(finished.trace(), OUTPUT_FILE)).unwrap();
    assert_eq!(output["result"], json!({ "answer": 42 }));
    assert_eq!(output.get("error"), None);
    assert_eq!(tower.trace_file(finished.trace(), "artifacts/note.md"), "hello");
    assert!(tower.trace_file(finished.trace(), LOG_FILE).contains(" working\n"));

    for name in [INPUT_FILE, LOG_FILE, OUTPUT_FILE] {
        let target = std::fs::read_link(tower.task_folder(id).join(name)).unwrap();
        assert_eq!(target, std::path::Path::new("attempt-1").join(name));
    }
    assert_eq!(tower.unsealed(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_names_the_admission_that_let_the_task_run() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("noop")).await;
    tower.drain().await;
    let admission = tower.store.task_admission(id).await.unwrap().unwrap();
    let manifest: Value =
        serde_json::from_str(&tower.trace_file(tower.finished(id).await.trace(), "manifest.json")).unwrap();
    assert_eq!(manifest["admission"]["decision_id"], admission.decision_id.to_string());
    assert_eq!(manifest["admission"]["policy_digest"], admission.policy_digest.to_string());
    assert_eq!(manifest["components"]["executor"], "noop");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_the_whole_story_without_gaps() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("succeed")).await;
    tower.drain().await;
    let kinds: Vec<_> = tower.events(id).await.into_iter().map(|event| event.kind).collect();
    use EventKind::{Log, Progress, Status};
    assert_eq!(kinds, [Status, Status, Log, Progress, Status]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ran_and_failed_is_not_tried_again() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("fail")).await;
    assert_eq!(tower.drain().await.failed, 1);
    let finished = tower.finished(id).await;
    assert_eq!((finished.status, finished.reason), (TaskStatus::Failed, ReasonCode::CommandFailed));
    assert_eq!(finished.error(), "the command exited with status 3");
    tower.verified(id, 1, finished.trace());
    let output: Value = serde_json::from_str(&tower.trace_file(finished.trace(), OUTPUT_FILE)).unwrap();
    assert_eq!(output["error"]["code"], "COMMAND_FAILED");
    assert_eq!(output.get("result"), None);
    assert!(tower.trace_file(finished.trace(), LOG_FILE).contains("COMMAND_FAILED: the command exited"));
    assert_eq!(tower.probe.started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_caught_tried_again_and_ends_as_retries_exhausted() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec { max_attempts: 2, ..NewSpec::of("panic") }).await;
    let report = tower.drain().await;
    assert_eq!((report.retried, report.failed, report.unsettled), (1, 1, 0));
    let finished = tower.finished(id).await;
    assert_eq!(finished.reason, ReasonCode::RetriesExhausted);
    assert!(finished.error().contains("panicked"), "{}", finished.error());
    assert_eq!(tower.reasons(id).await[0], Some(ReasonCode::WorkerError));
    let ordinals: Vec<_> = tower.attempts(id).await.iter().map(|attempt| attempt.ordinal).collect();
    assert_eq!(ordinals, [1, 2]);
    // The links belong to the attempt that decided.
    let target = std::fs::read_link(tower.task_folder(id).join(OUTPUT_FILE)).unwrap();
    assert_eq!(target, std::path::Path::new("attempt-2/output.json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fitting_executor_the_task_fails_and_says_what_it_needed() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("teleport")).await;
    tower.drain().await;
    let finished = tower.finished(id).await;
    assert_eq!((finished.status, finished.reason), (TaskStatus::Failed, ReasonCode::NoExecutor));
    assert!(finished.error().contains("`teleport`") && finished.error().contains("obey"), "{}", finished.error());
    tower.verified(id, 1, finished.trace());
    assert_eq!(tower.probe.started(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_ignores_its_budget_is_killed() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec { time_budget_seconds: 1, ..NewSpec::of("ignore") }).await;
    let worker = tower.start(tower.options().with_stop_patience(std::time::Duration::from_millis(10)));
    tower.until(id, TaskStatus::Failed).await;
    assert_eq!(worker.stop().await.failed, 1);
    let finished = tower.finished(id).await;
    assert_eq!(finished.reason, ReasonCode::TimeBudgetExceeded);
    assert_eq!(finished.error(), "the time budget of 1 s ran out");
    assert_eq!(tower.probe.killed(), 1);
    tower.verified(id, 1, finished.trace());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_result_is_whole_in_the_trace_and_short_in_the_database() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("huge")).await;
    tower.drain().await;
    let finished = tower.finished(id).await;
    let result = finished.result();
    assert_eq!(result["commit"], "abc");
    assert_eq!(result["result_truncated"]["whole_in"], format!("{}/output.json", finished.trace().path));
    let output: Value = serde_json::from_str(&tower.trace_file(finished.trace(), OUTPUT_FILE)).unwrap();
    assert_eq!(output["result"]["text"].as_str().unwrap().len(), 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_without_a_sealed_trace_is_never_a_success() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec { max_attempts: 1, ..NewSpec::of("eat_trace") }).await;
    let report = tower.drain().await;
    assert_eq!((report.completed, report.failed), (0, 1));
    let finished = tower.finished(id).await;
    assert_eq!(finished.status, TaskStatus::Failed);
    assert_eq!(finished.trace, None);
    assert!(finished.error().contains("seal the trace"), "{}", finished.error());
    assert!(!finished.error().contains('/'), "no paths of the machine: {}", finished.error());
}
