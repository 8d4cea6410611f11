//! Vectors of texts, made by a service that speaks as OpenAI does.

mod batches;
mod client;
mod endpoint;
mod wire;

pub(crate) use batches::Embedder;
pub use endpoint::{Endpoint, Retries};
