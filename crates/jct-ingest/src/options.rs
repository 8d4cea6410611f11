//! What the operator allows runs of manifests, and what a worker can do with it.

use std::path::PathBuf;

use jct_contract::{Capability, CapabilitySet};
use jct_manifest::document::{EmbeddingsProvider, VectorStoreKind};

use crate::embed::Endpoint;

/// What runs of manifests may reach. By default that is nothing.
#[derive(Clone, Debug, Default)]
pub struct IngestOptions {
    /// Folders that a local data source may lie in. A relative `inputDir` is looked for in one after another.
    pub local_roots: Vec<PathBuf>,
    /// Whether the worker has repository sources.
    pub repositories: bool,
    /// Who makes vectors.
    pub endpoint: Option<Endpoint>,
    /// Without an endpoint: whether a run may leave chunks without vectors.
    pub chunks_only: bool,
}

impl IngestOptions {
    /// The providers whose manifests can be run.
    fn providers(&self) -> Vec<EmbeddingsProvider> {
        match &self.endpoint {
            Some(endpoint) => vec![endpoint.provider()],
            None if self.chunks_only => EmbeddingsProvider::ALL.into_iter().map(|(_, provider)| provider).collect(),
            None => Vec::new(),
        }
    }
}

/// The capabilities of a worker with these options: `manifest`, the stores that exports can be made for, the sources
/// that can be read, and the providers that vectors can be had of. A manifest always needs `embeddings` and a provider,
/// so a worker without either an endpoint or leave to do without one takes none.
#[must_use]
pub fn offered(options: &IngestOptions) -> CapabilitySet {
    let mut names = vec!["manifest", VectorStoreKind::Qdrant.as_str(), VectorStoreKind::Pgvector.as_str()];
    if !options.local_roots.is_empty() {
        names.push("local_fs");
    }
    if options.repositories {
        names.push("github");
    }
    let providers = options.providers();
    if !providers.is_empty() {
        names.push("embeddings");
    }
    names.extend(providers.into_iter().map(EmbeddingsProvider::as_str));
    names.into_iter().filter_map(|name| name.parse::<Capability>().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: &IngestOptions, expect: &str) {
        assert_eq!(offered(options).to_string(), expect);
    }

    #[test]
    fn only_what_can_be_served_is_offered() {
        let none = IngestOptions::default();
        check(&none, "manifest, qdrant, pgvector");
        let repositories = IngestOptions { repositories: true, ..none.clone() };
        check(&repositories, "manifest, qdrant, pgvector, github");
        let url = "http://127.0.0.1:1/v1".parse().unwrap();
        let endpoint = Some(Endpoint::new(url, EmbeddingsProvider::Ollama));
        let local_roots = vec!["/srv".into()];
        check(
            &IngestOptions { endpoint, local_roots, chunks_only: true, ..none },
            "manifest, qdrant, pgvector, local_fs, embeddings, ollama",
        );
    }
}
