//! `jct jobs`: the queue's jobs of every type, as those who submit them see them.

mod artifacts;
mod cancel;
mod command;
mod create;
mod download;
mod events;
mod list;
mod options;
mod show;

pub(crate) use command::{JobsCommand, run};
pub(super) use list::COLUMNS;
pub(super) use list::row;
pub(super) use options::{JobOptions, warn};
