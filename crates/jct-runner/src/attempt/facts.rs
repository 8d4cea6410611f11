//! What an attempt left behind beside its output, for its trace and for its run.

use jct_cwom::Cost;
use jct_exec::{Handover, RunRecord, Usage};
use jct_store::model::RunReport;
use serde_json::{Value, json};

use super::outcome::Facts;

/// The facts as members of the output.
pub(crate) fn facts_of(record: &RunRecord) -> Facts {
    let isolation = record.isolation().and_then(|report| serde_json::to_value(report).ok());
    let handover = record.handover().map(|Handover { base_commit, head_commit, .. }| {
        json!({ "base_commit": base_commit, "head_commit": head_commit, "changed": base_commit != head_commit })
    });
    let usage = record.usage().and_then(|usage| serde_json::to_value(usage).ok()).map(without_nulls);
    let artifacts = record.kept_files().and_then(|kept| serde_json::to_value(kept).ok());
    [("isolation", isolation), ("handover", handover), ("usage", usage), ("artifacts", artifacts)]
        .into_iter()
        .filter_map(|(name, fact)| Some((name.to_owned(), fact?)))
        .collect()
}

/// The facts as the run keeps them.
pub(crate) fn report_of(record: &RunRecord) -> RunReport {
    let isolation = record.isolation().and_then(|report| serde_json::to_value(report).ok());
    let Some(Usage { tokens_in, tokens_out, turns, cost_usd, model }) = record.usage() else {
        return RunReport { isolation, ..RunReport::default() };
    };
    let tokens = match (tokens_in, tokens_out) {
        (Some(read), Some(written)) => Some(read.saturating_add(written)),
        (read, written) => read.or(written),
    };
    let cost = Cost { usd: cost_usd, tokens, ..Cost::default() };
    RunReport { cost, turns, tokens_in, tokens_out, model, isolation }
}

fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
    }
    value
}
