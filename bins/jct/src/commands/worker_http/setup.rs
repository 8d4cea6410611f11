//! What stays the same from one job to the next.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use jct_contract::{Capability, JobType};
use serde_json::{Value, json};

use super::args::WorkerHttpArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// A command that may take as long as it wants ends within a year all the same.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);

/// What the worker offers and how it runs a job.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
    pub(super) lease: Duration,
    pub(super) grace: Duration,
    pub(super) time_limit: Duration,
    pub(super) passed_on: Vec<String>,
    /// Where the folders of jobs are made; absolute.
    pub(super) parent: PathBuf,
    pub(super) until_idle: bool,
    caps: Vec<Capability>,
    types: Vec<JobType>,
    wait: u32,
}

impl Setup {
    pub(super) fn new(args: WorkerHttpArgs) -> Result<Self, Failure> {
        let WorkerHttpArgs { caps, types, slots: _, lease, wait, grace, time_limit, env, folder, until_idle, command } =
            args;
        let parent = folder.unwrap_or_else(std::env::temp_dir);
        let parent = parent.canonicalize().map_err(|error| {
            Failure::caused(Exit::Local, format!("`{}` is no folder for jobs", parent.display()), &error)
        })?;
        let mut words = command.into_iter();
        let program = words.next().ok_or_else(|| Failure::new(Exit::Usage, "there is no command to run"))?;
        let seconds = |count: u32| Duration::from_secs(count.into());
        Ok(Self {
            program: found_from_here(program)?,
            arguments: words.collect(),
            lease: seconds(lease),
            grace: seconds(grace),
            time_limit: time_limit.map_or(NO_LIMIT, seconds),
            passed_on: env,
            parent,
            until_idle,
            caps,
            types,
            wait,
        })
    }

    /// The question for one job. Without a wish for types the token decides.
    pub(super) fn claim(&self) -> Value {
        let caps: Vec<_> = self.caps.iter().map(Capability::as_str).collect();
        let wait = if self.until_idle { 0 } else { self.wait };
        let mut claim =
            json!({ "leaseSeconds": self.lease.as_secs(), "waitSeconds": wait, "workerCapabilities": caps });
        if !self.types.is_empty() {
            claim["allowedTypes"] = self.types.iter().map(|job_type| job_type.as_str()).collect();
        }
        claim
    }
}

/// A path is meant from here, not from the folder of a job; a bare name is looked up in `PATH`.
fn found_from_here(program: OsString) -> Result<OsString, Failure> {
    if !program.as_encoded_bytes().contains(&b'/') {
        return Ok(program);
    }
    let path = PathBuf::from(&program).canonicalize();
    path.map(PathBuf::into_os_string)
        .map_err(|error| Failure::caused(Exit::Local, format!("`{}` cannot be run", program.to_string_lossy()), &error))
}
