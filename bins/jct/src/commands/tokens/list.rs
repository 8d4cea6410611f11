//! `jct tokens list`: a page of tokens.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

const COLUMNS: [Column; 8] = [
    Column::Plain("TOKEN"),
    Column::Plain("WORKER"),
    Column::Status("STATE"),
    Column::Plain("TYPES"),
    Column::Plain("REPOSITORIES"),
    Column::Plain("CAPABILITIES"),
    Column::Plain("LAST USED"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct tokens list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct tokens list --json | jq -r '.tokens[] | select(.revokedAt == null) | .workerId'

With --json the page is {\"tokens\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Tokens on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ListArgs { limit, cursor } = args;
    let path = ["api", "queue", "workers", "tokens"];
    let none = "no tokens; make the first with `jct tokens create`";
    let list = List { path: &path, name: "tokens", none, columns: &COLUMNS, row };
    let limit = ("limit", limit.to_string());
    list.show(&cursor.map(|cursor| ("cursor", cursor)).into_iter().chain([limit]).collect::<Vec<_>>(), context)
}

fn row(token: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(token, "id"),
        text(token, "workerId"),
        state(token, now).to_owned(),
        text(token, "allowedJobTypes"),
        text(token, "allowedRepositories"),
        text(token, "capabilities"),
        moment(token, "lastUsedAt", now),
        moment(token, "createdAt", now),
    ]
}

fn state(token: &Value, now: Timestamp) -> &'static str {
    let expired = text(token, "expiresAt").parse::<Timestamp>().is_ok_and(|at| at <= now);
    match (text(token, "revokedAt").is_empty(), expired) {
        (false, _) => "revoked",
        (true, true) => "expired",
        (true, false) => "valid",
    }
}
