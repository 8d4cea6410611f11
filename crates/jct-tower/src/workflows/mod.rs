//! Workflows: defined, started by hand or by events, driven step by step, each step a task like any other.
//!
//! A run is the facts that were kept about it. Whoever drives it leases it, reads what is new, keeps what follows as
//! facts, and only then carries out what those ask for: a task is handed in under a key that its run, step and attempt
//! make, so that whoever drives it next, after whatever crash, hands in the same one.

mod book;
mod catalog;
mod driver;
mod error;
mod kept;
mod reference;
mod registry;
mod runs;
mod trigger;
mod view;

pub(crate) use catalog::Catalog;
pub use driver::WorkflowDriver;
pub use error::WorkflowError;
pub use reference::{UnknownWorkflowRef, WorkflowRef};
pub use registry::{ChangeWorkflow, DefineWorkflow, WorkflowKept};
pub use runs::{StartRun, StartedRun};
pub(crate) use trigger::Triggers;
pub use view::{RunView, StepView};
