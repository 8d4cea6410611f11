//! Manifests: the registry of them, and the other places that they may come from.
//!
//! The registry keeps every version by the hash of its bytes, for good. A run names one of them, so that what a worker
//! gets is what was validated, whatever is put afterwards.

mod error;
mod expect;
mod folder;
mod gate;
mod judge;
mod options;
mod registry;
mod repos;

pub use error::{DeleteManifestError, PutManifestError, ReadManifestError};
pub use expect::ExpectManifest;
pub use folder::{ManifestFolder, ManifestFolderError};
pub use options::ManifestOptions;
pub use registry::{ManifestKept, PutManifest};
pub use repos::{GitManifestRepos, ManifestRepos, RepoFile, RepoFileError};

pub(crate) use gate::{ManifestGate, allows, repo_of};
pub(crate) use judge::judged;
