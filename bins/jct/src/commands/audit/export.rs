//! `jct audit export`: the log as a file that an outsider verifies without the tower.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use jct_audit::BundleFilter;
use jct_contract::{Clock as _, SystemClock};
use jct_tower::audit::{EntityKind, ExportError, Exported, export};
use serde_json::json;

use super::open;
use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct audit export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct audit export --out audit.jsonl
  jct audit export --entity task/01890a5d-ac96-774b-bcce-b302099a8057 --out task.jsonl
  jct audit export --trace demo-1 > trace.jsonl
  jct audit verify --bundle audit.jsonl --checkpoints kept.jsonl

Writes JSON lines: keys, checkpoints, entries. A part carries the whole chains of the objects it \
touches, and proofs that each is in its checkpoints, but not the rest of the log. Ends with 4 if there \
is nothing to export.")]
pub(crate) struct ExportArgs {
    /// Only the entries of one object: its kind, a slash and its id
    #[arg(long, value_name = "KIND/ID", conflicts_with = "trace")]
    entity: Option<String>,
    /// Only the objects that this trace touched
    #[arg(long, value_name = "TRACE_ID")]
    trace: Option<String>,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let output: Output = *context.output();
    let filter = match (args.entity, args.trace) {
        (Some(entity), _) => of_entity(&entity)?,
        (None, Some(trace_id)) => BundleFilter::Trace { trace_id },
        (None, None) => BundleFilter::Whole,
    };
    let mut sink: Box<dyn Write> =
        match &args.out {
            Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|error| {
                Failure::caused(Exit::Local, format!("{} cannot be written", path.display()), &error)
            })?)),
            None => Box::new(BufWriter::new(io::stdout().lock())),
        };
    let done = block_on(async {
        let store = open::existing(&config).await?;
        let total = store.audit_position().await.map_err(|error| database::failed(&error))?;
        // A bar would run through what is printed.
        let bar = args.out.as_ref().map(|_| open::bar(&output, total));
        let write = |line: &str| sink.write_all(line.as_bytes());
        let progress = |done| bar.iter().for_each(|bar| bar.set_position(done));
        let done = export(&store, filter, SystemClock.now(), write, progress).await;
        bar.iter().for_each(indicatif::ProgressBar::finish_and_clear);
        store.close().await;
        done.map_err(failed)
    })?;
    sink.flush()?;
    drop(sink);
    tell(&done, args.out.as_deref(), output)?;
    Ok(if done.entries == 0 { Exit::NotFound } else { Exit::Success })
}

/// `task/018…`; an id may hold further slashes.
fn of_entity(text: &str) -> Result<BundleFilter, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message).hint("an object is KIND/ID, such as task/018…");
    let (kind, id) = text.split_once('/').ok_or_else(|| usage(format!("`{text}` names no object")))?;
    let kind: EntityKind =
        kind.parse().map_err(|error: jct_tower::audit::UnknownEntityKind| usage(error.to_string()))?;
    Ok(BundleFilter::Entity { entity_kind: kind.to_string(), entity_id: id.to_owned() })
}

fn failed(error: ExportError) -> Failure {
    match error {
        ExportError::Write(error) => error.into(),
        error => Failure::caused(Exit::Unavailable, "the log cannot be exported", &error),
    }
}

fn tell(done: &Exported, out: Option<&std::path::Path>, output: Output) -> Result<(), Failure> {
    if done.unreadable > 0 {
        output.note(format!("{} rows are no entries and were left out; see `jct audit verify`", done.unreadable));
    }
    let Some(out) = out else { return Ok(()) };
    if output.is_json() {
        return output.record(&json!({
            "file": out, "entries": done.entries, "checkpoints": done.checkpoints, "unreadable": done.unreadable,
        }));
    }
    output.line(format!("{}: {} entries, {} checkpoints", out.display(), done.entries, done.checkpoints))
}
