//! The whole tower over HTTP, on both engines: one file a resource.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod enqueue;
mod hostile;
mod run;
mod tasks;
mod tower;
