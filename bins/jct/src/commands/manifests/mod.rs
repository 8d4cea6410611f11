//! `jct manifests`: the registry of manifests that the tower keeps.

mod command;
mod delete;
mod list;
mod put;
mod run;
mod runs;
mod show;
mod versions;

pub(crate) use command::{ManifestsCommand, run};
