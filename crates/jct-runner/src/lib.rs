#![doc = include_str!("../README.md")]

mod attempt;
mod book;
mod claimer;
mod dispatcher;
mod heartbeat;
mod housekeeping;
mod options;
mod order;
mod proving;
mod report;
mod shutdown;
mod text;
mod worker;

pub use options::{InvalidOptions, RunMode, WorkerOptions};
pub use proving::Proving;
pub use report::WorkerReport;
pub use shutdown::{Shutdown, ShutdownHandle, Stage};
pub use worker::{Worker, WorkerError};
