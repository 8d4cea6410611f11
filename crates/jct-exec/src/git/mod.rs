//! Repositories: where they come from, a local cache of them, and fresh checkouts.
//!
//! git runs with a configuration of our own and nothing else, always with an explicit `--git-dir`,
//! and never inside a folder that a command of a task could have written: a repository's own
//! configuration runs code.

mod cache;
mod client;
mod error;
mod lock;
mod prober;
mod reference;
mod snapshot;
mod source;
mod url;

pub use cache::{DEFAULT_FETCH_LIMIT, RepoCache};
pub use error::{CacheStep, GitError};
pub use prober::{GitVersion, ProbeError, Prober};
pub use reference::{RefError, RefName};
pub use snapshot::{Author, Commit, Snapshot};
pub use source::{RepoSource, RepoSourceError, RepoSources};
pub use url::{RemoteUrl, RemoteUrlError, Transport};
