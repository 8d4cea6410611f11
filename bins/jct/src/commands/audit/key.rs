//! `jct audit key`: the keys that sign checkpoints.

use clap::Subcommand;
use jct_audit::PublicKey;
use jct_tower::access::Grant;
use jct_tower::audit::RotateError;
use serde_json::json;

use super::{open, seal};
use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

/// What to do with the key.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Show the public keys, oldest first; the last one is in force
    #[command(after_help = "Examples:
  jct audit key show
  jct --json audit key show | jq -r '.keys[0].public_key' > tower.pub

Whoever wants to verify later keeps a public key apart from the tower and gives it to \
`jct audit verify --public-key`. Any key of the list will do: it leads to those after it.")]
    Show,
    /// Seal with the key in force, introduce a new one, and delete the old one
    #[command(after_help = "Example:
  jct audit key rotate

The old key signs the change, so whoever trusts it can follow. Running towers with the same key file \
take the new key by themselves.")]
    Rotate,
}

pub(super) fn run(command: &KeyCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        KeyCommand::Show => show(context),
        KeyCommand::Rotate => rotate(context),
    }
}

fn show(context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let (origin, keys) = block_on(async {
        let store = open::existing(&config).await?;
        let read = async { Ok((store.audit_origin().await?, store.audit_keys().await?)) }.await;
        store.close().await;
        read.map_err(|error| database::failed(&error))
    })?;
    let id = |text: &str| text.parse::<PublicKey>().map_or_else(|_| "not a key".to_owned(), |key| key.id().to_string());
    let output = context.output();
    if output.is_json() {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "number": key.number,
                    "key_id": id(&key.public_key),
                    "public_key": key.public_key,
                    "created_at": key.created_at,
                })
            })
            .collect();
        output.document(&json!({ "origin": origin, "keys": keys }))?;
        return Ok(Exit::Success);
    }
    output.line(format!("origin  {origin}"))?;
    if keys.is_empty() {
        output.note("no key yet: the first start of the tower makes one, or `jct audit checkpoint`");
        return Ok(Exit::Success);
    }
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            vec![key.number.to_string(), id(&key.public_key), key.public_key.clone(), key.created_at.to_string()]
        })
        .collect();
    let columns = [Column::Plain("NO"), Column::Plain("ID"), Column::Plain("PUBLIC KEY"), Column::Plain("SINCE")];
    output.table(&columns, &rows)?;
    Ok(Exit::Success)
}

fn rotate(context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let key = block_on(async {
        let store = database::open(&config).await?;
        let rotated = async {
            let sealer = database::sealer(&config, &store).await?;
            sealer.rotate(Grant::operator().principal().clone()).await.map_err(|error| failed(&error))
        }
        .await;
        store.close().await;
        rotated
    })?;
    let output = context.output();
    if output.is_json() {
        output.document(&json!({ "key_id": key.id().to_string(), "public_key": key }))?;
    } else {
        output.line(format!("the key in force is now {key} ({})", key.id()))?;
    }
    Ok(Exit::Success)
}

fn failed(error: &RotateError) -> Failure {
    match error {
        RotateError::Seal(error) => seal::failed(error),
        RotateError::Outrun => Failure::caused(Exit::Conflict, "the key was not changed", error),
        RotateError::Key(_) => Failure::caused(Exit::Local, "the key was not changed", error),
        _ => Failure::caused(Exit::Unavailable, "the key was not changed", error),
    }
}
