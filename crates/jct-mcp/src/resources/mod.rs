//! Resources: tasks, the traces of their attempts, and the graphs of their issues.

mod error;
mod list;
mod read;
mod uri;

pub(crate) use list::{list, templates};
pub(crate) use read::read;
