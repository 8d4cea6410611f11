//! `jct bench`: this machine against the numbers to reach.
//!
//! The server under load runs in a process of its own, so that its memory and its cores are its own; the load comes
//! from one thread of this process over keep-alive connections.

mod args;
mod bodies;
mod drain;
mod enqueue;
mod events;
mod executor;
mod fill;
mod gate;
mod goals;
mod jobs;
mod latency;
mod load;
mod long_poll;
mod manifests;
mod memory;
mod pickup;
mod plan;
mod postgres;
mod process;
mod read;
mod report;
mod scratch;
mod serve;
mod server;
mod settle;
mod spawn;
mod workflows;

pub(crate) use args::BenchCommand;
pub(crate) use plan::run;
