//! What all attempts of a worker share.

use std::path::Path;
use std::sync::Arc;

use super::kept::OutputLimits;
use crate::git::{HandoverLimits, RepoCache};
use crate::sandbox::Sandbox;
use crate::workspace::{KeepRules, RecoveredWorkspaces, WorkspaceError, sweep_workspaces};

/// Where repositories come from, how commands are confined, what becomes of workspaces. Clones share it all.
#[derive(Debug, Clone)]
pub struct Workshop {
    cache: Arc<RepoCache>,
    sandbox: Sandbox,
    passed_variables: Vec<String>,
    keep: KeepRules,
    limits: HandoverLimits,
    output: OutputLimits,
}

impl Workshop {
    /// Repositories come from `cache`, and everything of a task runs in `sandbox`.
    pub fn new(cache: Arc<RepoCache>, sandbox: Sandbox) -> Self {
        Self {
            cache,
            sandbox,
            passed_variables: Vec::new(),
            keep: KeepRules::default(),
            limits: HandoverLimits::default(),
            output: OutputLimits::default(),
        }
    }

    /// Passes these variables of the worker's own environment on to commands, where they are set. None by default.
    #[must_use]
    pub fn passing_variables(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.passed_variables = names.into_iter().collect();
        self
    }

    /// Keeps the workspaces of failed work by these rules instead of the default ones.
    #[must_use]
    pub fn keeping(mut self, rules: KeepRules) -> Self {
        self.keep = rules;
        self
    }

    /// Accepts as much as this of what is handed over, instead of the default.
    #[must_use]
    pub fn accepting(mut self, limits: HandoverLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes over as much as this of the files that work leaves in its output folder, instead of the default.
    #[must_use]
    pub fn keeping_files(mut self, limits: OutputLimits) -> Self {
        self.output = limits;
        self
    }

    /// The repositories.
    pub fn cache(&self) -> &Arc<RepoCache> {
        &self.cache
    }

    /// What confines commands.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// How much is accepted of what is handed over.
    pub fn limits(&self) -> &HandoverLimits {
        &self.limits
    }

    /// Removes the workspaces in `root` that nobody needs any more; see [`sweep_workspaces`].
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Scan`] when `root` cannot be read.
    pub async fn sweep(&self, root: &Path) -> Result<RecoveredWorkspaces, WorkspaceError> {
        sweep_workspaces(root, self.keep).await
    }

    pub(super) fn output_limits(&self) -> OutputLimits {
        self.output
    }

    pub(super) fn passed_variables(&self) -> &[String] {
        &self.passed_variables
    }

    pub(super) fn keep(&self) -> KeepRules {
        self.keep
    }
}
