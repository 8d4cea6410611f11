//! Jobs: over HTTP, in the hands of workers that share no code with the tower, and of the tower's own.

mod ingest;
mod python;
mod quickstart;
mod spine;
pub(crate) mod support;
