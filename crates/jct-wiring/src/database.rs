//! The database: where it is and how it is opened.

use jct_config::Config;
use jct_store::{DatabaseUrl, InvalidDatabaseUrl, StoreOptions};

/// The configured database.
///
/// # Errors
///
/// [`InvalidDatabaseUrl`], which says what is wrong with the address but never the address: it may hold a password.
pub fn database_url(config: &Config) -> Result<DatabaseUrl, InvalidDatabaseUrl> {
    config.database.url.expose().parse()
}

/// How the database is opened.
#[must_use]
pub fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        migrate: config.database.migrate,
        read_connections: usize::try_from(config.database.read_connections).unwrap_or(usize::MAX),
        writers: usize::try_from(config.database.writers).unwrap_or(usize::MAX),
        ..StoreOptions::default()
    }
}
