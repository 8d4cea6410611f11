//! Why a use case of the registry came to nothing.

use jct_contract::TaskId;
use jct_manifest::{ManifestName, Violations};
use jct_store::StoreError;
use tokio::task::JoinError;

/// Why a manifest was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutManifestError {
    /// It breaks its contract. Pointers begin at the document.
    #[error("the manifest breaks its contract")]
    Invalid {
        /// Everything that is wrong with it.
        #[source]
        violations: Violations,
        /// Whether it has another name than its place, beside all that.
        is_misnamed: bool,
    },
    /// The document has another name than its place.
    #[error("the document's `metadata.name` is `{found}`, and it was put as `{name}`")]
    NameMismatch {
        /// The name of the place.
        name: ManifestName,
        /// The name in the document.
        found: ManifestName,
    },
    /// The entry is not the version that was expected.
    #[error("the manifest is not the version that was expected")]
    Stale {
        /// The hash that it has; `None` if there is no such entry.
        current: Option<String>,
    },
    /// This process failed to judge it.
    #[error("failed to judge the manifest")]
    Judge(#[source] JoinError),
    /// The database failed.
    #[error("failed to keep the manifest")]
    Store(#[from] StoreError),
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadManifestError {
    /// The registry has no such manifest, or not this version of it.
    #[error("the registry has no such manifest")]
    NotFound,
    /// The database failed.
    #[error("failed to read the registry")]
    Store(#[from] StoreError),
}

/// Why a manifest was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteManifestError {
    /// The registry has no such manifest.
    #[error("the registry has no such manifest")]
    NotFound,
    /// Runs of it are not over.
    #[error("runs of the manifest are not over")]
    Busy {
        /// Some of those jobs, the oldest first.
        jobs: Vec<TaskId>,
    },
    /// The entry is not the version that was expected.
    #[error("the manifest is not the version that was expected")]
    Stale {
        /// The hash that it has.
        current: Option<String>,
    },
    /// The database failed.
    #[error("failed to change the registry")]
    Store(#[from] StoreError),
}
