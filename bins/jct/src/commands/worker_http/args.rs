//! The arguments of `jct worker-http`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use jct_contract::{Capability, JobType};

/// Arguments of `jct worker-http`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  export JCT_WORKER_TOKEN=$(jct tokens create indexer-1 --types manifest)
  jct worker-http --caps manifest,local_fs --types manifest -- python3 index.py
  jct worker-http --caps codex,git --slots 4 --env OPENAI_API_KEY -- ./run-agent --verbose

The command is run once for each job, in an empty folder of its own:
  standard input     the job as JSON, without its content
  JCT_JOB_ID, JCT_JOB_TYPE, JCT_JOB_ATTEMPT
  JCT_CONTENT_FILE   the manifest, for jobs that have one
  JCT_STATE_FILE     the JSON object that the last run of the manifest left here; what it holds at the end is kept
  JCT_OUTPUT_DIR     every file in it becomes an artifact of the job
  JCT_RESULT_FILE    a JSON object written here becomes the job's result
What it prints becomes events of the job, the last line its summary. It ends with 0 if the job succeeded, \
with 75 if it is worth another attempt, with anything else if it failed. A job that is cancelled, or whose \
lease was lost, ends it with SIGTERM, and with SIGKILL after the grace. Of this process's environment it \
gets PATH and what --env names; HOME and TMPDIR are the job's own.

The first ctrl-c or SIGTERM lets running jobs finish, the second gives them back at once.")]
pub(crate) struct WorkerHttpArgs {
    /// What this worker can do; a job that needs more is left to others
    #[arg(long, value_name = "CAPABILITY,...", value_delimiter = ',')]
    pub(super) caps: Vec<Capability>,
    /// The types of jobs to take: task, manifest, codex_exec, codex_skill [default: those of the token]
    #[arg(long, value_name = "TYPE,...", value_delimiter = ',')]
    pub(super) types: Vec<JobType>,
    /// Jobs run at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) slots: u32,
    /// Seconds that a job stays this worker's without a heartbeat
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(5..=3600))]
    pub(super) lease: u32,
    /// Seconds that one question for a job waits for one to come
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=50))]
    pub(super) wait: u32,
    /// Seconds between SIGTERM and SIGKILL
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(super) grace: u32,
    /// Seconds after which the command is ended and the job has failed; no limit of this worker's, if absent
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) time_limit: Option<u32>,
    /// Variable of this process that the command gets too; repeatable
    #[arg(long, value_name = "NAME")]
    pub(super) env: Vec<String>,
    /// Folder for the folders of jobs [default: that of temporary files]
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// End when there is nothing more to take
    #[arg(long)]
    pub(super) until_idle: bool,
    /// Command to run, word by word after a lone `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}
