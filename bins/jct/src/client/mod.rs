//! The tower as seen over HTTP: blocking requests, problems turned into failures, and event streams that reconnect.

mod events;
mod http;
mod problem;
mod sse;
pub(crate) mod wire;

pub(crate) use events::{TaskEvent, follow, follow_job};
pub(crate) use http::{Answer, Client, Exchange, Request};
