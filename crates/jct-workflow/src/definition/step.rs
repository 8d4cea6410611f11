//! A step of a workflow: a task, and when it is to be done.

use crate::{Expression, StepId, TaskTemplate};

/// A step: a governed task like any other, made from a template when its dependencies are done.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDefinition {
    pub(super) id: StepId,
    pub(super) name: String,
    pub(super) dependencies: Vec<StepId>,
    pub(super) task: TaskTemplate,
    pub(super) timeout_seconds: u32,
    pub(super) retries: u32,
    pub(super) when: Option<Expression>,
    pub(super) named: Vec<StepId>,
}

impl StepDefinition {
    /// The id, unique in the workflow.
    #[must_use]
    pub const fn id(&self) -> &StepId {
        &self.id
    }

    /// A name to show to people; the id unless the author gives one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The steps that have to be done before.
    #[must_use]
    pub fn dependencies(&self) -> &[StepId] {
        &self.dependencies
    }

    /// What is to be done.
    #[must_use]
    pub const fn task(&self) -> &TaskTemplate {
        &self.task
    }

    /// Seconds that each attempt has, from when its task is enqueued.
    #[must_use]
    pub const fn timeout_seconds(&self) -> u32 {
        self.timeout_seconds
    }

    /// Further attempts after the first has failed or timed out.
    #[must_use]
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// The steps that its expressions name, each once: those whose outcomes it has to be shown.
    #[must_use]
    pub fn named(&self) -> &[StepId] {
        &self.named
    }

    /// What has to hold for the step to be wanted. One that is not wanted is skipped, and the steps after it go on.
    #[must_use]
    pub const fn when(&self) -> Option<&Expression> {
        self.when.as_ref()
    }
}
