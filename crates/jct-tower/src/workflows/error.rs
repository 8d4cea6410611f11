//! Why a use case of workflows came to nothing.

use jct_contract::{WorkflowId, WorkflowRunId};
use jct_store::StoreError;
use jct_workflow::ForkError;
use jct_workflow::run::RunStatus;

/// Why a use case of workflows came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// No such workflow.
    #[error("there is no such workflow")]
    NotFound,
    /// The workflow never had this version.
    #[error("the workflow has no such version")]
    VersionNotFound,
    /// The workflow has no such run.
    #[error("the workflow has no such run")]
    RunNotFound,
    /// Another definition has the name.
    #[error("another workflow has this name")]
    NameTaken {
        /// Which.
        id: WorkflowId,
    },
    /// A workflow keeps its name.
    #[error("the workflow is called `{name}` and stays so")]
    NameFixed {
        /// Its name.
        name: String,
    },
    /// It was changed since the caller looked.
    #[error("the workflow has revision {current}")]
    Stale {
        /// The revision that it has.
        current: u64,
    },
    /// The definition would not become the version that it says.
    #[error("the definition expects to become version {expected}, and the workflow has version {current}")]
    OtherVersion {
        /// The version that it says.
        expected: u32,
        /// The version in force; 0 if there is none yet.
        current: u32,
    },
    /// The idempotency key stands for a run that was asked for with another event.
    #[error("the idempotency key belongs to run `{run}`, which was asked for with another event")]
    KeyReused {
        /// The run that the key belongs to.
        run: WorkflowRunId,
    },
    /// The run is over.
    #[error("the run is over: it is `{status}`")]
    Over {
        /// How it ended.
        status: RunStatus,
    },
    /// The run cannot be forked there.
    #[error(transparent)]
    Fork(ForkError),
    /// The database failed.
    #[error("failed to read or write workflows")]
    Store(#[from] StoreError),
}
