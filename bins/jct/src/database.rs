//! The database that the configuration names, for the commands that work on it directly.

use std::path::Path;
use std::sync::Arc;

use jct_config::Config;
use jct_contract::SystemClock;
use jct_store::{DatabaseUrl, OpenError, Store, StoreError, StoreOptions};
use jct_tower::access::Grant;
use jct_tower::audit::{OpenSealerError, Sealer};
use jct_wiring::{sealer_options, store_options};

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
    open_with(config, store_options(config)).await
}

/// Opens the configured database in another way than the configuration says.
pub(crate) async fn open_with(config: &Config, options: StoreOptions) -> Result<Store, Failure> {
    Store::open(&url(config)?, options).await.map_err(|error| cannot_open(config, &error))
}

/// Whoever seals the audit log, with the configured key, which is made if the log has none.
pub(crate) async fn sealer(config: &Config, store: &Store) -> Result<Sealer, Failure> {
    let operator = Grant::operator().principal().clone();
    Sealer::open(store.clone(), sealer_options(config), Arc::new(SystemClock), operator).await.map_err(|error| {
        let exit = if matches!(error, OpenSealerError::Store(_)) { Exit::Unavailable } else { Exit::Local };
        Failure::caused(exit, "the sealing of the audit log cannot be prepared", &error)
            .hint("name another file with JCT_AUDIT_KEY_FILE, or give this one back to its owner alone")
    })
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
