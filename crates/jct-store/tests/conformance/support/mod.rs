//! What the tests share: databases of their own, tasks to put in, and workers in a line of code.

mod database;
mod engines;
pub(crate) mod events;
pub(crate) mod evidence;
mod faults;
mod fixtures;
pub(crate) mod objects;
mod replay;
pub(crate) mod schema;

pub(crate) use database::{Db, on_postgres, on_sqlite};
pub(crate) use engines::on_both_engines;
pub(crate) use fixtures::*;
pub(crate) use replay::{assert_chained, assert_objects_rebuilt, assert_rebuilt};
