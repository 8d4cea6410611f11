#![doc = include_str!("../README.md")]

mod database_url;
mod effective;
mod error;
mod events;
mod execution;
mod key;
mod layers;
mod load;
pub mod logging;
mod manifests;
mod reference;
mod repo_source;
mod resolve;
mod secret;
mod sections;
mod setting;
mod sources;
mod suggest;
mod text;

pub use database_url::{DatabaseUrl, Engine};
pub use effective::{EffectiveEntry, Origin};
pub use error::{ConfigError, ConfigErrors, LoadError};
pub use events::{Events, TaskChanges, WebhookHost};
pub use execution::{ApprovedVerdict, ListedPath, MinimumLevel, SandboxLevel, VariableName};
pub use key::{Fallback, Key, registry};
pub use load::{CONFIG_FILE_NAME, CONFIG_FILE_VARIABLE, Flags, load};
pub use manifests::{EmbeddingsProvider, EndpointUrl, Manifests, ModelName};
pub use reference::key_table;
pub use repo_source::{RepoMatch, RepoSource};
pub use resolve::Config;
pub use secret::Secret;
pub use sections::{
    Agents, Api, Artifacts, Audit, Client, Database, Log, LogFormat, Policy, Review, Sandbox, Trace, Worker,
};
pub use sources::{Machine, Sources, TomlSource};
pub use text::{CorsOrigin, InvalidText, LogFilter, TowerUrl, TraceDirectory, WorkerName};
