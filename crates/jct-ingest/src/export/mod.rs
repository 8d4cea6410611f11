//! The files that a run leaves among the attempt's artifacts.

mod all;
mod chunk;
mod deletion;
mod file;
mod pgvector;
mod qdrant;
mod summary;

pub(crate) use all::Export;
pub(crate) use chunk::Chunk;
pub(crate) use deletion::Deletion;
pub(crate) use file::{JsonLines, json_file};
pub(crate) use summary::{Provenance, write_plan, write_run};
