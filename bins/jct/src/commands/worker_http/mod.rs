//! `jct worker-http`: a worker that needs nothing but the tower's address and a token: it takes jobs over HTTP and
//! runs one command for each.
//!
//! The command speaks no protocol: it reads the job from its standard input, writes files, and ends.

mod args;
mod attempt;
mod calls;
mod folder;
mod heartbeat;
mod job;
mod output;
mod run;
mod settle;
mod setup;
mod upload;

pub(crate) use args::WorkerHttpArgs;
pub(crate) use run::run;
