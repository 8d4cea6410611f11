//! A request and its manifest put together: what is stored, queued and handed to a worker.

use jct_contract::door::Path;
use jct_contract::{Capability, CapabilitySet};
use serde_json::{Map, Value as Json, json};

use crate::code::ViolationCode;
use crate::hash::ManifestHash;
use crate::limits::MANIFEST_VERSION;
use crate::name::ManifestName;
use crate::raw::ValidatedManifest;
use crate::request::{Action, JobRequest};
use crate::run_config::{Options, RunConfig};
use crate::secret_refs::SecretRefs;
use crate::source::Source;
use crate::violation::{Found, Violations};

/// A manifest job: request and manifest fit together, and everything that follows from them is derived.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestJob {
    request: JobRequest,
    manifest: ValidatedManifest,
    capabilities: CapabilitySet,
    run_config: RunConfig,
}

impl JobRequest {
    /// Puts the request together with the manifest that its source holds. For an inline source that is its content,
    /// validated; for the others whoever can reach them has fetched the bytes.
    ///
    /// # Errors
    ///
    /// `NAME_MISMATCH` if the request, its source and the document do not have one name; `HASH_MISMATCH` if the bytes
    /// are others than the request expects.
    pub fn resolve(self, manifest: ValidatedManifest) -> Result<ManifestJob, Violations> {
        self.resolve_with(manifest, &[])
    }

    /// The same with capabilities that the operator asks of every manifest worker, behind `manifest` and before those
    /// of the document.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn resolve_with(self, manifest: ValidatedManifest, extra: &[Capability]) -> Result<ManifestJob, Violations> {
        let mut found = Found::default();
        let root = Path::Root.name("manifest");
        if manifest.name() != &self.name {
            name_mismatch(&mut found);
        }
        let source = root.name("source");
        let expected = match &self.source {
            Source::Inline { content } => Some(content.hash()),
            Source::Registry { name, hash } => {
                if name.as_ref().is_some_and(|name| *name != self.name) {
                    let message = "must be the name of the request, or absent";
                    found.report(source.name("name"), 0, ViolationCode::NameMismatch, message);
                }
                hash.as_ref()
            }
            Source::Path { .. } | Source::Repo { .. } => None,
        };
        if expected.is_some_and(|expected| expected != manifest.hash()) {
            let message = "the manifest has another hash now";
            found.report(source.name("hash"), 0, ViolationCode::HashMismatch, message);
        }
        let (base, derived) = manifest.capabilities().as_slice().split_at_checked(1).unwrap_or_default();
        let capabilities = base.iter().chain(extra).chain(derived).cloned().collect();
        let run_config = manifest.document().run.under(&self.options);
        found.or(Some(ManifestJob { request: self, manifest, capabilities, run_config }))
    }
}

/// Reports that the document has another name than the request.
pub(crate) fn name_mismatch(found: &mut Found) {
    let root = Path::Root.name("manifest");
    let message = "is not `metadata.name` of the document; both must be equal, capitals included";
    found.report(root.name("name"), 0, ViolationCode::NameMismatch, message);
}

impl ManifestJob {
    /// The name of request and document.
    #[must_use]
    pub const fn name(&self) -> &ManifestName {
        &self.request.name
    }

    /// What is to be done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.request.action
    }

    /// Where the bytes came from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.request.source
    }

    /// What this job set for itself.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.request.options
    }

    /// The manifest, bytes included.
    #[must_use]
    pub const fn manifest(&self) -> &ValidatedManifest {
        &self.manifest
    }

    /// The hash of the manifest's bytes.
    #[must_use]
    pub const fn hash(&self) -> &ManifestHash {
        self.manifest.hash()
    }

    /// What a worker must be able to do: `manifest`, what the operator asks, what the document needs.
    #[must_use]
    pub const fn capabilities(&self) -> &CapabilitySet {
        &self.capabilities
    }

    /// The document's `run` under the options of this job.
    #[must_use]
    pub const fn run_config(&self) -> &RunConfig {
        &self.run_config
    }

    /// Which secrets the manifest names.
    #[must_use]
    pub const fn secret_refs(&self) -> &SecretRefs {
        self.manifest.secret_refs()
    }

    /// The payload that is stored and shown: always the same for the same job, and never the content of the manifest.
    /// The content is kept apart, under its hash, for whoever holds the lease.
    #[must_use]
    pub fn payload(&self) -> Json {
        let mut payload = Map::new();
        payload.insert(
            "manifest".to_owned(),
            json!({
                "name": self.request.name,
                "action": self.request.action.as_str(),
                "source": self.source_payload(),
                "options": self.request.options,
            }),
        );
        payload.insert("manifestHash".to_owned(), json!(self.hash()));
        payload.insert("manifestVersion".to_owned(), json!(MANIFEST_VERSION));
        payload.insert("requiredCapabilities".to_owned(), json!(self.capabilities));
        payload.insert("effectiveRunConfig".to_owned(), json!(self.run_config));
        if !self.secret_refs().is_empty() {
            payload.insert("manifestSecretRefs".to_owned(), json!(self.secret_refs()));
        }
        Json::Object(payload)
    }

    fn source_payload(&self) -> Json {
        let mut members = Map::new();
        let mut put = |name: &str, value: Json| members.insert(name.to_owned(), value);
        put("kind", json!(self.request.source.kind()));
        match &self.request.source {
            Source::Inline { .. } => {}
            Source::Registry { .. } => {
                put("name", json!(self.request.name));
            }
            Source::Path { path } => {
                put("path", json!(path));
            }
            Source::Repo { source, path, reference } => {
                put("repo", json!(source));
                put("path", json!(path));
                if let Some(reference) = reference {
                    put("ref", json!(reference));
                }
            }
        }
        put("contentHash", json!(self.hash()));
        put("version", json!(MANIFEST_VERSION));
        Json::Object(members)
    }
}
