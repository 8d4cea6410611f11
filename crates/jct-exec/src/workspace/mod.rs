//! The private folder of one attempt: a checkout, a home, a place for temporary files.
//!
//! ```text
//! ws-<random>/
//!   owner.lock       locked as long as its owner lives; holds the marker of its processes
//!   workspace.json   what it is kept for, once there is something to lose
//!   work/            all that a command may write:
//!     repo/ home/ tmp/ out/
//! ```
//!
//! A worker that is killed leaves its folders and the processes in them behind. When the lock can be taken, the owner
//! is dead: [`sweep_workspaces`] ends the processes, removes what nobody can miss and keeps the rest for a while. Work
//! that was not handed over is *dirty*: only an operator removes it, with [`remove_workspace`].

mod abandoned;
mod error;
mod folder;
mod kept;
mod note;
mod remove;
mod sweep;

pub use error::WorkspaceError;
pub use folder::Workspace;
pub use kept::{FoundWorkspace, RemoveError, list_workspaces, remove_workspace};
pub use note::WorkspaceNote;
pub use sweep::{KeepRules, RecoveredWorkspaces, recover_workspaces, sweep_workspaces};
