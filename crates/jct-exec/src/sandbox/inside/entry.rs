//! The names under which this binary is executed again, and the way in.

use super::{failure, gates, init, monitor, relay};

/// The names under which the launcher is executed.
pub(in crate::sandbox) const MONITOR: &str = "jct-sandbox";
pub(super) const INIT: &str = "jct-sandbox-init";
pub(super) const RELAY: &str = "jct-sandbox-relay";
pub(in crate::sandbox) const GATES: &str = "jct-sandbox-gates";

/// Becomes a part of a sandbox and never returns if this process was executed for that; does nothing otherwise. Has to
/// be the first thing in `main`, before any thread exists.
pub fn main_if_asked() {
    let Some(name) = std::env::args_os().next() else { return };
    let code = match name.to_str() {
        Some(MONITOR) => monitor::main(),
        Some(INIT) => init::main(),
        Some(RELAY) => relay::main(),
        Some(GATES) => gates::main(),
        _ => return,
    };
    std::process::exit(code.into());
}

/// Whether this process was executed to become a part of a sandbox. Code that still runs then runs in a program whose
/// `main` does not begin with [`main_if_asked`], and would start itself again without end.
pub(in crate::sandbox) fn was_asked() -> bool {
    let name = std::env::args_os().next();
    name.is_some_and(|name| [MONITOR, INIT, RELAY, GATES].iter().any(|part| name == *part))
}

/// What stands for this very binary inside.
pub(super) const SELF: &str = "/proc/self/exe";

/// Runs one of the parts and turns its end into an exit status.
pub(super) fn ended(result: Result<(), failure::Failure>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => failure.step.exit_code(),
    }
}
