//! Work objects: nine kinds behind the same few handlers, one table of what differs between them.

mod change;
mod filter;
mod graph;
mod kinds;
mod object;
mod status;
mod table;

pub(crate) use filter::{Filter, Takes, filters, owned_by};
pub(crate) use kinds::{PARTS, is_created, is_immutable, segment};
pub(super) use table::configure;
