//! An event on its way in: the one door, and what comes through it.

mod event;
mod query;
pub(crate) mod read;
mod tags;

pub use event::{EventKey, NewEvent};

pub(crate) use event::Parts;
pub(crate) use tags::{from_text as tags_from_text, to_text as tags_to_text};
