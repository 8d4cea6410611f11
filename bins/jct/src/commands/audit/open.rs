//! The database as somebody who only looks opens it, and the bar for what takes long.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use jct_config::{Config, Engine};
use jct_store::{Store, StoreOptions};
use jct_wiring::store_options;

use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Opens the configured database without making or changing it.
pub(crate) async fn existing(config: &Config) -> Result<Store, Failure> {
    if let Engine::Sqlite { path } = config.database.url.engine()
        && !Path::new(path).exists()
    {
        return Err(Failure::new(Exit::NotFound, format!("there is no database at {}", path.display()))
            .hint("name it with DATABASE_URL"));
    }
    database::open_with(config, StoreOptions { migrate: false, ..store_options(config) }).await
}

/// A bar on standard error, for people at a terminal only.
pub(super) fn bar(output: &Output, total: u64) -> ProgressBar {
    if output.is_json() {
        return ProgressBar::hidden();
    }
    // What is no terminal gets nothing at all.
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} entries {elapsed}");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
