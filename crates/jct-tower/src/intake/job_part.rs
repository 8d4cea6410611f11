//! What a task is as a job, beside what the contract says about it.

use jct_store::model::{JobFacts, NewEvent};

/// Which policy admits a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The one in force.
    InForce,
    /// The one in force, and beside it the place of manifests among the repositories. Only for tasks that the tower made
    /// of manifests itself.
    Manifests,
}

/// What is said about a task as a job.
#[derive(Clone, Debug)]
pub(crate) struct JobPart {
    /// Its type, and its place in the order of claims.
    pub(crate) facts: JobFacts,
    /// Attempts it gets in all; as the tower is configured if absent.
    pub(crate) max_attempts: Option<u32>,
    /// What its events begin with.
    pub(crate) events: Vec<NewEvent>,
    /// Which policy admits it.
    pub(crate) gate: Gate,
}

impl JobPart {
    /// A job that says no more about itself than these facts.
    pub(crate) const fn of(facts: JobFacts) -> Self {
        Self { facts, max_attempts: None, events: Vec::new(), gate: Gate::InForce }
    }
}
