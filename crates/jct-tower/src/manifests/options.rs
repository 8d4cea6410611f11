//! What an operator can set about manifests, as plain values.

use std::sync::Arc;

use jct_contract::Capability;
use jct_manifest::SourceKinds;

use super::{ManifestFolder, ManifestRepos};

/// Where manifests may come from besides the registry and the job itself, and what every run of one needs.
#[derive(Clone, Debug, Default)]
pub struct ManifestOptions {
    /// The folder of the manifests that jobs name by path; `None` if they may not.
    pub folder: Option<ManifestFolder>,
    /// Reads manifests from the configured repositories; `None` if this process cannot.
    pub repos: Option<Arc<dyn ManifestRepos>>,
    /// Capabilities that every run needs beside `manifest`.
    pub base_capabilities: Vec<Capability>,
}

impl ManifestOptions {
    /// The kinds of sources that are taken.
    pub(crate) const fn kinds(&self) -> SourceKinds {
        SourceKinds { path: self.folder.is_some(), repo: self.repos.is_some() }
    }
}
