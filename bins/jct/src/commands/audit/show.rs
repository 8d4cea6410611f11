//! `jct audit show`: who changed an object, or what a trace changed.

use clap::Args;
use jct_audit::StoredEntry;
use jct_store::model::{ChainFilter, ChainRow};
use jct_tower::audit::EntityKind;

use super::open;
use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

/// Entries read at once.
const PAGE: u32 = 1_000;

const COLUMNS: [Column; 7] = [
    Column::Plain("WHEN"),
    Column::Plain("OBJECT"),
    Column::Plain("NO"),
    Column::Plain("WHO"),
    Column::Plain("ACTION"),
    Column::Plain("AFTER"),
    Column::Plain("NOTE"),
];

/// Arguments of `jct audit show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct audit show task 01890a5d-ac96-774b-bcce-b302099a8057
  jct audit show api_key ci
  jct audit show --trace demo-1
  jct --json audit show queue tasks

Reads the database itself. Shows what is written there, whether it is genuine or not: that is for \
`jct audit verify` to say.")]
pub(crate) struct ShowArgs {
    /// Kind of the object: task, worker, queue, api_key, audit_key, or the kind of a work object
    #[arg(required_unless_present = "trace", requires = "id")]
    kind: Option<EntityKind>,
    /// Id of the object, or name of the key or queue
    id: Option<String>,
    /// Everything that this trace changed
    #[arg(long, value_name = "TRACE_ID", conflicts_with_all = ["kind", "id"])]
    trace: Option<String>,
}

pub(super) fn run(args: ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let ShowArgs { kind, id, trace } = args;
    let filter = match (kind, id, &trace) {
        (Some(kind), Some(id), _) => ChainFilter::Entity { entity_kind: kind.to_string(), entity_id: id },
        (_, _, Some(trace_id)) => ChainFilter::Trace { trace_id: trace_id.clone() },
        _ => return Err(Failure::new(Exit::Usage, "name an object or a trace")),
    };
    let config = context.config(Vec::new())?;
    let mut entries = block_on(async {
        let store = open::existing(&config).await?;
        let entries = read(&store, filter).await;
        store.close().await;
        entries.map_err(|error| database::failed(&error))
    })?;
    if let Some(trace) = &trace {
        // Chains are whole; a trace is only its own part of them, in the order of time.
        entries.retain(|entry| entry.trace_id.as_ref() == Some(trace));
        entries.sort_by_key(|entry| (entry.at, entry.id));
    }
    if entries.is_empty() {
        return Err(Failure::new(Exit::NotFound, "the audit log has no such entries"));
    }
    let output = context.output();
    if output.is_json() {
        output.document(&entries)?;
    } else {
        output.table(&COLUMNS, &entries.iter().map(row).collect::<Vec<_>>())?;
    }
    Ok(Exit::Success)
}

async fn read(store: &jct_store::Store, filter: ChainFilter) -> Result<Vec<StoredEntry>, jct_store::StoreError> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let page = store.audit_chains(filter.clone(), after, PAGE).await?;
        entries.extend(page.rows.into_iter().filter_map(|row| match row {
            ChainRow::Entry(entry) => Some(*entry),
            ChainRow::Unreadable { .. } => None,
        }));
        after = page.next;
        if after.is_none() {
            return Ok(entries);
        }
    }
}

fn row(entry: &StoredEntry) -> Vec<String> {
    vec![
        entry.at.to_string(),
        format!("{} {}", entry.entity_kind, entry.entity_id),
        entry.seq.to_string(),
        format!("{} ({})", entry.actor_id, entry.actor_kind),
        entry.action.clone(),
        shortened(entry.after.as_deref().unwrap_or_default()),
        entry.note.clone().unwrap_or_default(),
    ]
}

/// A whole object would fill the screen; `--json` has all of it.
fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
