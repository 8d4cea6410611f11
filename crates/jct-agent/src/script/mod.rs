//! The executor `script`: a deterministic agent in the box, for tests, demonstrations and CI.

mod executor;
mod input;
mod step;

pub use crate::inside::main_if_asked;
pub use executor::ScriptExecutor;
pub use step::{MOST_BYTES, MOST_STEPS, Step, parse_steps};

pub(crate) use step::permissions;
