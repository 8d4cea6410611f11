//! `jct issues`: what is wanted, and everything that hangs on it.

mod command;
mod graph;
mod list;
mod show;

pub(crate) use command::{IssuesCommand, run};
