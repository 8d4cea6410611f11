#![doc = include_str!("../README.md")]

mod control;
mod embed;
mod executor;
mod export;
mod options;
mod plan;
mod point;
mod report;
mod run;
mod source;
mod state;
mod transform;

pub use embed::{Endpoint, Retries};
pub use executor::ManifestExecutor;
pub use options::{IngestOptions, offered};
