//! What the tests share: databases of their own, tasks to put in, and workers in a line of code.

mod database;
mod engines;
mod faults;
mod fixtures;
pub(crate) mod schema;

pub(crate) use database::{Db, on_postgres, on_sqlite};
pub(crate) use engines::on_both_engines;
pub(crate) use fixtures::*;
