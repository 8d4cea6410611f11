//! The task of a step: a V1 task in which texts may hold expressions.
//!
//! * A text that is one expression, `"${{ event.data.count }}"`, becomes the **value**, of whatever type it is.
//! * A text with expressions in it, `"Build ${{ event.data.branch }}"`, stays a text; each expression must come to a
//!   text, a number or a boolean.
//! * `$${{` stands for `${{`.
//!
//! Values are put into a tree of JSON values, never into JSON text, so that no value can become structure. The whole
//! goes through the door of the task contract afterwards like any other task.

mod fill;
mod mark;
mod node;
mod shell;
mod task;

pub use fill::{FillError, StepFacts};
pub use task::TaskTemplate;
