//! Real processes and real repositories, hostile ones included.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod command;
mod git;
mod lease;
mod process;
mod sandbox;
mod session;
mod survey;
