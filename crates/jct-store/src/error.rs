//! What can go wrong in the store, told apart by what the caller can do about it.

use std::error::Error as StdError;

/// Any failure of a read or a write. Refusals that belong to an operation's contract are answers, not errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be reached, is shutting down, or is out of space; trying again later may help.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The command's outcome is unknown: the connection broke around the commit. Look before trying again.
    #[error("the connection broke before the outcome of the write was known")]
    OutcomeUnknown(#[source] Box<dyn StdError + Send + Sync>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A row does not make sense; somebody wrote past the tower, or there is a bug.
    #[error("the database holds a row that makes no sense: {what}")]
    Corrupt {
        /// Which row, and what about it.
        what: String,
    },
    /// The database refused a statement; there is a bug.
    #[error("the database refused a statement")]
    Refused(#[source] diesel::result::Error),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_))
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind as Kind;
        use diesel::result::Error as E;
        match error {
            E::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction, _)
            | E::BrokenTransactionManager => Self::unavailable(error),
            // SQLite: full disk, I/O error, busy. PostgreSQL: shutting down, out of connections, out of space.
            E::DatabaseError(Kind::Unknown, ref info) if is_environmental(info.message()) => Self::unavailable(error),
            other => Self::Refused(other),
        }
    }
}

fn is_environmental(message: &str) -> bool {
    [
        "disk is full",
        "disk I/O error",
        "database is locked",
        "unable to open",
        "terminating connection",
        "shutting down",
        "starting up",
        "too many clients",
        "No space left",
        "connection closed",
        "read-only",
        "canceling statement",
        "the database system is",
        "crash of another server process",
        "out of memory",
    ]
    .iter()
    .any(|fragment| message.contains(fragment))
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be reached or opened.
    #[error("failed to connect to {database}")]
    Connect {
        /// The database, without credentials.
        database: String,
        /// The driver's account.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The schema is older than this binary and migrating was not allowed.
    #[error("the schema is missing {pending} migration(s); run `jct db migrate`, or start without --no-migrate")]
    Outdated {
        /// How many are missing.
        pending: usize,
    },
    /// The schema is newer than this binary.
    #[error("the schema has migration `{unknown}`, which this binary does not know; use a newer binary")]
    Newer {
        /// The first unknown migration.
        unknown: String,
    },
    /// A migration failed.
    #[error("failed to migrate the schema")]
    Migrate(#[source] Box<dyn StdError + Send + Sync>),
    /// The first read failed.
    #[error("failed to read the database")]
    Read(#[source] StoreError),
}
