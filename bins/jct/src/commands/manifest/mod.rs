//! `jct manifest`: what can be said about a manifest without a tower.

mod check;
mod command;

pub(super) use check::{refused, validate};
pub(crate) use command::{ManifestCommand, run};
