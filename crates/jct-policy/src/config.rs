//! The policy: what the gate allows, fixed and digested once, so that a decision can name the policy it was made by.

use std::sync::Arc;

use jct_contract::limits::{MAX_TIME_BUDGET_SECONDS, MIN_TIME_BUDGET_SECONDS};
use jct_contract::{Operation, RepoName, Sha256Digest, canonical_json};
use serde_json::json;

use crate::prefix::{InvalidRepoPrefix, RepoPrefix};

/// Version of the rules themselves; part of the digest, and raised when the gate decides differently for one policy.
const GATE_VERSION: &str = "1.0";

/// What the gate allows. The default denies every repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    allowed_repo_prefixes: Arc<[RepoPrefix]>,
    min_time_budget_seconds: i64,
    max_time_budget_seconds: i64,
    canonical: Arc<str>,
    digest: Sha256Digest,
}

/// The values do not make a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyConfigError {
    /// A prefix is not one.
    #[error("an allowed repository prefix is not valid")]
    Prefix(#[source] InvalidRepoPrefix),
    /// The smallest budget is not positive, or larger than the largest.
    #[error("time budgets must be 1 <= min <= max seconds, not min {min} and max {max}")]
    TimeBudgets {
        /// Seconds.
        min: i64,
        /// Seconds.
        max: i64,
    },
}

/// Collects the values of a [`PolicyConfig`].
#[derive(Clone, Debug)]
pub struct PolicyConfigBuilder {
    allowed_repo_prefixes: Vec<RepoPrefix>,
    min_time_budget_seconds: i64,
    max_time_budget_seconds: i64,
}

impl PolicyConfig {
    /// Starts from the default: no repository allowed, 30 to 86400 seconds.
    #[must_use]
    pub const fn builder() -> PolicyConfigBuilder {
        PolicyConfigBuilder {
            allowed_repo_prefixes: Vec::new(),
            min_time_budget_seconds: MIN_TIME_BUDGET_SECONDS,
            max_time_budget_seconds: MAX_TIME_BUDGET_SECONDS,
        }
    }

    /// Reads a comma-separated list such as `myorg/,partner/`. Blank entries are ignored; a blank list denies all.
    ///
    /// # Errors
    /// If an entry is not a prefix of repository names: better no start than a policy that means something else.
    pub fn from_prefix_list(list: &str) -> Result<Self, PolicyConfigError> {
        Self::builder().allow_prefix_list(list)?.build()
    }

    /// The allowed parts of the namespace, sorted, without repetition.
    #[must_use]
    pub fn allowed_repo_prefixes(&self) -> &[RepoPrefix] {
        &self.allowed_repo_prefixes
    }

    /// Smallest admitted time budget, in seconds.
    #[must_use]
    pub const fn min_time_budget_seconds(&self) -> i64 {
        self.min_time_budget_seconds
    }

    /// Largest admitted time budget, in seconds.
    #[must_use]
    pub const fn max_time_budget_seconds(&self) -> i64 {
        self.max_time_budget_seconds
    }

    /// The RFC 8785 encoding of the policy: equal policies have equal bytes.
    #[must_use]
    pub fn canonical_json(&self) -> &str {
        &self.canonical
    }

    /// [`Self::canonical_json`] as bytes of their own.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        self.canonical.as_bytes().to_vec()
    }

    /// SHA-256 of the canonical bytes, computed when the policy was made.
    #[must_use]
    pub const fn digest(&self) -> Sha256Digest {
        self.digest
    }

    pub(crate) fn allows(&self, repo: &RepoName) -> bool {
        self.allowed_repo_prefixes.iter().any(|prefix| prefix.contains(repo))
    }

    pub(crate) fn shared_prefixes(&self) -> Arc<[RepoPrefix]> {
        Arc::clone(&self.allowed_repo_prefixes)
    }

    /// The caller has checked the values.
    fn fixed(mut prefixes: Vec<RepoPrefix>, min: i64, max: i64) -> Self {
        prefixes.sort_unstable();
        prefixes.dedup();
        let canonical = canonical_json(&json!({
            "gate": GATE_VERSION,
            "allowed_operations": Operation::ALL,
            "allowed_repo_prefixes": prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "min_time_budget_seconds": min,
            "max_time_budget_seconds": max,
            "allow_network": false,
            "allow_secrets": false,
        }));
        let digest = Sha256Digest::of(canonical.as_bytes());
        Self {
            allowed_repo_prefixes: prefixes.into(),
            min_time_budget_seconds: min,
            max_time_budget_seconds: max,
            canonical: canonical.into(),
            digest,
        }
    }
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self::fixed(Vec::new(), MIN_TIME_BUDGET_SECONDS, MAX_TIME_BUDGET_SECONDS)
    }
}

impl PolicyConfigBuilder {
    /// Allows one more part of the namespace.
    #[must_use]
    pub fn allow(mut self, prefix: RepoPrefix) -> Self {
        self.allowed_repo_prefixes.push(prefix);
        self
    }

    /// Allows every prefix of a comma-separated list; blank entries are ignored.
    ///
    /// # Errors
    /// If an entry is not a prefix of repository names.
    pub fn allow_prefix_list(mut self, list: &str) -> Result<Self, PolicyConfigError> {
        for entry in list.split(',').filter(|entry| !entry.trim().is_empty()) {
            self.allowed_repo_prefixes.push(entry.parse().map_err(PolicyConfigError::Prefix)?);
        }
        Ok(self)
    }

    /// Sets the smallest and the largest admitted time budget, in seconds.
    #[must_use]
    pub const fn time_budget_seconds(mut self, min: i64, max: i64) -> Self {
        self.min_time_budget_seconds = min;
        self.max_time_budget_seconds = max;
        self
    }

    /// Fixes the policy and computes its digest.
    ///
    /// # Errors
    /// Unless `1 <= min <= max`.
    pub fn build(self) -> Result<PolicyConfig, PolicyConfigError> {
        let (min, max) = (self.min_time_budget_seconds, self.max_time_budget_seconds);
        if (1..=max).contains(&min) {
            Ok(PolicyConfig::fixed(self.allowed_repo_prefixes, min, max))
        } else {
            Err(PolicyConfigError::TimeBudgets { min, max })
        }
    }
}
