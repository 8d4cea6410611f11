//! `jct runs`: what each try at an issue changed, and the way from there into a repository.

mod apply;
mod change;
mod checkout;
mod command;
mod diff;
mod list;
mod patch;
mod push;
mod show;
mod stat;

pub(super) use change::download;
pub(crate) use command::{RunsCommand, run};
pub(super) use stat::{document as stat_document, show as show_stat};
