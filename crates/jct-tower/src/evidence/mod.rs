//! Evidence that leaves the tower: one signed statement about a run, from the task to the review.

mod export;
mod statement;

pub use export::{ExportError, export};
pub use statement::StatementError;
