//! The database that the configuration names, for the commands that work on it directly.

use std::path::Path;

use jct_config::Config;
use jct_store::{DatabaseUrl, OpenError, Store, StoreError};
use jct_wiring::store_options;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::state_folder;

/// The address as the store takes it.
pub(crate) fn url(config: &Config) -> Result<DatabaseUrl, Failure> {
    parse(&config.database.url.expose())
}

/// An address given as a flag, as the store takes it.
pub(crate) fn parse(text: &str) -> Result<DatabaseUrl, Failure> {
    // The error says what is wrong with the address, never the address: it may hold a password.
    text.parse().map_err(|error| Failure::caused(Exit::Usage, "the database address is not usable", &error))
}

/// Opens the configured database.
pub(crate) async fn open(config: &Config) -> Result<Store, Failure> {
    state_folder::prepare(config, Path::new("."))?;
    Store::open(&url(config)?, store_options(config)).await.map_err(|error| cannot_open(config, &error))
}

fn cannot_open(config: &Config, error: &OpenError) -> Failure {
    let failure =
        Failure::caused(Exit::Unavailable, format!("cannot open the database {}", config.database.url), error);
    match error {
        OpenError::Connect { .. } => failure
            .hint("check DATABASE_URL, that the server runs and that the folder exists; `jct doctor` looks closer"),
        _ => failure,
    }
}

/// The database did not do what it was asked to.
pub(crate) fn failed(error: &StoreError) -> Failure {
    Failure::caused(Exit::Unavailable, "the database did not answer as it should", error)
}
