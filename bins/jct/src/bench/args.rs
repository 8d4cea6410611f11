//! The arguments of `jct bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::serve::ServeArgs;

const EXAMPLES: &str = "Examples:
  jct bench all
  jct bench enqueue --seconds 30 --connections 64
  jct bench all --postgres-url postgres://bench@127.0.0.1/postgres --markdown
  jct bench read --rows 100000 --json

Use a release build. Every run makes a database of its own and removes it; nothing of a tower in use is touched.
With --json: one measurement a line.";

/// What to measure.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum BenchCommand {
    /// Enqueue over HTTP, one task a request
    Enqueue(BenchArgs),
    /// Enqueue over HTTP, 100 tasks a request
    Batch(BenchArgs),
    /// Drain no-op attempts: with sealed trace folders, and the settle path alone
    Drain(BenchArgs),
    /// Time from the enqueue call to the start of the attempt, at 200 tasks a second
    Pickup(BenchArgs),
    /// Read one task, the first page and cursor pages out of a large table
    Read(BenchArgs),
    /// Claims out of 1,000 and out of 100,000 queued jobs that need different capabilities
    Jobs(BenchArgs),
    /// Events taken in and processed, at the store
    Events(BenchArgs),
    /// A workflow of 1,000 steps, and how soon an event is a task
    Workflows(BenchArgs),
    /// 1,000 idle workers that wait over HTTP: what they cost, and how soon a job is in their hands
    LongPoll(BenchArgs),
    /// The policy gate alone, on one core
    Gate(BenchArgs),
    /// Checking a manifest, and refusing one of nested aliases, on one core
    Manifests(BenchArgs),
    /// Start a program and wait for its end, at each isolation level
    Spawn(BenchArgs),
    /// All of them, one after the other
    All(BenchArgs),
    /// Serve one database for a measurement, until the parent ends it
    #[command(hide = true)]
    Serve(ServeArgs),
}

/// Arguments of every measurement.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// Measure on this engine only: `sqlite:`, or the address of a PostgreSQL server; its database is left alone
    #[arg(long, value_name = "URL", conflicts_with = "postgres_url")]
    pub(super) database_url: Option<String>,
    /// Measure on PostgreSQL too: the address of a server on which this user may create databases
    #[arg(long, value_name = "URL")]
    pub(super) postgres_url: Option<String>,
    /// Folder for databases and traces; put it on the disk that is to be measured
    #[arg(long, value_name = "DIR", default_value = ".jct/bench")]
    pub(super) folder: PathBuf,
    /// Seconds that each rate is measured for, after the warm-up
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) seconds: u64,
    /// Connections that enqueue and batch are measured with
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) connections: u32,
    /// Tasks that are drained, and events that are processed
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(super) tasks: u32,
    /// Rows that reads are measured over
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub(super) rows: u32,
    /// Programs that spawn starts at each level
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) starts: u32,
    /// Print the table in Markdown
    #[arg(long)]
    pub(super) markdown: bool,
}
