//! `jct enqueue`: hand in a task, from a file, from standard input, or from flags.

mod args;
mod send;
mod spec;

pub(crate) use args::EnqueueArgs;
pub(crate) use send::{Modes, hand_in, run};
