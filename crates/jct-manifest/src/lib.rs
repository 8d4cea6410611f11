#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod code;
pub mod document;
mod draft;
mod fields;
mod hash;
mod job;
mod json;
pub mod limits;
mod name;
mod node;
mod raw;
mod reference;
mod request;
mod run_config;
mod schema;
mod secret_refs;
mod secrets;
mod source;
mod violation;
mod yaml;

pub use code::{ViolationClass, ViolationCode};
pub use document::Manifest;
pub use draft::{Draft, Refusal};
pub use hash::{InvalidManifestHash, ManifestHash};
pub use jct_contract::{Capability, CapabilitySet, CapabilitySet as Capabilities};
pub use job::ManifestJob;
pub use name::{
    InvalidManifestName, InvalidRepoSourceName, InvalidSourcePath, ManifestName, RepoSourceName, SourcePath,
};
pub use raw::{Judged, NotUtf8, RawManifest, ValidatedManifest};
pub use reference::{EnvironmentRef, ProfileRef, Reference, VaultRef};
pub use request::{Action, JobRequest};
pub use run_config::{ErrorPolicy, Options, RunConfig};
pub use schema::MANIFEST_SCHEMA;
pub use secret_refs::SecretRefs;
pub use source::{Source, SourceKinds};
pub use violation::{Violation, Violations};
