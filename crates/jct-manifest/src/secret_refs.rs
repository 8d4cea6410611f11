//! Which secrets a manifest names, for whoever has to hand them out.

use std::collections::HashSet;

use jct_contract::door::Path;
use serde::Serialize;

use crate::code::ViolationCode;
use crate::reference::{EnvironmentRef, ProfileRef, Reference, VaultRef};
use crate::violation::Found;

/// The references of a manifest, each once, in the order in which they first stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecretRefs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environment: Vec<EnvironmentRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profile: Vec<ProfileRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vault: Vec<VaultRef>,
}

impl SecretRefs {
    /// Variables of the worker's environment.
    #[must_use]
    pub fn environment(&self) -> &[EnvironmentRef] {
        &self.environment
    }

    /// Fields of the profile of whoever asked for the job.
    #[must_use]
    pub fn profile(&self) -> &[ProfileRef] {
        &self.profile
    }

    /// Fields in a vault.
    #[must_use]
    pub fn vault(&self) -> &[VaultRef] {
        &self.vault
    }

    /// Whether the manifest names no secret at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.environment.is_empty() && self.profile.is_empty() && self.vault.is_empty()
    }
}

/// Collects references during a walk.
#[derive(Default)]
pub(crate) struct Collector {
    refs: SecretRefs,
    names: HashSet<String>,
    seen: HashSet<Reference>,
}

impl Collector {
    /// Takes one. Reports two that the worker would get under one name: `profile://open-ai#key` and
    /// `profile://open_ai#key`.
    pub(crate) fn take(&mut self, reference: Reference, path: Path<'_>, line: u32, found: &mut Found) {
        if self.seen.contains(&reference) {
            return;
        }
        if let Some(name) = reference.env_key() {
            if self.names.contains(name) {
                let message = format!("another reference has the variable `{name}` too");
                found.report(path, line, ViolationCode::EnvKeyCollision, message);
                return;
            }
            self.names.insert(name.to_owned());
        }
        self.seen.insert(reference.clone());
        match reference {
            Reference::Environment(reference) => self.refs.environment.push(reference),
            Reference::Profile(reference) => self.refs.profile.push(reference),
            Reference::Vault(reference) => self.refs.vault.push(reference),
        }
    }

    /// What was collected.
    pub(crate) fn finish(self) -> SecretRefs {
        self.refs
    }
}
