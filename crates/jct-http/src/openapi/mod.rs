//! The OpenAPI document: generated from the handlers, completed with what is the same for every operation.

mod bodies;
mod cwom;
mod document;
mod gpt;
mod parts;

pub(crate) use bodies::{BatchSchema, KeySchema, PauseSchema, PushSchema, StatusChangeSchema, TaskSpecSchema};
pub(crate) use bodies::{ManifestRunSchema, PutManifestSchema};
pub use document::openapi_json;
pub(crate) use gpt::gpt_document;
