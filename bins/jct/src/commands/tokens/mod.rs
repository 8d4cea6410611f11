//! `jct tokens`: the tokens of workers that come over HTTP.

mod command;
mod create;
mod list;
mod revoke;

pub(crate) use command::{TokensCommand, run};
