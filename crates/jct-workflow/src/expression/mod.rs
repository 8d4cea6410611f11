//! Expressions: CEL, parsed and judged when a workflow is defined, evaluated under limits when it runs.
//!
//! An expression names `event`, and within a step also `steps.<id>`, `run` and `workflow`. It knows the operators of
//! CEL, the macros `has`, `all`, `exists`, `exists_one`, `map`, `filter`, and the functions in [`FUNCTIONS`].
//! Everything else is refused when it is parsed, because at the end of a night's run is too late.

mod budget;
mod context;
mod error;
mod evaluate;
mod guard;
mod inspect;
mod parse;
mod values;

pub use context::{Context, StepOutcome, event_value};
pub use error::{EvaluationError, ExpressionError};
pub use inspect::FUNCTIONS;
pub use parse::{Expression, Scope};
