//! Runs and what was found out about them; work objects are written as they are everywhere.

use jct_cwom::EvidencePack;
use jct_tower::runs::RunView;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// An object as it is on the wire.
pub(crate) fn written(object: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(object).map_err(Failure::broke)
}

/// A run with its task, its evidence and its review.
pub(crate) fn run(view: &RunView) -> Result<Value, Failure> {
    let mut run = written(&view.run)?;
    if let Some(run) = run.as_object_mut() {
        run.insert("task_id".to_owned(), json!(view.place.as_ref().map(|place| place.task_id)));
        run.insert("attempt".to_owned(), json!(view.place.as_ref().map(|place| place.attempt)));
        run.insert("evidence_pack".to_owned(), view.pack().map(written).transpose()?.unwrap_or_default());
        run.insert("review".to_owned(), view.review().map(written).transpose()?.unwrap_or_default());
    }
    Ok(run)
}

/// What matters of a pack.
pub(crate) fn pack_summary(pack: &EvidencePack) -> Value {
    json!({
        "id": pack.id,
        "verdict": pack.content.verdict.as_str(),
        "verdict_reason": pack.content.verdict_reason,
    })
}
