//! What is known of a run, gathered by somebody who did not do it.

use jct_contract::{Operation, Sha256Digest};
use jct_cwom::{ArtifactType, CheckResult};
use serde_json::Value;

use crate::scan::SecretFinding;

/// Everything that a verdict rests on. Criteria and requirements are those of the admitted task, never of what the work
/// or its metadata say they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// What the task asks for.
    pub operation: Operation,
    /// The folder that the task is about, relative to the repository's root; empty for the root.
    pub target_path: String,
    /// What must be true of the result.
    pub acceptance_criteria: Vec<String>,
    /// What must be shown of it.
    pub evidence_requirements: Vec<String>,
    /// How the work ended.
    pub run: RunEnded,
    /// What it changed; `None` if it had no repository to change.
    pub changes: Option<ChangeFacts>,
    /// The files that it left.
    pub artifacts: Vec<ArtifactFact>,
    /// How the task's checks went, in its order.
    pub checks: Vec<CheckResult>,
    /// The secrets that were found.
    pub secrets: Vec<SecretFinding>,
    /// What could not be searched for secrets, for people.
    pub unsearched: Vec<String>,
    /// How the work was isolated, as the sandbox reports it.
    pub isolation: Option<Value>,
}

impl Facts {
    /// Facts about work that asks for nothing, changed nothing and left nothing.
    #[must_use]
    pub fn new(operation: Operation, run: RunEnded) -> Self {
        Self {
            operation,
            target_path: String::new(),
            acceptance_criteria: Vec::new(),
            evidence_requirements: Vec::new(),
            run,
            changes: None,
            artifacts: Vec::new(),
            checks: Vec::new(),
            secrets: Vec::new(),
            unsearched: Vec::new(),
            isolation: None,
        }
    }
}

/// How the work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnded {
    /// It ran to its end and reported no failure.
    Done,
    /// It reported a failure, or the tower did.
    Failed {
        /// Why, for programs.
        code: String,
        /// Why, for people.
        message: String,
    },
    /// Its time ran out.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
}

/// What the work changed in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFacts {
    /// The commit that it began with.
    pub base_commit: String,
    /// The commit that it ended with.
    pub head_commit: String,
    /// The digest of the change between them, as a patch.
    pub diff_digest: Sha256Digest,
    /// The digest of the bundle that holds the commits.
    pub bundle_digest: Option<Sha256Digest>,
    /// The files that differ.
    pub files: Vec<FileFact>,
    /// Whether the patch is too large to be kept. The bundle holds the commits all the same.
    pub patch_left_out: bool,
}

impl ChangeFacts {
    /// What names a change whose patch is too large to be written: its two commits. Frozen, since approvals are bound to it.
    #[must_use]
    pub fn digest_of_commits(base: &str, head: &str) -> Sha256Digest {
        Sha256Digest::of(format!("jct-change-between-commits-v1\n{base}\n{head}\n").as_bytes())
    }

    /// Whether nothing differs. Commits that undo each other change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// Its path from the repository's root.
    pub path: String,
    /// The path that it had before, if it was renamed or copied.
    pub old_path: Option<String>,
}

/// A file that the work left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactFact {
    /// What it is called: its path among the artifacts.
    pub title: String,
    /// What it is declared to be.
    pub kind: ArtifactType,
    /// Where it lies.
    pub uri: String,
    /// Whether its bytes are what they should be.
    pub bytes: ArtifactBytes,
}

impl ArtifactFact {
    /// The last part of its title.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.title.rsplit('/').next().unwrap_or_default()
    }
}

/// What was found where an artifact should lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactBytes {
    /// The bytes are there and have this digest.
    Verified(Sha256Digest),
    /// There is nothing, or nothing that can be read.
    Missing,
    /// There is something else than what was there before.
    Altered,
}
