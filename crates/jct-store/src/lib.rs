#![doc = include_str!("../README.md")]
#![expect(clippy::duplicate_mod, reason = "the modules under common/ are compiled once for each engine")]

mod command;
mod context;
mod engine;
mod error;
mod journal;
pub mod migrations;
pub mod model;
mod options;
mod postgres;
mod rows;
mod schema;
mod sqlite;
mod store;
mod types;
mod url;
mod wake;
mod writer;

pub use command::{ChangeAnswer, KeyAnswer, RecordAnswer, StatusAction, StatusChange};
pub use error::{OpenError, StoreError};
pub use options::StoreOptions;
pub use store::{EngineKind, Store};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
pub use wake::Wake;
