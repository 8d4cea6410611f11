//! Reviews: what waits for one, and the answer to a decision.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use jct_contract::{EvidencePackId, IssueId, RunId, Sha256Digest, TaskId, Timestamp};
use jct_cwom::{EvidencePack, Verdict};
use jct_store::model::WorkObject;
use jct_tower::reviews::{Awaiting, Reviewed};
use serde::Serialize;
use utoipa::ToSchema;

use super::cwom::tagged;
use super::parties::PrincipalBody;
use crate::problem::Problem;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A run that waits for a review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingReview)]
pub(crate) struct PendingReviewBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    run_id: RunId,
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    #[schema(value_type = String, format = "uuid")]
    issue_id: IssueId,
    issue_title: &'a str,
    #[schema(value_type = String, format = "uuid")]
    evidence_pack_id: EvidencePackId,
    /// A decision names it.
    #[schema(value_type = String)]
    evidence_pack_digest: Sha256Digest,
    #[schema(value_type = String, example = "partial")]
    verdict: Verdict,
    verdict_reason: &'a str,
    /// A decision names it too, if something was changed.
    #[schema(value_type = Option<String>)]
    diff_digest: Option<Sha256Digest>,
    #[schema(value_type = String, format = DateTime)]
    waiting_since: Timestamp,
    /// Who handed the task in.
    enqueued_by: PrincipalBody<'a>,
    /// Whether the principal of this key may approve it.
    you_may_decide: bool,
    /// Why it may not.
    why_not: Option<&'a str>,
}

impl<'a> PendingReviewBody<'a> {
    pub(crate) fn of(awaiting: &'a Awaiting) -> Self {
        let Awaiting { pending, why_not } = awaiting;
        let EvidencePack { id, content, digest, evaluated_at, .. } = &pending.pack;
        Self {
            run_id: RunId::from_uuid(content.for_run.id.as_uuid()),
            task_id: pending.task_id,
            issue_id: IssueId::from_uuid(content.for_issue.id.as_uuid()),
            issue_title: &pending.issue_title,
            evidence_pack_id: *id,
            evidence_pack_digest: *digest,
            verdict: content.verdict,
            verdict_reason: &content.verdict_reason,
            diff_digest: content.subject.as_ref().map(|subject| subject.diff_digest),
            waiting_since: *evaluated_at,
            enqueued_by: PrincipalBody::of(&pending.enqueued_by),
            you_may_decide: why_not.is_none(),
            why_not: why_not.as_deref(),
        }
    }
}

/// A decision that was taken: the object, and beside its own members the task that follows.
#[derive(Serialize)]
struct ReviewedBody<'a> {
    #[serde(flatten)]
    review: &'a WorkObject,
    follow_up_task_id: Option<TaskId>,
}

/// `201` with the review, or `200` with the one that was there already; beside it the task that follows.
pub(crate) fn reviewed(path: &str, decided: &Reviewed) -> Result<HttpResponse, Problem> {
    let Reviewed { review, follow_up, replayed } = decided;
    let status = if *replayed { StatusCode::OK } else { StatusCode::CREATED };
    let body = ReviewedBody { review: &review.object, follow_up_task_id: *follow_up };
    let mut response = tagged(status, &body, review.version)?;
    let headers = response.headers_mut();
    // A path that was routed and an id are characters that a header value takes.
    if let Ok(location) = HeaderValue::from_str(&format!("{path}/{}", review.object.id())) {
        headers.insert(LOCATION, location);
    }
    if *replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
