//! Deciding about a run.

use jct_contract::ObjectId;
use jct_cwom::{NewReviewDecision, ObjectError, ReviewDecisionStatus, parse};
use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::evidence::pack;
use crate::arguments;
use crate::call::Call;
use crate::errors::{of_decide, violations};
use crate::failure::Failure;
use crate::tool::{Effect, Outcome, Tool, members};

const LABEL_MAX_CHARS: usize = 128;
const REASON_MAX_CHARS: usize = 4_000;

/// `jct_submit_review`.
pub(super) enum SubmitReview {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The evidence pack that you looked at, a UUID.
    evidence_pack_id: String,
    /// `approved`, `rejected` or `needs_changes`.
    decision: String,
    /// Why, 1 to 4000 characters; with `needs_changes`, what is to be done otherwise.
    reason: String,
    /// A label that is kept with the review. The reviewer is the principal of your key, whatever it says.
    #[serde(default = "claude_code")]
    reviewer_name: String,
}

fn claude_code() -> String {
    "claude-code".to_owned()
}

impl Tool for SubmitReview {
    const NAME: &'static str = "jct_submit_review";
    const TITLE: &'static str = "Submit a review";
    const DESCRIPTION: &'static str = "Decides about a run on the strength of its evidence pack. You cannot approve what \
        you handed in or did yourself. `needs_changes` brings a task that does the work again.";
    const SCOPES: &'static [Scope] = &[Scope::ReviewsDecide];
    const ERROR: &'static str = "SUBMIT_REVIEW_ERROR";
    const EFFECT: Effect = Effect::WritesOnce;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let Arguments { evidence_pack_id, decision, reason, reviewer_name } = arguments;
        let id: ObjectId = arguments::parse("evidence_pack_id", &evidence_pack_id)?;
        let decision: ReviewDecisionStatus =
            decision.parse().map_err(|error| Failure::new("INVALID_DECISION", format!("{error}")))?;
        arguments::text("reason", &reason, REASON_MAX_CHARS)?;
        arguments::line("reviewer_name", &reviewer_name, LABEL_MAX_CHARS)?;
        let pack = pack(call, id).await?;
        let content = &pack.content;
        let mut review = json!({
            "for_evidence_pack": {"kind": "EvidencePack", "id": pack.id},
            "for_run": {"kind": "Run", "id": content.for_run.id},
            "for_issue": {"kind": "Issue", "id": content.for_issue.id},
            "decision": decision.as_str(),
            "decision_reason": reason,
            "evidence_pack_digest": pack.digest,
            "tags": ["mcp-review"],
            "meta": {"reviewer_name": reviewer_name},
        });
        // A pack never changes: whoever names it has seen the change that it is about.
        if let (Some(subject), Some(review)) = (&content.subject, review.as_object_mut()) {
            review.insert("diff_digest".to_owned(), json!(subject.diff_digest));
        }
        let review: NewReviewDecision = parse(review.to_string().as_bytes()).map_err(invalid)?;
        let (by, trace_id) = (call.caller.principal(), call.caller.trace_id.clone());
        let decided = call.tower.review_decide(review, by, trace_id).await;
        let decided = decided.map_err(|error| of_decide(error, &call.caller))?;
        Ok(members(json!({
            "review_id": decided.review.object.id(),
            "decision": decision.as_str(),
            "evidence_pack_id": pack.id,
            "issue_id": content.for_issue.id,
            "run_id": content.for_run.id,
            "follow_up_task_id": decided.follow_up,
            "repeated": decided.replayed,
        })))
    }
}

fn invalid(error: ObjectError) -> Failure {
    match error {
        ObjectError::Violations(found) => violations("INVALID_PARAMETERS", "the review breaks the model", &found),
        other => Failure::arguments(other.to_string()),
    }
}
