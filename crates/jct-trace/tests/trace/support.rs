//! A trace root in a temporary folder, and attempts whose every value is fixed.

use std::path::{Path, PathBuf};

use jct_contract::{Sha256Digest, TaskId, Timestamp};
use jct_lifecycle::Fence;
use jct_trace::{
    Admission, ArtifactLimits, AttemptIdentity, Output, SealedTrace, TraceOptions, TraceRoot, TraceWriter, attempt_path,
};
use serde_json::json;

pub(crate) const STARTED: Timestamp = Timestamp::from_micros(1_767_268_800_000_000);
pub(crate) const FINISHED: Timestamp = Timestamp::from_micros(1_767_268_801_500_000);
const TASK: &str = "019b7859-0400-7000-8000-000000000001";

pub(crate) fn task_id() -> TaskId {
    TASK.parse().unwrap()
}

pub(crate) fn identity(attempt: u32) -> AttemptIdentity {
    AttemptIdentity {
        task_id: task_id(),
        attempt,
        fence: Fence { epoch: 1, generation: i64::from(attempt) },
        trace_id: "release-42".parse().unwrap(),
        worker: "build-7".to_owned(),
        components: [("git", "2.47.1"), ("jct-worker", "0.1.0")]
            .map(|(name, version)| (name.into(), version.into()))
            .into(),
        admission: Some(Admission {
            decision_id: "019b7859-0400-7000-8000-0000000000d1".to_owned(),
            policy_digest: Sha256Digest::of(b"policy"),
            task_digest: Sha256Digest::of(b"task"),
        }),
        started_at: STARTED,
    }
}

pub(crate) struct Tower {
    pub(crate) root: TraceRoot,
    folder: tempfile::TempDir,
}

impl Tower {
    pub(crate) fn new() -> Self {
        Self::with(TraceOptions::default())
    }

    pub(crate) fn with(options: TraceOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { root: TraceRoot::open_with(folder.path(), options).unwrap(), folder }
    }

    pub(crate) fn with_limits(artifacts: ArtifactLimits) -> Self {
        Self::with(TraceOptions { artifacts, ..TraceOptions::default() })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn attempt(&self, attempt: u32) -> PathBuf {
        self.path().join(attempt_path(task_id(), attempt))
    }

    pub(crate) fn begin(&self, attempt: u32) -> TraceWriter {
        self.root.begin(identity(attempt), &json!({ "objective": "count the lines" })).unwrap()
    }

    pub(crate) fn seal(&self, attempt: u32) -> SealedTrace {
        self.begin(attempt).finish(result(), FINISHED).seal().unwrap()
    }

    /// Names of the folders that are not sealed.
    pub(crate) fn unsealed(&self) -> Vec<String> {
        names(&self.path().join(".unsealed"))
    }
}

pub(crate) fn result() -> Output {
    Output::Result(json!({ "lines": 42 }))
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
