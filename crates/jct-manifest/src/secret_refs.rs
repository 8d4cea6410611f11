//! Which secrets a manifest names, for whoever has to hand them out.

use std::collections::HashMap;

use serde::Serialize;

use crate::code::ViolationCode;
use crate::reference::{EnvironmentRef, ProfileRef, Reference, VaultRef};
use crate::violation::Found;

/// A reference, the pointer to where it stands, and its line.
pub(crate) type Place = (Reference, String, u32);

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

    /// Collects references, and reports two that the worker would get under one name: `profile://open-ai#key` and
    /// `profile://open_ai#key`.
    pub(crate) fn collect(places: Vec<Place>, found: &mut Found) -> Self {
        let mut refs = Self::default();
        let mut names: HashMap<String, Reference> = HashMap::new();
        let mut seen = std::collections::HashSet::new();
        for (reference, pointer, line) in places {
            if let Some(name) = reference.env_key() {
                let first = names.entry(name.to_owned()).or_insert_with(|| reference.clone());
                if *first != reference {
                    let message = format!("another reference would be handed out as `{name}` too");
                    found.report_at(pointer, line, ViolationCode::EnvKeyCollision, message);
                    continue;
                }
            }
            if !seen.insert(reference.clone()) {
                continue;
            }
            match reference {
                Reference::Environment(reference) => refs.environment.push(reference),
                Reference::Profile(reference) => refs.profile.push(reference),
                Reference::Vault(reference) => refs.vault.push(reference),
            }
        }
        refs
    }
}
