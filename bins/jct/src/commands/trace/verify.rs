//! `jct trace verify`: on the disk itself, without trusting the tower's processes.

use std::path::PathBuf;

use clap::Args;
use jct_contract::{Sha256Digest, TaskId};
use jct_store::model::{AttemptRecord, TraceRef};
use jct_trace::{OpenError, TraceRoot, VerifyReport};
use serde_json::json;

use crate::context::{Context, block_on};
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct trace verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct trace verify 01890a5d-ac96-774b-bcce-b302099a8057
  jct trace verify --folder ./attempt-1 --digest 5c6f…

A task is verified on the machine that holds the trace root: every sealed attempt against its manifest, \
and each manifest against the digest in the database. A folder by itself can only be held against \
--digest; without it the folder is shown to agree with itself, which a forger can arrange. Ends with 1 \
if anything was found.")]
pub(crate) struct VerifyArgs {
    /// The task
    #[arg(required_unless_present = "folder", conflicts_with = "folder")]
    task_id: Option<TaskId>,
    /// A folder of an attempt, wherever it lies
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The digest that the folder's manifest must have
    #[arg(long, value_name = "SHA-256", requires = "folder")]
    digest: Option<Sha256Digest>,
}

/// One verified folder.
struct Verified {
    name: String,
    report: VerifyReport,
}

pub(super) fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let verified = match (&args.folder, args.task_id) {
        (Some(folder), _) => {
            let name = folder.display().to_string();
            let report = jct_trace::verify_path(folder, args.digest).map_err(|error| cannot_open(&name, &error))?;
            vec![Verified { name, report }]
        }
        (None, Some(task_id)) => of_task(task_id, context)?,
        (None, None) => Vec::new(),
    };
    let output = context.output();
    for folder in &verified {
        show(folder, output)?;
    }
    let clean = verified.iter().all(|folder| folder.report.is_clean());
    Ok(if clean { Exit::Success } else { Exit::Negative })
}

/// Verifies every sealed attempt of a task against the digests in the database.
fn of_task(task_id: TaskId, context: &Context) -> Result<Vec<Verified>, Failure> {
    let config = context.config(Vec::new())?;
    let attempts = block_on(async {
        let store = database::open(&config).await?;
        let task = store.task_get(task_id).await.map_err(|error| database::failed(&error))?;
        let attempts = store.task_attempts(task_id).await.map_err(|error| database::failed(&error))?;
        store.close().await;
        task.map(|_| attempts).ok_or_else(|| Failure::new(Exit::NotFound, "Task not found"))
    })?;
    let root = config.trace.root.as_path();
    let root = TraceRoot::open(root)
        .map_err(|error| Failure::caused(Exit::Local, "the trace root cannot be opened", &error))?;
    let sealed: Vec<_> = attempts.iter().filter_map(accepted).collect();
    if sealed.is_empty() {
        return Err(Failure::new(Exit::NotFound, "no attempt of this task has a sealed trace"));
    }
    sealed
        .into_iter()
        .map(|(attempt, digest)| {
            let name = format!("attempt {attempt}");
            let expected = digest
                .parse::<Sha256Digest>()
                .map_err(|error| Failure::caused(Exit::Unavailable, "the database holds a bad digest", &error))?;
            let report = jct_trace::verify(&root, task_id, attempt, Some(expected))
                .map_err(|error| cannot_open(&name, &error))?;
            Ok(Verified { name, report })
        })
        .collect()
}

/// The ordinal and the accepted digest of an attempt that left a sealed folder.
fn accepted(attempt: &AttemptRecord) -> Option<(u32, &str)> {
    let TraceRef { manifest_digest, .. } = attempt.end.as_ref()?.trace.as_ref()?;
    Some((attempt.ordinal, manifest_digest.as_deref()?))
}

/// A folder that is not there although the database names it is the worst finding of all.
fn cannot_open(name: &str, error: &OpenError) -> Failure {
    let exit = if matches!(error, OpenError::Io(_)) { Exit::Local } else { Exit::Negative };
    Failure::caused(exit, format!("{name} cannot be verified"), error)
}

fn show(folder: &Verified, output: &Output) -> Result<(), Failure> {
    let Verified { name, report } = folder;
    if output.is_json() {
        return output.record(&json!({ "folder": name, "clean": report.is_clean(), "report": report }));
    }
    let against = if report.anchored {
        "and its manifest is the accepted one"
    } else {
        "with itself; give --digest to hold it against the accepted manifest"
    };
    if report.is_clean() {
        return output.line(format!("{name}: {} files agree {against}", report.files_checked));
    }
    output.line(format!("{name}: {} finding(s)", report.findings.len()))?;
    report.findings.iter().try_for_each(|finding| output.line(format!("  {finding}")))
}
