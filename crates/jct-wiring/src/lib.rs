#![doc = include_str!("../README.md")]

mod api;
mod database;
mod worker;

pub use api::http_options;
pub use database::{database_url, store_options};
pub use worker::{ExecutorsError, executors, repo_source_list, repo_sources, retry_policy, worker_options};
