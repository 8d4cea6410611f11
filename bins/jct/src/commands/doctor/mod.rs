//! `jct doctor`: looks at everything a tower stands on, and says how to mend what it finds.

mod check;
mod exposure;
mod folders;
mod report;
mod sandbox;
mod sources;
mod state;
mod tools;
mod workspaces;

pub(crate) use report::{DoctorArgs, run};
