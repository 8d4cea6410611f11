#![doc = include_str!("../README.md")]

mod agents;
mod api;
mod audit;
mod database;
mod events;
mod executors;
mod jobs;
mod manifests;
mod registry;
mod sandbox;
mod sources;
mod worker;

pub use api::{http_options, review_options};
pub use audit::sealer_options;
pub use database::{database_url, store_options};
pub use events::{event_options, event_services};
pub use executors::{ExecutorsError, LeftOut, Working, main_if_asked, working};
pub use jobs::job_options;
pub use manifests::ingest_options;
pub use registry::manifest_options;
pub use sandbox::sandbox_options;
pub use sources::{publisher, repo_cache, repo_source_list, repo_sources};
pub use worker::{retry_policy, worker_options};
