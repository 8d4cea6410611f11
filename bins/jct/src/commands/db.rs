//! `jct db`: the schema of the database, looked at and moved.

use std::path::Path;

use clap::{Args, Subcommand};
use jct_store::migrations::{self, MigrationStatus};
use serde_json::json;

use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output};
use crate::state_folder;

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// List the migrations and whether each is applied
    #[command(after_help = "Ends with 1 if one is missing or unknown to this binary, so that a deployment can ask.")]
    Status,
    /// Apply what is missing
    Migrate,
    /// Take back the latest migrations; the data of what they made is lost
    #[command(after_help = "Example:\n  jct db rollback --count 1 --yes")]
    Rollback(RollbackArgs),
}

/// Arguments of `jct db rollback`.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// How many, from the latest
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Confirm that data may be lost
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(command: &DbCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let url = database::url(&config)?;
    state_folder::prepare(&config, Path::new("."))?;
    let output = context.output();
    match command {
        DbCommand::Status => {}
        DbCommand::Migrate => {
            block_on(async { migrations::migrate(&url).await.map_err(|error| failed(&config, &error)) })?;
        }
        DbCommand::Rollback(RollbackArgs { yes: false, .. }) => {
            return Err(Failure::new(Exit::Usage, "a rollback loses data")
                .hint("stop every process of the tower, keep a copy, then add --yes"));
        }
        DbCommand::Rollback(RollbackArgs { count, yes: true }) => {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            block_on(async { migrations::rollback(&url, count).await.map_err(|error| failed(&config, &error)) })?;
        }
    }
    let fits = block_on(async { show(&url, &config, output).await })?;
    // After a rollback, what is missing is what was asked for.
    let asked = matches!(command, DbCommand::Status);
    Ok(if fits || !asked { Exit::Success } else { Exit::Negative })
}

/// Prints the migrations; whether the schema fits this binary.
async fn show(url: &jct_store::DatabaseUrl, config: &jct_config::Config, output: &Output) -> Result<bool, Failure> {
    let migrations = migrations::status(url).await.map_err(|error| failed(config, &error))?;
    let fits = migrations.iter().all(|migration| migration.applied && migration.known);
    if output.is_json() {
        let list: Vec<_> =
            migrations.iter().map(|migration| json!({ "name": migration.name, "state": state(migration) })).collect();
        output.document(&json!({ "database": config.database.url.to_string(), "fits": fits, "migrations": list }))?;
    } else {
        let rows: Vec<_> =
            migrations.iter().map(|migration| vec![migration.name.clone(), state(migration).to_owned()]).collect();
        output.line(config.database.url.to_string())?;
        output.table(&[Column::Plain("MIGRATION"), Column::Status("STATE")], &rows)?;
    }
    Ok(fits)
}

const fn state(migration: &MigrationStatus) -> &'static str {
    match (migration.known, migration.applied) {
        (true, true) => "applied",
        (true, false) => "pending",
        // A newer binary was here.
        (false, _) => "unknown",
    }
}

fn failed(config: &jct_config::Config, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(
        Exit::Unavailable,
        format!("the schema of {} could not be read or changed", config.database.url),
        error,
    )
}
