//! Why a job was not taken.

use jct_contract::{JobType, RepoName, Violation};
use jct_manifest::{ManifestHash, ManifestName, Refusal};
use jct_store::StoreError;

use crate::intake::EnqueueError;

/// Everything that is wrong with a manifest job; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRefusal {
    /// What no JSON of any job may have. Pointers begin at the payload.
    pub json: Vec<Violation>,
    /// What the contract of manifests says of request and document.
    pub refusal: Refusal,
    /// Whether the payload brings the document itself.
    pub is_inline: bool,
}

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
    /// The payload of a manifest job breaks its contract, or the manifest does that it brings or names.
    #[error("the manifest job breaks its contract")]
    Manifest(ManifestRefusal),
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
