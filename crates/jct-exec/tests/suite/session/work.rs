//! One attempt at a repository, from the workspace to what the cache has of it.

use std::path::Path;

use jct_exec::git::{RunCommit, RunKey};
use jct_exec::process::ProcessEnd;
use jct_exec::{ExecutionIo, ExecutionRequest, FailureReason, Fate, Handover, Session, Stop, Workshop};
use serde_json::json;

use crate::support::{Bench, bounds, request};

pub(crate) const RUN: &str = "0190-run";

/// A session that is open, and what it writes to.
pub(crate) struct Work {
    pub(crate) session: Session,
    pub(crate) io: ExecutionIo,
}

impl Work {
    pub(crate) async fn open(bench: &Bench) -> Self {
        Self::open_in(&bench.workshop(), bench, &request(json!({}))).await.unwrap()
    }

    pub(crate) async fn open_in(workshop: &Workshop, bench: &Bench, request: &ExecutionRequest) -> Result<Self, Stop> {
        let io = bench.io();
        let session = Session::open(workshop, request, &io, bounds()).await?;
        Ok(Self { session, io })
    }

    /// Runs a script in the sandbox, which must succeed.
    pub(crate) async fn sh(&self, script: &str) {
        let command = self.session.command("sh", ["-euc", script]);
        let outcome = self.session.run(&command).await;
        assert!(matches!(outcome.end, ProcessEnd::Exited { code: 0 }), "{script}: {outcome:?}");
    }

    pub(crate) async fn hand_over(mut self) -> Result<Handover, Stop> {
        let handed = self.session.hand_over().await;
        assert_eq!(self.io.record().handover(), handed.clone().ok());
        self.session.close(Fate::Done).await;
        handed
    }
}

/// What a script leaves, handed over.
pub(crate) async fn worked(bench: &Bench, script: &str) -> Result<Handover, Stop> {
    let work = Work::open(bench).await;
    work.sh(script).await;
    let handed = work.hand_over().await;
    assert!(bench.is_tidy(), "a workspace was left");
    handed
}

/// What the cache has of the run.
pub(crate) async fn received(bench: &Bench) -> RunCommit {
    received_as(bench, RUN).await
}

async fn received_as(bench: &Bench, run: &str) -> RunCommit {
    let run = RunKey::parse(run).unwrap();
    bench.cache.received("org/demo", &run, &bounds()).await.unwrap().unwrap()
}

/// The script's work is refused for a reason that names the rule.
#[track_caller]
pub(crate) fn refused(handed: Result<Handover, Stop>, rule: &str) {
    match handed {
        Err(Stop::Failed(FailureReason::HandoverRefused, message)) if message.contains(rule) => {
            assert!(!message.contains('\n'), "{message}");
        }
        other => panic!("not refused for `{rule}`: {other:?}"),
    }
}

/// The bundle among the artifacts.
pub(crate) fn bundle(bench: &Bench) -> std::path::PathBuf {
    bench.path("artifacts").join("changes.bundle")
}

pub(crate) fn exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().symlink_metadata().is_ok()
}
