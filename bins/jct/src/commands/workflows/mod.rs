//! `jct workflows`: what is defined, the runs of it, and pictures of both.

mod cancel;
mod check;
mod command;
mod define;
mod drawing;
mod graph;
mod list;
mod paging;
mod show;
mod source;
mod start;
mod status;
mod step;
mod switch;
mod watch;

pub(crate) use command::{WorkflowsCommand, run};
