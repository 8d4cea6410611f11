//! `jct evidence export`: the statement about a run, signed with the key of the audit log.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use jct_audit::SigningKey;
use jct_config::Config;
use jct_contract::{ObjectId, RunId};
use jct_evidence::attestation::Envelope;
use jct_store::Store;
use jct_tower::audit::KeyFile;
use jct_tower::evidence::{ExportError, StatementError, export};
use jct_trace::TraceRoot;
use serde_json::json;

use super::find;
use crate::commands::audit::existing_database;
use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct evidence export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct evidence export 01890a5d-ac96-774b-bcce-b302099a8057 --out run.intoto.json
  jct evidence export 01890a5d-ac96-774b-bcce-b302099a8057 | jq -r .payload | base64 -d | jq .predicate
  jct evidence verify run.intoto.json --key tower.pub

Writes an in-toto Statement in a DSSE envelope, one line of JSON. Reads the database, the traces and the \
key of the audit log, so it works on the tower's machine only, also while the tower is down; it changes \
nothing. Ends with 4 if nobody has looked at the run yet, and with 7 if the key is not the one in force.

With --json and --out: {\"file\", \"run_id\", \"key_id\"}.")]
pub(crate) struct ExportArgs {
    /// The run, or a task: its latest run
    run: ObjectId,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let key = key(&config)?;
    let (run, envelope) = block_on(async {
        let store = existing_database(&config).await?;
        let signed = Box::pin(signed(&store, &config, &key, args.run)).await;
        store.close().await;
        signed
    })?;
    write(args, run, &envelope, context.output())?;
    Ok(Exit::Success)
}

/// The secret key of the audit log. It is never made here: a statement signed with a new key proves nothing.
fn key(config: &Config) -> Result<SigningKey, Failure> {
    let file = KeyFile::new(config.audit.key_file.clone());
    let loaded = file.load().map_err(|error| Failure::caused(Exit::Local, "the audit key cannot be read", &error))?;
    loaded.ok_or_else(|| {
        Failure::new(Exit::NotFound, format!("there is no audit key at {}", file.path().display()))
            .hint("name it with JCT_AUDIT_KEY_FILE; the tower makes it when it starts")
    })
}

async fn signed(
    store: &Store,
    config: &Config,
    key: &SigningKey,
    name: ObjectId,
) -> Result<(RunId, Envelope), Failure> {
    let run = find::run_of(store, name).await.map_err(|error| database::failed(&error))?;
    let run = run.ok_or_else(|| Failure::new(Exit::NotFound, format!("no task has the run or the id `{name}`")))?;
    let traces = TraceRoot::open(config.trace.root.as_path())
        .map_err(|error| Failure::caused(Exit::Local, "the trace root cannot be opened", &error))?;
    let envelope = export(store, Some(traces), key, run).await.map_err(|error| failed(&error))?;
    Ok((run, envelope))
}

fn failed(error: &ExportError) -> Failure {
    let exit = match error {
        ExportError::KeyNotInForce { .. } => Exit::Conflict,
        ExportError::Statement(StatementError::NotFound | StatementError::NoEvidence) => Exit::NotFound,
        ExportError::Statement(StatementError::Trace(_) | StatementError::Commits(_)) => Exit::Local,
        _ => Exit::Unavailable,
    };
    Failure::caused(exit, "the evidence cannot be exported", error)
}

fn write(args: &ExportArgs, run: RunId, envelope: &Envelope, output: &Output) -> Result<(), Failure> {
    let text = envelope.to_text();
    let Some(path) = &args.out else { return output.copy(text.as_bytes()) };
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::caused(Exit::Local, format!("{} cannot be written", path.display()), &error))?;
    if output.is_json() {
        let key_id = envelope.key_id().to_string();
        return output.record(&json!({ "file": path, "run_id": run, "key_id": key_id }));
    }
    output.line(format!("{}: run {run}, signed with the key {}", path.display(), envelope.key_id()))
}
