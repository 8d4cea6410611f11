//! `jct audit`: the audit log, on the database itself or on a file, so that it works without the tower.

mod command;
mod export;
mod key;
mod open;
mod report;
mod seal;
mod show;
mod verify;

pub(crate) use command::{AuditCommand, run};
pub(super) use open::existing as existing_database;
pub(super) use verify::public_key;
