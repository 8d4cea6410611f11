//! Runs one program under supervision: a clean environment, a private process group, captured
//! output, and a promise that nothing of the process tree outlives the call.
//!
//! This is the only place of the workspace that starts processes, so the rules about environment,
//! signals and output limits are stated once.

mod bounds;
mod capture;
mod control;
mod environment;
mod lines;
mod run;
mod spec;
mod table;
mod term;
mod tree;

pub use bounds::Bounds;
pub use capture::{Capture, DEFAULT_OUTPUT_LIMIT, LINE_OVERHEAD, LineSink, LogLine, LogStream};
pub use environment::Environment;
pub use lines::MAX_LINE_BYTES;
pub use run::{ProcessEnd, ProcessOutcome, run};
pub use spec::CommandSpec;
pub use term::{LeaseHolder, LeaseTerm};
pub use tree::RunMarker;

pub(crate) use table::{Process, members, members_with_dead};
pub(crate) use tree::kill_marked;
