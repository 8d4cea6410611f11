//! Controls: holding and stopping work by what it is about, and letting it go again.

mod set;

pub use set::ControlError;
