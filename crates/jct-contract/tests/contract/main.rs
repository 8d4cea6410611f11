//! The contract as a caller meets it: one binary, a module a subject.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod checks;
mod corpus;
mod documents;
mod door;
mod door_free_form;
mod door_shape;
mod json;
mod normalized;
mod properties;
mod refs;
mod specification;
mod support;
