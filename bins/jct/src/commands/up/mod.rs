//! `jct up`: API and worker in one process on one database, and with `--demo` a first task to look at.

mod args;
mod checkout;
mod demo;
mod policy;
mod report;
mod run;
mod sample;

pub(crate) use args::UpArgs;
pub(crate) use run::run;
