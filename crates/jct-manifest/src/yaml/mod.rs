//! Reads YAML event by event, under limits that hold before any tree is built.
//!
//! The usual loaders resolve aliases, keep the last of two equal keys, and turn dates and tags into objects. Each of
//! those once let something through, or burnt a processor for a minute. Here none of them exists: an alias is one event
//! that is refused, a repeated key is reported, and there are only the types of the core schema.

mod builder;
mod reader;
mod scalar;

pub(crate) use reader::{Comment, read};
