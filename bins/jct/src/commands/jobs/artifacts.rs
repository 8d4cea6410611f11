//! `jct jobs artifacts`: what workers uploaded for a job.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, bytes};

const COLUMNS: [Column; 6] = [
    Column::Plain("ARTIFACT"),
    Column::Plain("NAME"),
    Column::Plain("SIZE"),
    Column::Plain("TYPE"),
    Column::Plain("DIGEST"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct jobs artifacts`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct jobs artifacts 01890a5d-ac96-774b-bcce-b302099a8057

With --json the page is {\"artifacts\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ArtifactsArgs {
    /// The job
    job_id: String,
    /// Artifacts on the page
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ArtifactsArgs, context: &Context) -> Result<Exit, Failure> {
    let ArtifactsArgs { job_id, limit, cursor } = args;
    let path = ["api", "queue", "jobs", &job_id, "artifacts"];
    let list = List { path: &path, name: "artifacts", none: "no artifacts", columns: &COLUMNS, row };
    let limit = ("limit", limit.to_string());
    list.show(&cursor.map(|cursor| ("cursor", cursor)).into_iter().chain([limit]).collect::<Vec<_>>(), context)
}

fn row(artifact: &Value, now: Timestamp) -> Vec<String> {
    let size = artifact.get("sizeBytes").and_then(Value::as_u64).map(bytes).unwrap_or_default();
    vec![
        text(artifact, "id"),
        text(artifact, "name"),
        size,
        text(artifact, "contentType"),
        text(artifact, "digest"),
        moment(artifact, "createdAt", now),
    ]
}
