//! Our own programs that run *inside* the sandbox, as any agent would: the one that carries out a
//! script, and the one that attends an agent.
//!
//! They are the worker's binary with another first argument, so nothing has to be installed. Nothing here is
//! part of the wall: each runs with the rights of what it starts, and the worker takes what it says
//! for a claim.

mod attend;
mod entry;
mod event;
mod files;
mod orders;
mod relay;
mod run;

pub use entry::main_if_asked;

pub(crate) use event::{Event, Figures, Line, Mark};
pub(crate) use orders::{ATTEND, AttendOrders, Orders, SCRIPT, ScriptOrders, ScriptSource};
