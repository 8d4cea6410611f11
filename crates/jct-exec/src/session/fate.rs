//! What becomes of a session's workspace.

/// How the work in a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done: the workspace is removed once the work was judged and found good, at once if there is nothing in it
    /// to lose. See [`RunRecord::end_workspaces`](crate::RunRecord::end_workspaces).
    Done,
    /// It is not: the workspace is kept for a while, to be looked at.
    Failed,
}
