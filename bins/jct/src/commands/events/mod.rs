//! `jct events`: what happened, and what came of it.

mod command;
mod list;
mod post;
mod show;
mod watch;

pub(crate) use command::{EventsCommand, run};
