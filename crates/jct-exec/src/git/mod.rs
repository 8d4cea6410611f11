//! Repositories: where they come from, a local cache of them, and fresh checkouts.
//!
//! git runs with a configuration of our own and nothing else, always with an explicit `--git-dir`,
//! and never inside a folder that a command of a task could have written: a repository's own
//! configuration runs code.

mod cache;
mod call;
mod changes;
mod client;
mod entries;
mod error;
mod file;
mod intake;
mod lease;
mod lock;
mod maintain;
mod mirror;
mod names;
mod output;
mod prober;
mod publish;
mod receive;
mod reference;
mod refusal;
mod run_commit;
mod run_key;
mod snapshot;
mod source;
mod url;

pub use cache::{DEFAULT_FETCH_LIMIT, RepoCache};
pub use changes::{Changes, DiffStat, FileChange, FileStatus};
pub use error::{CacheStep, GitError};
pub use file::FileAnswer;
pub use maintain::{Maintenance, MaintenanceRules};
pub use prober::{GitVersion, ProbeError, Prober};
pub use publish::{Publication, Published, Publisher, PushError};
pub use receive::{HandoverLimits, Offer};
pub use reference::{RefError, RefName};
pub use refusal::Refusal;
pub use run_commit::RunCommit;
pub use run_key::{InvalidRunKey, RunKey};
pub use snapshot::{Author, Commit, Snapshot};
pub use source::{RepoSource, RepoSourceError, RepoSources};
pub use url::{RemoteUrl, RemoteUrlError, Transport};

pub(crate) use intake::open_below;
