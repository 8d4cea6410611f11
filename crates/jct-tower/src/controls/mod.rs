//! Controls: holding and stopping work by what it is about, and letting it go again.

mod set;
mod warning;

pub use set::{ControlError, ControlSet};
pub use warning::{ControlWarning, ControlWarningCode};
