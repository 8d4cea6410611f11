//! Events: handed in, read, redriven.

mod post;
mod read;
mod schemas;
mod table;

pub(crate) use schemas::NewEventSchema;
pub(crate) use table::{EventsDocument, configure};
