//! One module for each command: its arguments, and what it does with them.

pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod cancel;
mod cells;
mod changed;
mod chosen;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod db;
mod dispatch;
pub(crate) mod doctor;
pub(crate) mod enqueue;
pub(crate) mod evidence;
pub(crate) mod explain;
mod file;
pub(crate) mod issues;
pub(crate) mod jobs;
pub(crate) mod keys;
mod lines;
pub(crate) mod manifest;
pub(crate) mod manifests;
mod page;
pub(crate) mod queue;
pub(crate) mod release;
pub(crate) mod review;
pub(crate) mod runs;
pub(crate) mod show;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod trace;
pub(crate) mod up;
pub(crate) mod watch;
pub(crate) mod worker_http;
pub(crate) mod workers;

pub(crate) use dispatch::run;
