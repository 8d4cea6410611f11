#![doc = include_str!("../README.md")]
#![expect(clippy::duplicate_mod, reason = "the modules under common/ are compiled once for each engine")]

mod additions;
mod cached;
mod command;
mod command_events;
mod command_objects;
mod command_workflows;
mod context;
mod engine;
mod engine_events;
mod engine_jobs;
mod engine_workflows;
mod error;
mod journal;
pub mod migrations;
pub mod model;
mod options;
mod postgres;
mod rows;
mod schema;
mod schema_events;
mod schema_jobs;
mod schema_objects;
mod schema_workflows;
mod sqlite;
mod store;
mod store_audit;
mod store_events;
mod store_jobs;
mod store_manifests;
mod store_objects;
mod store_reviews;
mod store_webhooks;
mod store_workflows;
mod types;
mod url;
mod wake;
mod writer;

pub use command::{ChangeAnswer, KeyAnswer, RecordAnswer, StatusAction, StatusChange};
pub use command_objects::{CreateAnswer, ObjectChangeAnswer};
pub use error::{OpenError, StoreError};
pub use model::ReviewAnswer;
pub use options::StoreOptions;
pub use store::{EngineKind, Store};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
pub use wake::Wake;
