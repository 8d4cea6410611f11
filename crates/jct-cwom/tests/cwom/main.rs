//! The model seen from outside: one binary, one file per question.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod door;
mod hostile;
mod instances;
mod properties;
mod references;
mod specification;
mod support;
mod task;
mod wire;
