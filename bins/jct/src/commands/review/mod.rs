//! `jct review`: what waits for somebody's judgement, and the judgement.

mod case;
mod command;
mod decide;
mod list;
mod pack;
mod show;

pub(crate) use command::{ReviewCommand, run};
pub(super) use pack::print as print_pack;
