//! Definitions of workflows: what they are, and the one door by which they come in.

mod graph;
mod read;
mod step;
mod workflow;
mod yaml;

pub use step::StepDefinition;
pub use workflow::{Trigger, WorkflowDefinition};

pub(crate) use graph::Graph;
