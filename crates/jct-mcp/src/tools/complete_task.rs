//! The end of a task that one holds.

use jct_contract::canonical_json;
use jct_contract::limits::FREE_FORM_MAX_BYTES;
use jct_cwom::Status;
use jct_tower::access::Scope;
use jct_tower::runs::RunView;
use jct_tower::taken::{Ended, TakenEnd};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::heartbeat::fence;
use crate::arguments;
use crate::call::Call;
use crate::errors::of_hold;
use crate::failure::Failure;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

const TEXT_MAX_CHARS: usize = 16_384;

/// `jct_complete_task`.
pub(super) enum CompleteTask {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task that you claimed, a UUID.
    task_id: String,
    /// The fence of your lease. Without it the living lease counts if it is yours.
    fence: Option<String>,
    /// Whether you did what was wanted.
    success: bool,
    /// What you did, 1 to 16384 characters.
    summary: String,
    /// More about it: a JSON object, as such or as text. Text that is no JSON is kept as `{"raw": "..."}`.
    outputs: Option<Outputs>,
    /// Why it failed; without it the summary says so.
    error_message: Option<String>,
}

/// A JSON object, or text.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Outputs {
    Object(Map<String, Value>),
    Text(String),
}

impl Tool for CompleteTask {
    const NAME: &'static str = "jct_complete_task";
    const TITLE: &'static str = "Complete a task";
    const DESCRIPTION: &'static str = "Ends a task that you claimed, done or failed. The tower has not seen your work: \
        the evidence says what was not verified, and the run waits for a review by somebody else.";
    const SCOPES: &'static [Scope] = &[Scope::TasksExecute];
    const ERROR: &'static str = "COMPLETE_TASK_ERROR";
    const EFFECT: Effect = Effect::WritesOnce;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let Arguments { task_id, fence: sent, success, summary, outputs, error_message } = arguments;
        let task_id = arguments::parse("task_id", &task_id)?;
        let fence = fence(sent.as_deref())?;
        arguments::text("summary", &summary, TEXT_MAX_CHARS)?;
        let end = if success {
            if error_message.is_some() {
                return Err(Failure::arguments("`error_message` does not go with success"));
            }
            TakenEnd::Completed { result: result(summary, outputs)? }
        } else {
            let error = error_message.unwrap_or(summary);
            arguments::text("error_message", &error, TEXT_MAX_CHARS)?;
            TakenEnd::Failed { error }
        };
        let ended =
            call.tower.taken_end(task_id, end.clone(), fence, call.caller.principal()).await.map_err(of_hold)?;
        Ok(answer(&ended, &end))
    }
}

/// The result of a completed task, in its canonical encoding.
fn result(summary: String, outputs: Option<Outputs>) -> Result<String, Failure> {
    let mut result = match outputs {
        None => Map::new(),
        Some(Outputs::Object(object)) => object,
        Some(Outputs::Text(text)) => match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(Failure::arguments("`outputs` is a JSON object, or text that is no JSON")),
            Err(_) => Map::from_iter([("raw".to_owned(), Value::String(text))]),
        },
    };
    result.insert("summary".to_owned(), summary.into());
    let result = canonical_json(&Value::Object(result));
    if result.len() > FREE_FORM_MAX_BYTES {
        return Err(Failure::arguments(format!(
            "`outputs` and `summary` have {FREE_FORM_MAX_BYTES} bytes together at most"
        )));
    }
    if result.contains("\\u0000") {
        return Err(Failure::arguments("`outputs` has the character U+0000, which no text may have"));
    }
    Ok(result)
}

fn answer(ended: &Ended, end: &TakenEnd) -> Map<String, Value> {
    let Ended { record, run, repeated } = ended;
    let pack = run.as_ref().and_then(RunView::pack);
    let mut answer = members(json!({
        "task_id": record.id,
        "task_status": record.state.status().as_str(),
        "run_id": run.as_ref().map(|view| view.run.id),
        "run_status": run.as_ref().map(|view| view.run.state.status.as_str()),
        "evidence_pack": pack.map(views::pack_summary),
        "review": review(run.as_ref(), end),
        "repeated": repeated,
    }));
    if let TakenEnd::Failed { error } = end {
        answer.insert("failure".to_owned(), json!({"code": "AGENT_REPORTED_FAILURE", "message": error}));
    }
    answer
}

fn review(run: Option<&RunView>, end: &TakenEnd) -> Value {
    let Some(view) = run else {
        return json!({"status": "none", "message": "the task has no work objects: nothing was verified and nothing is reviewed"});
    };
    if let Some(review) = view.review() {
        return json!({"status": review.content.decision.as_str(), "review_id": review.id, "message": "the run was reviewed"});
    }
    match (view.run.state.status, end) {
        (Status::UnderReview, _) => json!({
            "status": "pending",
            "message": "the tower verified nothing of this work; the run waits for a review by somebody else",
        }),
        (status, TakenEnd::Failed { .. }) => json!({
            "status": "none",
            "message": format!("the run is `{status}`: what failed is not reviewed"),
        }),
        (status, TakenEnd::Completed { .. }) => json!({
            "status": "none",
            "message": format!("the run is `{status}`: somebody ended it before"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outputs: Option<Outputs>, expect: Option<&str>) {
        assert_eq!(result("done".to_owned(), outputs).ok().as_deref(), expect);
    }

    #[test]
    fn outputs_are_an_object_or_text() {
        let text = |text: &str| Some(Outputs::Text(text.to_owned()));
        check(None, Some(r#"{"summary":"done"}"#));
        check(text(r#"{"b": 1, "a": 2.50}"#), Some(r#"{"a":2.5,"b":1,"summary":"done"}"#));
        check(text("all is well"), Some(r#"{"raw":"all is well","summary":"done"}"#));
        check(Some(Outputs::Object(Map::from_iter([("x".to_owned(), 1.into())]))), Some(r#"{"summary":"done","x":1}"#));
        for other in ["7", "[1]", "null", "\"text\"", r#"{"a": "\u0000"}"#] {
            check(text(other), None);
        }
        check(text(&"x".repeat(FREE_FORM_MAX_BYTES)), None);
    }
}
