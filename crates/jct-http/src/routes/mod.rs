//! The routes: one file a resource, one table of paths and methods.

mod attempts;
mod audit;
mod audit_query;
mod batch;
mod change;
pub(crate) mod controls;
pub(crate) mod cwom;
mod docs;
mod enqueue;
pub(crate) mod event_bus;
mod events;
mod explain;
pub(crate) mod jobs;
mod keys;
mod list;
pub(crate) mod manifests;
mod mcp;
mod queue;
mod reviews;
mod runs;
mod system;
mod table;
mod task;
mod trace;
mod trace_file;
pub(crate) mod webhooks;
pub(crate) mod workflows;

pub(crate) use docs::Documents;
pub(crate) use events::Closing;
pub(crate) use system::Uptime;
pub(crate) use table::{Document, configure};
