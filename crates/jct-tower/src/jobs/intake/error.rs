//! Why a job was not taken.

use jct_contract::{JobType, RepoName, Violation};
use jct_manifest::{ManifestHash, ManifestName, Violations};
use jct_store::StoreError;

use crate::intake::EnqueueError;

/// Why a job was not taken; nothing was kept, unless the store does not know.
#[derive(Debug, thiserror::Error)]
pub enum JobCreateError {
    /// The payload breaks the contract of its type. Pointers begin at the payload; never empty.
    #[error("the payload of the job breaks its contract")]
    Payload {
        /// Whose contract.
        job_type: JobType,
        /// Everything that is wrong.
        violations: Vec<Violation>,
    },
    /// The idempotency key breaks its rules, or the payload says another.
    #[error("the idempotency key is refused")]
    IdempotencyKey(#[source] Violation),
    /// A task says its own time budget, in its payload.
    #[error("a job of type `task` has its time budget in its payload, as `constraints.time_budget_seconds`")]
    TimeBudgetOfTask,
    /// The payload of a manifest job breaks its contract. Pointers begin at the payload.
    #[error("the payload of the manifest job breaks its contract")]
    ManifestRequest(#[source] Violations),
    /// The manifest that the payload brings or names breaks its contract. Pointers begin at the document.
    #[error("the manifest breaks its contract")]
    Manifest {
        /// What kind of source it came from: `inline`, `registry`, `path` or `repo`.
        source_kind: &'static str,
        /// Everything that is wrong.
        #[source]
        violations: Violations,
    },
    /// The registry does not have the manifest, or not this version of it.
    #[error("the registry has no manifest `{name}`{}", if hash.is_some() { " with this hash" } else { "" })]
    ManifestNotFound {
        /// Which.
        name: ManifestName,
        /// The version, if one was named.
        hash: Option<ManifestHash>,
    },
    /// The policy in force does not allow the repository that the manifest is to be read from.
    #[error("repository `{repo}` is not in the allowed namespace")]
    RepoNotAllowed {
        /// Which.
        repo: RepoName,
    },
    /// There is no manifest where the payload says.
    #[error("the manifest cannot be read: {reason}")]
    Unreadable {
        /// The field of the source that leads nowhere: `repo`, `ref` or `path`.
        field: &'static str,
        /// Why; names nothing of this machine.
        reason: String,
    },
    /// The place where the manifest lies cannot be reached now.
    #[error("the source of the manifest cannot be reached")]
    SourceUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This process failed to read the manifest.
    #[error("failed to read the manifest")]
    SourceFailed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The task that the job stands for was not taken.
    #[error("the job was not taken")]
    Task(#[from] EnqueueError),
    /// The database failed.
    #[error("failed to look up what the job needs")]
    Store(#[from] StoreError),
}
