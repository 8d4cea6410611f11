//! The registry of manifests: put, read, run, delete.

mod entry;
mod name;
mod runs;
mod schemas;
mod table;
mod versions;

pub(crate) use table::{ManifestsDocument, configure};
