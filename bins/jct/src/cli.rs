//! The command line: every command and the flags they share.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use crate::{commands, exit};

const STYLES: Styles =
    Styles::styled().header(AnsiColor::Green.on_default().bold()).literal(AnsiColor::Cyan.on_default().bold());

/// Control tower for AI-assisted development: hand in tasks, watch them run, look at the proof.
#[derive(Debug, Parser)]
#[command(
    name = "jct",
    version,
    styles = STYLES,
    max_term_width = 110,
    arg_required_else_help = true,
    after_help = "Try it: `jct up --demo` starts a tower here and runs one task. `jct help <command>` shows examples.",
    after_long_help = exit::HELP
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Print JSON: one document, or one object a line where output streams; errors too, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Address of the tower [env: JCT_URL] [default: http://127.0.0.1:8000]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Key to show to the tower; prefer the variable, others can read a command line [env: JCT_API_KEY]
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) api_key: Option<String>,
    /// Configuration file [env: JCT_CONFIG] [default: jct.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a tower in this process: API and worker on one database
    Up(Box<commands::up::UpArgs>),
    /// Hand in a task
    Enqueue(Box<commands::enqueue::EnqueueArgs>),
    /// List tasks, newest first
    Tasks(commands::tasks::TasksArgs),
    /// Show one task
    Show(commands::show::ShowArgs),
    /// Follow a task until it ends
    Watch(commands::watch::WatchArgs),
    /// Say why a task is where it is
    Explain(commands::explain::ExplainArgs),
    /// Cancel a task
    Cancel(commands::cancel::CancelArgs),
    /// Let a held task go
    Release(commands::release::ReleaseArgs),
    /// List the attempts of a task
    Attempts(commands::attempts::AttemptsArgs),
    /// Look at the queue, pause it, resume it
    #[command(subcommand)]
    Queue(commands::queue::QueueCommand),
    /// List the workers that are alive
    Workers(commands::workers::WorkersArgs),
    /// List and remove what attempts left behind on this machine
    #[command(subcommand)]
    Workspaces(commands::workspaces::WorkspacesCommand),
    /// List agents, stop one, start it, limit it
    #[command(subcommand)]
    Agents(commands::agents::AgentsCommand),
    /// Hold or stop work by what it is about, and let it go again
    #[command(subcommand)]
    Controls(commands::controls::ControlsCommand),
    /// Stop work at once: the short form of `controls create --mode kill`
    Kill(commands::controls::KillArgs),
    /// Submit, list, follow and cancel jobs of every type
    #[command(subcommand)]
    Jobs(commands::jobs::JobsCommand),
    /// Keep manifests in the registry, and run them
    #[command(subcommand)]
    Manifests(commands::manifests::ManifestsCommand),
    /// Check a manifest in a file, without a tower
    #[command(subcommand)]
    Manifest(commands::manifest::ManifestCommand),
    /// Make, list and revoke the tokens of workers that come over HTTP
    #[command(subcommand)]
    Tokens(commands::tokens::TokensCommand),
    /// Take jobs over HTTP and run a command for each
    WorkerHttp(Box<commands::worker_http::WorkerHttpArgs>),
    /// Serve the tower's MCP tools to a coding agent, on standard input and output
    Mcp(commands::mcp::McpArgs),
    /// Hand in events, look at them, try dead ones again
    #[command(subcommand)]
    Events(commands::events::EventsCommand),
    /// Tell others of events: set webhooks up, look at what was sent
    #[command(subcommand)]
    Webhooks(commands::webhooks::WebhooksCommand),
    /// Define workflows, start and follow their runs, draw them
    #[command(subcommand)]
    Workflows(commands::workflows::WorkflowsCommand),
    /// Look at the proof a task left, and verify it
    #[command(subcommand)]
    Trace(commands::trace::TraceCommand),
    /// Look at issues: what is wanted, and what hangs on it
    #[command(subcommand)]
    Issues(commands::issues::IssuesCommand),
    /// Look at runs: what each changed, and the way from there into a repository
    #[command(subcommand)]
    Runs(commands::runs::RunsCommand),
    /// Judge what runs did: approve it, reject it, or send it back
    #[command(subcommand)]
    Review(commands::review::ReviewCommand),
    /// Export a signed statement about a run, and verify one without the tower
    #[command(subcommand)]
    Evidence(commands::evidence::EvidenceCommand),
    /// Verify, export and show the audit log, and seal it
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Make, list and revoke API keys, directly in the database
    #[command(subcommand)]
    Keys(commands::keys::KeysCommand),
    /// Look after the database's schema
    #[command(subcommand)]
    Db(commands::db::DbCommand),
    /// Print the effective configuration and where each value comes from
    Config(commands::config::ConfigArgs),
    /// Check this machine and this configuration, with the fix for each finding
    Doctor(commands::doctor::DoctorArgs),
    /// Measure this machine against the numbers to reach
    #[command(subcommand)]
    Bench(crate::bench::BenchCommand),
    /// Print the completion script of a shell
    Completions(commands::completions::CompletionsArgs),
}
