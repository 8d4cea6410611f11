//! How a store is opened.

use std::sync::Arc;

use jct_contract::Clock;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Bring the schema up to date first; otherwise an outdated schema is an error.
    pub migrate: bool,
    /// Connections for reads.
    pub read_connections: usize,
    /// Writers on PostgreSQL; SQLite has exactly one.
    pub writers: usize,
    /// The clock leases are judged by. `None` means the database's own on PostgreSQL and the system's on SQLite.
    pub clock: Option<Arc<dyn Clock>>,
    /// Whether changes leave entries in the audit log. Only a measurement of what they cost turns this off; no
    /// configuration can.
    #[doc(hidden)]
    pub audit: bool,
}

impl Default for StoreOptions {
    /// Migrates; 4 read connections; 4 writers; the default clock.
    fn default() -> Self {
        Self { migrate: true, read_connections: 4, writers: 4, clock: None, audit: true }
    }
}
