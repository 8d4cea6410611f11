//! Work objects: created with their links, changed under their version, read with all that hangs on them.

mod author;
mod change;
mod create;
mod graph;
mod list;
mod lock;
mod missing;
mod read;
mod write;

use super::{Conn, primitives};

pub(crate) use author::{Author, Entity};
pub(crate) use graph::graph;
pub(crate) use list::list;
pub(crate) use lock::lock;
pub(crate) use read::{constraint_snapshots, context_packets, doctrine_refs, get, issues, runs};
pub(crate) use write::write;
