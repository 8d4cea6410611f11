//! The service as the operator has configured it.

use std::fmt;
use std::time::Duration;

use jct_manifest::document::EmbeddingsProvider;
use url::Url;
use zeroize::Zeroizing;

/// An OpenAI-compatible service that makes vectors. `Debug` shows neither its key nor its whole address.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    provider: EmbeddingsProvider,
    model: Option<String>,
    key: Option<Zeroizing<String>>,
    retries: Retries,
}

/// How patient a run is with a service that has no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Calls for one batch altogether, from 1.
    pub most: u32,
    /// Before the second call; doubles from call to call. A longer wait that the service asks for is kept to, up to a
    /// minute.
    pub first_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 6, first_wait: Duration::from_millis(500) }
    }
}

impl Endpoint {
    /// The service at `url`, up to and without `/embeddings`, which serves manifests that name `provider`.
    #[must_use]
    pub fn new(url: Url, provider: EmbeddingsProvider) -> Self {
        Self { url, provider, model: None, key: None, retries: Retries::default() }
    }

    /// Asks for this model, whatever a manifest names.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Shows this key with every call. Redirects are not followed, so that it goes nowhere else.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(Zeroizing::new(key.into()));
        self
    }

    /// Is patient in another way than the default.
    #[must_use]
    pub fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Whose manifests it serves.
    #[must_use]
    pub fn provider(&self) -> EmbeddingsProvider {
        self.provider
    }

    /// The model that is asked for in place of the manifest's.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The host, for provenance.
    pub(crate) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is on this machine, where no proxy leads.
    pub(super) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The address that is called.
    pub(super) fn address(&self) -> String {
        format!("{}/embeddings", self.url.as_str().trim_end_matches('/'))
    }

    pub(super) fn authorization(&self) -> Option<Zeroizing<String>> {
        self.key.as_ref().map(|key| Zeroizing::new(format!("Bearer {}", key.as_str())))
    }

    pub(super) fn retries(&self) -> Retries {
        self.retries
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host())
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("has_key", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let endpoint = Endpoint::new("http://h.example:81/v1/".parse().unwrap(), EmbeddingsProvider::OpenAi);
        let endpoint = endpoint.with_key("s3cret").with_model("m");
        assert!(!format!("{endpoint:?}").contains("s3cret"));
        assert_eq!(endpoint.address(), "http://h.example:81/v1/embeddings");
        assert_eq!(endpoint.host(), "h.example:81");
        assert!(!endpoint.is_loopback());
    }
}
