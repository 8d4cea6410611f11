//! `jct keys`: directly in the database, so that the first key can be made before any exists.

use std::time::Duration;

use clap::{Args, Subcommand};
use jct_contract::{Clock as _, RequesterKind, SystemClock, Timestamp};
use jct_store::model::ApiKeyRecord;
use jct_tower::access::{CreateKeyError, Grant, KeyRequest, RevokeKeyError, Scope};
use jct_tower::{Tower, TowerOptions};
use serde_json::{Value, json};

use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it; it cannot be seen again
    Create(CreateArgs),
    /// List every key, revoked ones included
    List,
    /// Revoke a key; every process refuses it after 5 seconds at the latest
    #[command(after_help = "Example:\n  jct keys revoke ci")]
    Revoke(RevokeArgs),
}

/// Arguments of `jct keys create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct keys create ci --kind system --scope tasks:read --scope tasks:write
  export JCT_API_KEY=$(jct keys create ada --kind human --all-scopes)

Works on the database that DATABASE_URL names, as the built-in principal `operator`. The first key \
closes the API to everybody without one, for good: a revoked key is still a key.")]
pub(crate) struct CreateArgs {
    /// Name of the principal; unique, and for good
    name: String,
    /// What stands behind it: human, agent or system
    #[arg(long)]
    kind: RequesterKind,
    /// What it may do: tasks:read, tasks:write, tasks:execute, cwom:read, cwom:write, reviews:decide,
    /// runs:push, audit:read, policy:read, queue:write, controls:write, jobs:read, jobs:write, workers:manage,
    /// manifests:read, manifests:write, events:read, events:write, webhooks:read, webhooks:write,
    /// workflows:read, workflows:write or keys:manage; repeatable
    #[arg(long, required_unless_present = "all_scopes")]
    scope: Vec<Scope>,
    /// Everything
    #[arg(long, conflicts_with = "scope")]
    all_scopes: bool,
    /// Days until it expires; never, if absent
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in_days: Option<u32>,
}

/// Arguments of `jct keys revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Name of the principal
    name: String,
}

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn run(command: KeysCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let output = context.output();
    block_on(async {
        let store = database::open(&config).await?;
        let tower = Tower::new(store.clone(), TowerOptions::default());
        let done = match command {
            KeysCommand::Create(args) => create(args, &tower, output).await,
            KeysCommand::List => list(&tower, output).await,
            KeysCommand::Revoke(args) => revoke(args, &tower, output).await,
        };
        store.close().await;
        done.map(|()| Exit::Success)
    })
}

async fn create(args: CreateArgs, tower: &Tower, output: &Output) -> Result<(), Failure> {
    let CreateArgs { name, kind, scope, all_scopes, expires_in_days } = args;
    let scopes = if all_scopes { Scope::ALL.to_vec() } else { scope };
    let expires_at = expires_in_days.map(|days| SystemClock.now().after(DAY * days));
    let key = tower
        .key_create(KeyRequest { name, kind, scopes, expires_at }, &Grant::operator())
        .await
        .map_err(|e| refused(&e))?;
    if output.is_json() {
        let mut shown = shown(&key.record);
        shown["key"] = json!(key.secret.reveal());
        return output.document(&shown);
    }
    output.note(format!("key of `{}`; keep it, it is not shown again:", key.record.principal.name()));
    output.line(key.secret.reveal())
}

async fn list(tower: &Tower, output: &Output) -> Result<(), Failure> {
    let keys = tower.key_list().await.map_err(|error| database::failed(&error))?;
    if output.is_json() {
        return output.document(&keys.iter().map(shown).collect::<Vec<_>>());
    }
    if keys.is_empty() {
        output.note("no keys; make the first with `jct keys create`");
        return Ok(());
    }
    let columns = [
        Column::Plain("NAME"),
        Column::Plain("KIND"),
        Column::Status("STATE"),
        Column::Plain("SCOPES"),
        Column::Plain("CREATED"),
        Column::Plain("BY"),
        Column::Plain("EXPIRES"),
    ];
    let now = SystemClock.now();
    let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
    output.table(&columns, &rows)
}

async fn revoke(args: RevokeArgs, tower: &Tower, output: &Output) -> Result<(), Failure> {
    let name = args.name;
    let key = tower.key_revoke(name.clone(), &Grant::operator()).await.map_err(|error| match error {
        RevokeKeyError::NotFound => Failure::new(Exit::NotFound, format!("no key has the name `{name}`"))
            .hint("`jct keys list` shows all names"),
        RevokeKeyError::Store(error) => database::failed(&error),
    })?;
    if output.is_json() { output.document(&shown(&key)) } else { output.line(format!("key `{name}` is revoked")) }
}

fn refused(error: &CreateKeyError) -> Failure {
    match error {
        CreateKeyError::NameTaken { .. } => {
            Failure::new(Exit::Conflict, error.to_string()).hint("choose another name; a revoked key keeps its own")
        }
        CreateKeyError::Store(error) => database::failed(error),
        CreateKeyError::Random(error) => Failure::caused(Exit::Local, "no random key could be made", error),
        other => Failure::caused(Exit::Usage, "the key was not made", other),
    }
}

fn state(key: &ApiKeyRecord, now: Timestamp) -> &'static str {
    match key.revoked_at {
        Some(_) => "revoked",
        None if key.is_valid_at(now) => "valid",
        None => "expired",
    }
}

fn shown(key: &ApiKeyRecord) -> Value {
    json!({
        "name": key.principal.name(),
        "kind": key.principal.kind().as_str(),
        "state": state(key, SystemClock.now()),
        "scopes": key.scopes,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    })
}

fn row(key: &ApiKeyRecord, now: Timestamp) -> Vec<String> {
    let expires = key.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    vec![
        key.principal.name().to_owned(),
        key.principal.kind().as_str().to_owned(),
        state(key, now).to_owned(),
        key.scopes.join(" "),
        key.created_at.to_string(),
        key.created_by.clone(),
        expires,
    ]
}
