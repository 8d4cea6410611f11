#![doc = include_str!("../README.md")]

#[cfg(not(target_os = "linux"))]
compile_error!("jct-exec supervises process trees through pidfds and /proc, which only Linux has");

pub mod command;
mod confine;
pub mod executor;
pub mod git;
pub mod process;
pub mod sandbox;
pub mod session;
pub mod survey;
mod workspace;

pub use command::CommandExecutor;
pub use executor::{
    EgressDecision, EgressSink, Execution, ExecutionIo, ExecutionRequest, Executor, Executors, FailureReason, Handover,
    JsonObject, ManifestInput, ProgressSink, RunRecord, Stop, Usage,
};
pub use git::{GitError, Prober, RepoCache, RepoSource, RepoSources};
pub use process::{LineSink, LogLine, LogStream};
pub use sandbox::{IsolationReport, Sandbox, SandboxOptions};
pub use session::{Fate, Session, Workshop};
pub use survey::SurveyExecutor;
pub use workspace::{
    FoundWorkspace, KeepRules, RecoveredWorkspaces, RemoveError, Workspace, WorkspaceError, WorkspaceNote,
    list_workspaces, recover_workspaces, remove_workspace, sweep_workspaces,
};
