//! One binary: scripts, agents and the broker, on real repositories, processes and sockets.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod adapters;
mod agent;
mod broker;
mod script;
mod support;
mod upstream;
