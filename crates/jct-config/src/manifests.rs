//! The section of the manifest registry: where manifests may come from, and what runs of them may reach.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jct_contract::Capability;
use url::Url;

use crate::error::ConfigError;
use crate::execution::ListedPath;
use crate::key::{Fallback, section};
use crate::setting::{Item, Setting, choice};
use crate::{InvalidText, Secret};

const MIB: u64 = 1024 * 1024;
/// Longest name of a model, in characters.
const MODEL_MAX_CHARS: usize = 200;

section! {
    /// Manifests: where they may come from, and what runs of them may reach.
    pub struct Manifests("manifests") {
        /// Whether a job may name a manifest by its path below `manifests.path_root`.
        path_enabled: bool = Fallback::Text("false"), "JCT_MANIFESTS_PATH_ENABLED";
        /// Folder of the manifests that jobs name by path; nothing outside of it is read, whatever links lead there.
        path_root: Option<PathBuf> = Fallback::Text(""), "JCT_MANIFESTS_PATH_ROOT";
        /// Capabilities that every run of a manifest needs beside `manifest`, which it always needs.
        base_capabilities: Vec<Capability> = Fallback::Text(""), "JCT_MANIFESTS_BASE_CAPABILITIES";
        /// Largest body of a request that brings a manifest or a job, in bytes.
        body_limit_bytes: u64 = Fallback::Text("2097152"), "JCT_MANIFESTS_BODY_LIMIT_BYTES", 1024..=64 * MIB;
        /// Folders that runs of manifests may read; a local data source has to lie in one of them.
        local_roots: Vec<ListedPath> = Fallback::Text(""), "JCT_MANIFESTS_LOCAL_ROOTS";
        /// Address of an OpenAI-compatible service that makes embeddings, up to and without `/embeddings`.
        embeddings_url: Option<EndpointUrl> = Fallback::Text(""), "JCT_MANIFESTS_EMBEDDINGS_URL";
        /// Provider whose manifests that service serves.
        embeddings_provider: EmbeddingsProvider = Fallback::Text("openai"), "JCT_MANIFESTS_EMBEDDINGS_PROVIDER";
        /// Model to use in place of the one that a manifest names.
        embeddings_model: Option<ModelName> = Fallback::Text(""), "JCT_MANIFESTS_EMBEDDINGS_MODEL";
        /// Key that the service of embeddings is called with.
        embeddings_key: Option<Secret> = Fallback::Text(""), "JCT_MANIFESTS_EMBEDDINGS_KEY";
        /// Whether runs may write chunks without embeddings where no service is configured.
        chunks_only: bool = Fallback::Text("false"), "JCT_MANIFESTS_CHUNKS_ONLY";
    }
}

impl Manifests {
    pub(crate) fn conflict(&self) -> Option<ConfigError> {
        (self.path_enabled && self.path_root.is_none()).then_some(ConfigError::Conflict {
            left: "manifests.path_enabled",
            reason: "needs",
            right: "manifests.path_root",
        })
    }
}

/// Who makes embeddings, in the words of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingsProvider {
    /// `openai`.
    OpenAi,
    /// `google`.
    Google,
    /// `ollama`.
    Ollama,
}

choice! { EmbeddingsProvider { OpenAi = "openai", Google = "google", Ollama = "ollama" } }

impl EmbeddingsProvider {
    /// The word that manifests use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Google => "google",
            Self::Ollama => "ollama",
        }
    }
}

impl Item for Capability {
    const RULE: &'static str = "must hold capabilities of letters, digits, `.`, `_` and `-`";
}

/// Address of a service, such as `http://127.0.0.1:11434/v1`, without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    const RULE: &'static str =
        "must be an address such as `http://127.0.0.1:11434/v1`, without user, password, query or fragment";

    /// The address.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for EndpointUrl {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let plain = |url: &Url| {
            url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
                && url.has_host()
                && matches!(url.scheme(), "http" | "https")
        };
        Url::parse(text).ok().filter(plain).map(Self).ok_or(InvalidText(Self::RULE))
    }
}

/// Name of a model: visible characters without spaces, 1 to 200 of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName(String);

impl ModelName {
    const RULE: &'static str = "must be 1 to 200 visible ASCII characters without spaces";

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let valid = (1..=MODEL_MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidText(Self::RULE)) }
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An optional text is unset where it is empty.
macro_rules! optional_text {
    ($name:ident, $kind:literal) => {
        impl Setting for Option<$name> {
            const KIND: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, String> {
                if text.is_empty() {
                    return Ok(None);
                }
                text.parse().map(Some).map_err(|error: InvalidText| error.to_string())
            }

            fn show(&self) -> String {
                self.as_ref().map(ToString::to_string).unwrap_or_default()
            }
        }
    };
}
optional_text!(EndpointUrl, "an address");
optional_text!(ModelName, "a name");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(text: &str, good: bool) {
        assert_eq!(text.parse::<EndpointUrl>().is_ok(), good, "{text}");
    }

    #[test]
    fn an_endpoint_is_a_plain_address() {
        check_url("http://127.0.0.1:11434/v1", true);
        check_url("https://models.example.com", true);
        for bad in ["", "models", "ftp://x/", "http://u@h/", "http://u:p@h/", "http://h/?q", "http://h/#f", "http://"] {
            check_url(bad, false);
        }
    }

    #[test]
    fn a_model_is_a_plain_name() {
        assert!("text-embedding-3-small".parse::<ModelName>().is_ok());
        assert!("nomic/embed:v1.5".parse::<ModelName>().is_ok());
        for bad in ["", "a b", "a\n", "größe", &"x".repeat(201)] {
            assert!(bad.parse::<ModelName>().is_err(), "{bad:?}");
        }
    }
}
