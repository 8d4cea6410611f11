//! The OpenAPI document: generated from the handlers, completed with what is the same for every operation.

mod bodies;
mod document;

pub(crate) use bodies::{BatchSchema, KeySchema, PauseSchema, StatusChangeSchema, TaskSpecSchema};
pub use document::openapi_json;
