//! Runs as a reviewer needs them: everything about one, the files in which it left its change, and pushing that.

mod branch;
mod files;
mod git_publisher;
mod publish;
mod push;
mod view;

pub use branch::{BranchName, InvalidBranchName};
pub use files::{ChangeFile, RunFileError};
pub use git_publisher::GitPublisher;
pub use publish::{Publication, Publish, PublishError, Published};
pub use push::{PushError, Pushed};
pub use view::{RunView, RunViewError};

pub(crate) use files::changed;
