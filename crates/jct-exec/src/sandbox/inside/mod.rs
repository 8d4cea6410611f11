//! The inside of a sandbox: the same binary, executed again under other names, with one thread and no async runtime.
//!
//! Setting a sandbox up after a fork of the worker itself would run in a copy of a threaded process, where not even
//! memory may be allocated. So the worker executes the launcher as the **monitor**, which stays outside, watches and
//! ends everything; the monitor executes it as the **init**, which confines itself and becomes the program (or, with
//! namespaces, its parent); and an init with a way out executes it as the **relay** first. Each step fails closed.

mod clock;
mod disk;
mod entry;
mod failure;
mod gates;
mod init;
mod landlock;
mod limits;
mod monitor;
mod mounts;
mod network;
mod privileges;
mod relay;
mod seccomp;
mod skeleton;
mod start;
mod tree;

pub use entry::main_if_asked;
pub(super) use entry::{GATES, MONITOR, was_asked};
pub(super) use gates::{GatesFound, NAMESPACES};

use entry::{INIT, RELAY, SELF, ended};
