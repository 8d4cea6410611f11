//! Exit codes: one table, from which the process, `--help` and `docs/cli.md` all take them.

use std::process::ExitCode;

macro_rules! exits {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $meaning:literal;)+) => {
        /// How a run of `jct` ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Exit {
            $($(#[$doc])+ $name = $code,)+
        }

        impl Exit {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What the code means, as `--help` says it.
            #[cfg(test)]
            pub(crate) const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)+
                }
            }

            /// The number the shell sees.
            pub(crate) const fn code(self) -> u8 {
                self as u8
            }
        }

        /// The table as `--help` shows it.
        pub(crate) const HELP: &str = concat!("Exit codes:\n", $("  ", $code, "  ", $meaning, "\n",)+);
    };
}

exits! {
    /// Done.
    Success = 0, "done; a watched task completed";
    /// The answer is bad news, and it is the answer that was asked for.
    Negative = 1, "the task failed or was cancelled, or a check found something";
    /// Wrong arguments or configuration.
    Usage = 2, "wrong arguments or configuration";
    /// The tower refused the request.
    Refused = 3, "refused by the contract or by policy";
    /// No such object.
    NotFound = 4, "no such task, key or file";
    /// Nobody answers.
    Unavailable = 5, "the tower or its database does not answer, or failed";
    /// The key is missing, unknown or not allowed to do this.
    Unauthorized = 6, "no valid key, or not allowed to this key";
    /// The request contradicts the current state.
    Conflict = 7, "not possible in the current state, or the name or port is taken";
    /// This machine refused: a file, a folder, a process.
    Local = 8, "a local file, folder or process failed";
    /// The log or statement is sound, but not all of it is vouched for outside.
    NotAnchored = 10, "audit verify: intact, but not everything is anchored outside; evidence verify: sound, but no key was given";
    /// Entries, or a statement, were changed.
    Altered = 11, "audit verify: entries were altered; evidence verify: the statement was";
    /// Entries are not in their places.
    Reordered = 12, "audit verify: entries are out of order";
    /// The end is missing.
    Truncated = 13, "audit verify: the end of a chain or of the log is missing";
    /// A checkpoint or a key does not hold.
    CheckpointBroken = 14, "audit verify: a checkpoint or key is missing or forged; evidence verify: another key signed";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
