//! The whole tower over HTTP, on both engines: one file a resource.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod controls;
mod cwom;
mod enqueue;
mod events;
mod execution;
mod hostile;
mod jobs;
mod mcp;
mod run;
mod tasks;
mod tower;
mod workflows;
