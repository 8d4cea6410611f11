//! `jct jobs download`: one artifact, given out only when its digest is the one that the tower accepted.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use ureq::http::Method;

use crate::client::{Client, Request};
use crate::commands::cells::{items, text};
use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Artifacts on a page, when one is looked for by its name.
const PAGE: u32 = 500;

/// Arguments of `jct jobs download`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct jobs download 01890a5d-ac96-774b-bcce-b302099a8057 report.json
  jct jobs download 01890a5d-ac96-774b-bcce-b302099a8057 chunks/0001.jsonl --out chunks.jsonl

Nothing is given out before all of it has come and its digest was checked; ends with 7 if it is another one. \
An existing file is never overwritten. With --json and --out: {\"file\", \"artifact\"}.")]
pub(crate) struct DownloadArgs {
    /// The job
    job_id: String,
    /// The artifact, by its id or by its name
    artifact: String,
    /// File to write it to; without, it goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &DownloadArgs, context: &Context) -> Result<Exit, Failure> {
    let (client, output) = (context.client()?, context.output());
    let artifact = find(&client, &args.job_id, &args.artifact)?;
    let folder = args.out.as_deref().map_or_else(std::env::temp_dir, folder_of);
    let mut kept = fetch(&client, &args.job_id, &artifact, &folder)?;
    let Some(out) = &args.out else {
        kept.rewind().map_err(|error| cannot_keep(&error))?;
        output.copy(kept)?;
        return Ok(Exit::Success);
    };
    kept.persist_noclobber(out).map_err(|error| {
        let exit = if error.error.kind() == std::io::ErrorKind::AlreadyExists { Exit::Conflict } else { Exit::Local };
        Failure::caused(exit, format!("`{}` cannot be written", out.display()), &error.error)
    })?;
    if output.is_json() {
        output.document(&json!({ "file": out, "artifact": artifact }))?;
    } else {
        output.line(format!("{}  {}", text(&artifact, "digest"), out.display()))?;
    }
    Ok(Exit::Success)
}

fn folder_of(out: &Path) -> PathBuf {
    match out.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The artifact of this id or name.
fn find(client: &Client, job_id: &str, wanted: &str) -> Result<Value, Failure> {
    let path = ["api", "queue", "jobs", job_id, "artifacts"];
    let mut cursor = None;
    loop {
        let query: Vec<_> = [("limit", PAGE.to_string())].into_iter().chain(cursor.map(|c| ("cursor", c))).collect();
        let page = client.send(&Method::GET, Request { path: &path, query: &query, ..Request::default() })?.json()?;
        let artifacts = page.get("items").into_iter().flat_map(items);
        let found = artifacts.into_iter().find(|one| text(one, "id") == wanted || text(one, "name") == wanted);
        if let Some(found) = found {
            return Ok(found.clone());
        }
        cursor = Some(text(&page, "nextCursor")).filter(|cursor| !cursor.is_empty());
        if cursor.is_none() {
            return Err(Failure::new(Exit::NotFound, format!("job {job_id} has no artifact `{wanted}`")));
        }
    }
}

/// The whole artifact in a file below `folder`, with the digest that the tower told before.
fn fetch(client: &Client, job_id: &str, artifact: &Value, folder: &Path) -> Result<NamedTempFile<File>, Failure> {
    let id = text(artifact, "id");
    let mut body = client.download(&["api", "queue", "jobs", job_id, "artifacts", &id, "download"], &[])?;
    let mut kept = NamedTempFile::new_in(folder).map_err(|error| cannot_keep(&error))?;
    let digest = file::copy_digested(&mut body, &mut kept)
        .and_then(|digest| kept.flush().map(|()| digest))
        .map_err(|error| Failure::caused(Exit::Unavailable, "the artifact could not be read to its end", &error))?;
    let expected = text(artifact, "digest");
    if digest.to_string() == expected {
        return Ok(kept);
    }
    Err(Failure::new(Exit::Conflict, "this is not the artifact that the tower accepted")
        .detail(format!("accepted was {expected}"))
        .detail(format!("the tower sent {digest}")))
}

fn cannot_keep(error: &std::io::Error) -> Failure {
    Failure::caused(Exit::Local, "the artifact cannot be kept", error)
}
