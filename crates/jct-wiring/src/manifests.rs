//! Runs of manifests: what they may reach, and what a worker offers because of it.

use jct_config::Config;
use jct_contract::{Capability, CapabilitySet};
use jct_ingest::{Endpoint, IngestOptions, ManifestExecutor, offered};
use jct_manifest::document::EmbeddingsProvider;

/// What runs of manifests may reach.
#[must_use]
pub fn ingest_options(config: &Config) -> IngestOptions {
    let manifests = &config.manifests;
    let endpoint = manifests.embeddings_url.as_ref().map(|url| {
        let mut endpoint = Endpoint::new(url.as_url().clone(), provider(config));
        if let Some(model) = &manifests.embeddings_model {
            endpoint = endpoint.with_model(model.as_str());
        }
        match &manifests.embeddings_key {
            Some(key) => endpoint.with_key(key.expose()),
            None => endpoint,
        }
    });
    IngestOptions {
        local_roots: manifests.local_roots.iter().map(|root| root.as_path().to_owned()).collect(),
        repositories: !config.repo_sources.is_empty(),
        endpoint,
        chunks_only: manifests.chunks_only,
    }
}

fn provider(config: &Config) -> EmbeddingsProvider {
    match config.manifests.embeddings_provider {
        jct_config::EmbeddingsProvider::OpenAi => EmbeddingsProvider::OpenAi,
        jct_config::EmbeddingsProvider::Google => EmbeddingsProvider::Google,
        jct_config::EmbeddingsProvider::Ollama => EmbeddingsProvider::Ollama,
    }
}

/// What a worker with these executors offers: their names, and whatever runs of manifests can reach if the executor for
/// them is among them.
#[must_use]
pub(crate) fn worker_capabilities<'n>(config: &Config, executors: impl Iterator<Item = &'n str>) -> CapabilitySet {
    let executors: CapabilitySet = executors.filter_map(|name| name.parse::<Capability>().ok()).collect();
    let runs_manifests = executors.iter().any(|executor| executor.as_str() == ManifestExecutor::NAME);
    let manifests = if runs_manifests { offered(&ingest_options(config)) } else { CapabilitySet::default() };
    executors.iter().chain(manifests.iter()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let overrides = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::resolve(&Sources { overrides, ..Sources::default() }).unwrap()
    }

    #[track_caller]
    fn check(executors: &[&str], overrides: &[(&str, &str)], expect: &str) {
        assert_eq!(worker_capabilities(&config(overrides), executors.iter().copied()).to_string(), expect);
    }

    #[test]
    fn a_worker_offers_what_it_can_reach() {
        check(&["command", "manifest"], &[], "command, manifest, qdrant, pgvector");
        check(&["survey"], &[], "survey");
        check(
            &["manifest"],
            &[
                ("manifests.local_roots", "/srv/documents"),
                ("manifests.embeddings_url", "http://127.0.0.1:11434/v1"),
                ("manifests.embeddings_provider", "ollama"),
                ("repo_sources", "myorg/=https://git.example.com/{repo}.git"),
            ],
            "manifest, qdrant, pgvector, local_fs, github, embeddings, ollama",
        );
    }

    #[test]
    fn the_key_of_the_endpoint_is_not_shown() {
        let key = "0123456789abcdef-key";
        let config = config(&[
            ("manifests.embeddings_url", "http://127.0.0.1:1/v1"),
            ("manifests.embeddings_model", "house"),
            ("manifests.embeddings_key", key),
        ]);
        let options = ingest_options(&config);
        assert_eq!(options.endpoint.as_ref().and_then(Endpoint::model), Some("house"));
        assert!(!format!("{options:?}").contains(key));
    }
}
