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
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
