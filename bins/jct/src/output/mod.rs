//! The way out: tables and lines for people, JSON for scripts, and neither ever a way for a task to drive the terminal.

mod patch;
mod progress;
mod stream;
mod table;
mod text;

pub(crate) use progress::Progress;
pub(crate) use stream::Output;
pub(crate) use table::Column;
pub(crate) use text::{age, bytes, one_line, seconds};
