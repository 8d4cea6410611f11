#![doc = include_str!("../README.md")]

#[cfg(not(target_os = "linux"))]
compile_error!("jct-exec supervises process trees through pidfds and /proc, which only Linux has");

pub mod command;
mod confine;
pub mod executor;
pub mod git;
pub mod process;
pub mod survey;
mod workspace;

pub use command::CommandExecutor;
pub use executor::{
    Execution, ExecutionIo, ExecutionRequest, Executor, Executors, FailureReason, JsonObject, ProgressSink,
};
pub use git::{GitError, Prober, RepoCache, RepoSource, RepoSources};
pub use process::{LineSink, LogLine, LogStream};
pub use survey::SurveyExecutor;
pub use workspace::{RecoveredWorkspaces, Workspace, WorkspaceError, recover_workspaces};
