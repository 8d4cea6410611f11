//! A manifest before and after it was judged: bytes that nobody has looked at, and bytes that hold a document.

use std::fmt;

use jct_contract::door::Path;
use jct_contract::{Capability, CapabilitySet};

use crate::code::ViolationCode;
use crate::document::{self, Manifest};
use crate::hash::ManifestHash;
use crate::limits::MANIFEST_MAX_BYTES;
use crate::name::ManifestName;
use crate::node::{Node, Value};
use crate::secret_refs::{Collector, SecretRefs};
use crate::violation::{Found, Violations};
use crate::{secrets, yaml};

/// A manifest that nobody has looked at: its exact bytes and their hash. `Debug` shows the hash and the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct RawManifest {
    bytes: Vec<u8>,
    hash: ManifestHash,
}

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest is not UTF-8, from byte {offset} on")]
pub struct NotUtf8 {
    /// The first byte that belongs to no character, counted from zero.
    pub offset: usize,
}

impl RawManifest {
    /// Takes bytes as they are; nothing is trimmed or converted.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { hash: ManifestHash::of(&bytes), bytes }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, handed over.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes as text.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8.
    pub fn text(&self) -> Result<&str, NotUtf8> {
        std::str::from_utf8(&self.bytes).map_err(|error| NotUtf8 { offset: error.valid_up_to() })
    }

    /// SHA-256 over the bytes.
    #[must_use]
    pub const fn hash(&self) -> &ManifestHash {
        &self.hash
    }

    /// Judges the manifest. It takes time linear in its length, whatever the bytes are; a megabyte takes long enough
    /// to be worth a thread of its own in a server.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it: as YAML, with its secrets, and with what it says.
    ///
    /// ```rust
    /// use jct_manifest::{RawManifest, ViolationClass};
    ///
    /// let refused = RawManifest::new(b"metadata: &a [*a, *a]".to_vec()).validate().unwrap_err();
    /// assert_eq!(refused.class(), ViolationClass::Invalid);
    /// let codes: Vec<_> = refused.iter().map(|violation| violation.code.as_str()).collect();
    /// assert_eq!(codes[..3], ["YAML_ANCHOR", "YAML_ALIAS", "YAML_ALIAS"]);
    /// ```
    pub fn validate(self) -> Result<ValidatedManifest, Violations> {
        self.judge().manifest
    }

    /// Judges the manifest like [`Self::validate`], and says its name even if it is refused.
    #[must_use]
    pub fn judge(self) -> Judged {
        let mut found = Found::default();
        if self.bytes.len() > MANIFEST_MAX_BYTES {
            let message = format!("a manifest has at most {MANIFEST_MAX_BYTES} bytes, this one {}", self.bytes.len());
            found.report(Path::Root, 0, ViolationCode::YamlTooLarge, message);
            return Judged { name: None, manifest: found.or(None) };
        }
        let Read { name, document, secret_refs } = match self.text() {
            Ok(text) => read(text, &mut found),
            Err(error) => {
                found.report(Path::Root, 0, ViolationCode::EncodingInvalid, error.to_string());
                Read::default()
            }
        };
        let validated = document.map(|document| {
            let capabilities = capabilities(&document);
            ValidatedManifest { raw: self, document, capabilities, secret_refs }
        });
        Judged { name, manifest: found.or(validated) }
    }
}

impl fmt::Debug for RawManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawManifest").field("hash", &self.hash).field("bytes", &self.bytes.len()).finish()
    }
}

/// A manifest that was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// `metadata.name`, if the document has one that is a name, whatever else is wrong with it.
    pub name: Option<ManifestName>,
    /// The manifest, or everything that is wrong with it.
    pub manifest: Result<ValidatedManifest, Violations>,
}

/// What could be read of a text.
#[derive(Default)]
struct Read {
    name: Option<ManifestName>,
    document: Option<Manifest>,
    secret_refs: SecretRefs,
}

fn read(text: &str, found: &mut Found) -> Read {
    let yaml = yaml::read(text, found);
    let mut references = Collector::default();
    if let Some(root) = &yaml.root {
        secrets::scan_tree(root, &mut references, found);
    }
    secrets::scan_comments(&yaml.comments, found);
    secrets::scan_raw(text, found);
    let document = yaml.root.as_ref().and_then(|root| document::read(root, found));
    let name = yaml.root.as_ref().and_then(name_of);
    Read { name, document, secret_refs: references.finish() }
}

/// `metadata.name`, if it is one.
fn name_of(root: &Node) -> Option<ManifestName> {
    let metadata = root.member("metadata")?.member("name")?;
    match &metadata.value {
        Value::Text(name) => name.parse().ok(),
        _ => None,
    }
}

/// A manifest that keeps the contract: no secret in it, nothing unknown, everything that is required.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedManifest {
    raw: RawManifest,
    document: Manifest,
    capabilities: CapabilitySet,
    secret_refs: SecretRefs,
}

impl ValidatedManifest {
    /// The bytes it was read from, with their hash.
    #[must_use]
    pub const fn raw(&self) -> &RawManifest {
        &self.raw
    }

    /// The bytes it was read from, handed over.
    #[must_use]
    pub fn into_raw(self) -> RawManifest {
        self.raw
    }

    /// SHA-256 over the bytes it was read from.
    #[must_use]
    pub const fn hash(&self) -> &ManifestHash {
        &self.raw.hash
    }

    /// `metadata.name`.
    #[must_use]
    pub const fn name(&self) -> &ManifestName {
        &self.document.metadata.name
    }

    /// What it says.
    #[must_use]
    pub const fn document(&self) -> &Manifest {
        &self.document
    }

    /// What a worker must be able to do: `manifest` first, then `embeddings`, the provider, the vector store, and the
    /// readers in the order of the data sources.
    #[must_use]
    pub const fn capabilities(&self) -> &CapabilitySet {
        &self.capabilities
    }

    /// Which secrets it names.
    #[must_use]
    pub const fn secret_refs(&self) -> &SecretRefs {
        &self.secret_refs
    }
}

/// The capability that every manifest job needs.
const BASE: &str = "manifest";

fn capabilities(document: &Manifest) -> CapabilitySet {
    let sources = document.data_sources.iter().map(|source| source.reader.capability());
    let labels = [BASE, "embeddings", document.embeddings.provider.as_str(), document.vector_store.kind.as_str()];
    // All of these are capabilities, which a test holds.
    labels.into_iter().chain(sources).filter_map(|label| label.parse::<Capability>().ok()).collect()
}
