//! Workflows: defined, changed, run.

mod definition;
mod runs;
mod schemas;
mod table;
mod versions;
mod workflow;

pub(crate) use table::{WorkflowsDocument, configure};
