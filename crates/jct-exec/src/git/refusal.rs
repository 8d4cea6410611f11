//! The rules for what an executor hands over. What breaks one of them is refused whole.

/// The rule that a handed-over commit breaks. Paths are shown as git quotes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// git inside the sandbox could not bundle what is there.
    #[error("git inside the workspace failed to {action}: {stderr}")]
    NotBundled {
        /// What it was asked for.
        action: &'static str,
        /// The end of what it said.
        stderr: String,
    },
    /// Where the bundle should be is none, or something that is no plain file.
    #[error("the bundle is missing or no regular file")]
    NotAFile,
    /// The bundle has too many bytes.
    #[error("the bundle is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The most that is accepted.
        limit_bytes: u64,
    },
    /// git does not read it, or it needs what the repository does not have.
    #[error("the bundle is not acceptable to git: {stderr}")]
    NotABundle {
        /// The end of what git said.
        stderr: String,
    },
    /// Its history does not contain the commit that the work began with.
    #[error("the commit does not descend from the one that the work began with")]
    Unrelated,
    /// More commits than are accepted.
    #[error("more than {limit} commits")]
    TooManyCommits {
        /// The most that is accepted.
        limit: usize,
    },
    /// More changed files than are accepted.
    #[error("more than {limit} changed files")]
    TooManyFiles {
        /// The most that is accepted.
        limit: usize,
    },
    /// More new symbolic links than are accepted.
    #[error("more than {limit} new symbolic links")]
    TooManyLinks {
        /// The most that is accepted.
        limit: usize,
    },
    /// The files of the bundle are too large together, once they are unpacked.
    #[error("the new content has more than {limit_bytes} bytes when unpacked")]
    TooMuchContent {
        /// The most that is accepted.
        limit_bytes: u64,
    },
    /// A path is too long.
    #[error("the path {path} is longer than {limit} bytes")]
    PathTooLong {
        /// The beginning of the path.
        path: String,
        /// The most that is accepted.
        limit: usize,
    },
    /// A name that git, on one file system or another, takes for its own folder, or that leaves the tree.
    #[error("the path {path} has a component that is reserved for git or leaves the tree")]
    ReservedName {
        /// The path.
        path: String,
    },
    /// A symbolic link that is absolute, leaves the tree, leads into git's own folder, or cannot be judged.
    #[error("the symbolic link {path} is absolute or leads out of the tree")]
    UnsafeLink {
        /// The link's path.
        path: String,
    },
    /// A submodule was added or changed.
    #[error("the submodule {path} was added or changed")]
    Submodule {
        /// Its path.
        path: String,
    },
    /// An entry of a kind that git has no use for.
    #[error("the entry {path} has the unknown mode {mode}")]
    UnknownMode {
        /// Its path.
        path: String,
        /// The mode, in octal.
        mode: String,
    },
}
