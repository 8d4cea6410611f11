//! What becomes of workspaces.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jct_exec::{Fate, KeepRules, RecoveredWorkspaces, Workshop, WorkspaceNote};
use serde_json::json;

use super::{Work, exists};
use crate::support::{Bench, request};

const RULES: KeepRules = KeepRules { time: Duration::from_secs(3600), total_bytes: u64::MAX };

async fn open(bench: &Bench, workshop: &Workshop) -> Work {
    Work::open_in(workshop, bench, &request(json!({}))).await.unwrap()
}

fn only_workspace(bench: &Bench) -> PathBuf {
    let mut all: Vec<_> = fs::read_dir(bench.path("workspaces")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn note(bench: &Bench) -> WorkspaceNote {
    serde_json::from_slice(&fs::read(only_workspace(bench).join("workspace.json")).unwrap()).unwrap()
}

/// Sweeps until `settled`: a process that another test has just forked holds every lock of this process, until it
/// becomes the program that it is to be.
async fn swept(bench: &Bench, workshop: &Workshop, settled: fn(&RecoveredWorkspaces) -> bool) -> (usize, usize) {
    loop {
        let found = workshop.sweep(&bench.path("workspaces")).await.unwrap();
        if settled(&found) {
            return (found.removed, found.kept);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn failed_work_is_kept_and_says_whose_it_is() {
    let bench = Bench::new();
    let workshop = bench.workshop().keeping(RULES);
    let work = open(&bench, &workshop).await;
    work.sh("echo half > half-done").await;
    assert_eq!(workshop.sweep(&bench.path("workspaces")).await.unwrap().kept, 0, "it is leased");
    work.session.close(Fate::Failed).await;
    let note = note(&bench);
    assert_eq!((note.task_id.as_str(), note.attempt, note.handed_over), ("0190-task", 1, false));
    assert_eq!(note.kept_because.as_deref(), Some("the work failed"));
    assert_eq!(swept(&bench, &workshop, |found| found.kept == 1).await, (0, 1));
    assert_eq!(fs::read_to_string(only_workspace(&bench).join("work/repo/half-done")).unwrap(), "half\n");
    // The objects that it borrows are still there.
    let status = std::process::Command::new("git")
        .args(["log", "--oneline"])
        .current_dir(only_workspace(&bench).join("work/repo"))
        .output();
    assert!(status.unwrap().status.success());
    // It was never handed over: no rule removes it.
    assert_eq!(swept(&bench, &bench.workshop(), |found| found.kept == 1).await, (0, 1));
}

#[tokio::test]
async fn work_that_is_dropped_is_kept_and_work_that_is_done_is_not() {
    let bench = Bench::new();
    let workshop = bench.workshop().keeping(RULES);
    drop(open(&bench, &workshop).await);
    assert_eq!(note(&bench).kept_because.as_deref(), Some("the work on it was broken off"));
    fs::remove_dir_all(bench.path("workspaces")).unwrap();
    let done = open(&bench, &workshop).await;
    done.session.close(Fate::Done).await;
    assert_eq!(note(&bench).kept_because, None, "until it was judged, it is there");
    assert_eq!(workshop.sweep(&bench.path("workspaces")).await.unwrap().kept, 0, "and leased");
    done.io.record().end_workspaces(None).await;
    assert!(bench.is_tidy());
    let mut handed = open(&bench, &workshop).await;
    handed.sh("echo a > a").await;
    handed.session.hand_over().await.unwrap();
    handed.session.close(Fate::Failed).await;
    assert!(note(&bench).handed_over);
    let crowded = bench.workshop().keeping(KeepRules { total_bytes: 0, ..RULES });
    assert_eq!(swept(&bench, &crowded, |found| found.removed == 1).await, (1, 0));
    assert!(exists(bench.path("workspaces")));
}

#[tokio::test]
async fn work_that_is_done_and_found_wanting_is_kept() {
    let bench = Bench::new();
    let workshop = bench.workshop().keeping(RULES);
    let mut wanting = open(&bench, &workshop).await;
    wanting.sh("echo a > a").await;
    wanting.session.hand_over().await.unwrap();
    wanting.session.close(Fate::Done).await;
    wanting.io.record().end_workspaces(Some("the attempt ended with PROOF_FAILED")).await;
    let found = note(&bench);
    assert_eq!(found.kept_because.as_deref(), Some("the attempt ended with PROOF_FAILED"));
    assert!(found.handed_over && found.kept_until.is_some(), "{found:?}");
    assert_eq!(swept(&bench, &workshop, |found| found.kept == 1).await, (0, 1));
    // Nobody who judged it: the worker died meanwhile.
    let forgotten = open(&bench, &workshop).await;
    forgotten.session.close(Fate::Done).await;
    drop(forgotten.io);
    assert_eq!(swept(&bench, &workshop, |found| found.kept == 2).await, (0, 2));
}
