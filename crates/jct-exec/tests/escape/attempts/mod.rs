//! The attempts: each performs one act and tells what the kernel said.
//!
//! Exit code 0 is the breach. That way a program that could not even start never counts as a success of the sandbox.

mod act;
pub(crate) mod descriptors;
pub(crate) mod files;
pub(crate) mod kernel;
pub(crate) mod names;
pub(crate) mod processes;
pub(crate) mod sockets;
pub(crate) mod syscall;
pub(crate) mod work;

pub(crate) use act::{Act, BROKEN, DONE, MISSING, REFUSED, Stop, main};
