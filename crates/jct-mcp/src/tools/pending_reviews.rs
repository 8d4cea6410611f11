//! What waits for a review.

use jct_cwom::ObjectKind;
use jct_store::model::{PageStart, WorkObject};
use jct_tower::access::Scope;
use jct_tower::reviews::Awaiting;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};

/// `jct_list_pending_reviews`.
pub(super) enum ListPendingReviews {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// How many at most, oldest first: 1 to 500.
    #[serde(default = "ten")]
    limit: u32,
}

const fn ten() -> u32 {
    10
}

impl Tool for ListPendingReviews {
    const NAME: &'static str = "jct_list_pending_reviews";
    const TITLE: &'static str = "List pending reviews";
    const DESCRIPTION: &'static str =
        "Lists runs that wait for a review, oldest first, and whether you may approve each of them.";
    const SCOPES: &'static [Scope] = &[Scope::CwomRead];
    const ERROR: &'static str = "LIST_REVIEWS_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let limit = arguments::limit(arguments.limit)?;
        let page = call.tower.reviews_pending(&call.caller.grant, PageStart::Offset(0), limit).await?;
        let mut pending: Vec<Value> = Vec::with_capacity(page.items.len());
        for awaiting in &page.items {
            let issue = call.tower.object(ObjectKind::Issue, awaiting.pending.pack.content.for_issue.id).await?;
            pending.push(waiting(awaiting, &issue.object));
        }
        Ok(members(json!({"count": pending.len(), "pending_reviews": pending})))
    }
}

fn waiting(awaiting: &Awaiting, issue: &WorkObject) -> Value {
    let status = if let WorkObject::Issue(issue) = issue { Some(issue.content.status.as_str()) } else { None };
    let Awaiting { pending, why_not } = awaiting;
    let content = &pending.pack.content;
    json!({
        "issue_id": content.for_issue.id,
        "issue_title": pending.issue_title,
        "issue_status": status,
        "task_id": pending.task_id,
        "run_id": content.for_run.id,
        "evidence_pack_id": pending.pack.id,
        "verdict": content.verdict.as_str(),
        "verdict_reason": content.verdict_reason,
        "waiting_since": pending.pack.evaluated_at,
        "you_may_approve": why_not.is_none(),
        "why_not": why_not,
    })
}
