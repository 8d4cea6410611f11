//! Where documents come from. Both kinds of source end as a folder that is read in one way: below a file descriptor,
//! link by link refused, in an order that depends on names alone.

mod document;
mod folder;
mod local;
mod open;
mod serve;
mod walk;

pub(crate) use document::{Document, Read, read};
pub(crate) use folder::Folder;
pub(crate) use open::{OpenedSource, open};
pub(crate) use serve::serve;
pub(crate) use walk::{Entry, Listing, list};

use folder::OpenError;
