//! What is said about a run as a whole: the plan, the summary, where everything came from, what failed.

use std::path::Path;

use jct_exec::Stop;
use serde::Serialize;
use serde_json::json;

use super::json_file;
use crate::report::Report;
use crate::state::State;

/// Where the vectors of a run come from.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Provenance {
    pub(crate) recipe: String,
    /// Where vectors were made; `None` without vectors.
    pub(crate) endpoint_host: Option<String>,
    pub(crate) dimension: Option<usize>,
}

/// The report of a run that writes nothing else.
pub(crate) fn write_plan(folder: &Path, report: &Report) -> Result<Vec<&'static str>, Stop> {
    Ok(vec![json_file(folder, "reports/plan.json", report)?])
}

/// The summary of a run; the checkpoint too if it has come to its end, the errors if there are any.
pub(crate) fn write_run(
    folder: &Path,
    report: &Report,
    ended: (&str, Option<&str>),
    checkpoint: Option<(&Provenance, &State)>,
) -> Result<Vec<&'static str>, Stop> {
    let (status, failure) = ended;
    let mut names = vec![json_file(folder, "run_summary.json", &json!({ "status": status, "report": report }))?];
    if let Some((provenance, state)) = checkpoint {
        let checkpoint = json!({
            "format": "jct-ingest-checkpoint-v1",
            "manifest": report.manifest,
            "manifest_hash": report.manifest_hash,
            "provider": report.provider,
            "model": report.model,
            "store": report.store,
            "index": report.index,
            "provenance": provenance,
            "sources": report.sources,
            "state": state,
        });
        names.push(json_file(folder, "checkpoint.json", &checkpoint)?);
    }
    if failure.is_some() || !report.problems.is_empty() {
        let errors = json!({
            "failure": failure,
            "problems": report.problems,
            "problems_left_out": report.problems_left_out,
        });
        names.push(json_file(folder, "errors.json", &errors)?);
    }
    Ok(names)
}
