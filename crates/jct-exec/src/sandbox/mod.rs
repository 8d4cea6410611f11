//! Keeps what a task runs apart from the machine it runs on.

mod cgroup;
mod confinement;
mod heard;
mod host;
mod inside;
mod launch;
mod launcher;
mod limits;
mod probe;
mod remedy;
mod report;
mod roots;
mod step;
mod wire;

pub use confinement::Confinement;
pub use host::{Sandbox, SandboxOptions, SandboxUnavailable};
pub use inside::main_if_asked;
pub use jct_contract::IsolationLevel;
pub use launcher::Launcher;
pub use limits::{Limit, Limits};
pub use probe::{Gate, Probe};
pub use report::{IsolationReport, Network};
pub use step::SandboxStep;

pub(crate) use heard::Heard;
pub(crate) use launch::{Launch, LaunchError};
pub(crate) use wire::{Builtin, TimeLeft, renewal};
