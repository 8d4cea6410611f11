//! The door: one walk over a parsed document that ends with a task or with everything that is wrong with it.

mod fields;
mod hints;
mod names;
mod task;

pub(crate) use task::{Door, header_key};
