//! Reviews: what waits for one, and deciding.

use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, JsonValue, Principal, ViolationCode, parse_document};
use jct_cwom::{NewReviewDecision, ObjectError, parse};

use crate::auth::{Access, CwomRead, ReviewsDecide};
use crate::input::{PageQuery, QueryReader, RequestBody};
use crate::problem::{ErrorCode, Place, Problem, Violation};
use crate::wire::{PendingReviewBody, page, reviewed};

/// What waits for a review, oldest first. The body is an array; where the next page begins is in the headers `Link`
/// (relation `next`) and `X-Next-Cursor`, both absent on the last page.
#[utoipa::path(get, path = "/reviews/pending", operation_id = "listPendingReviews", tag = "reviews", security(("bearer" = ["cwom:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = Vec<PendingReviewBody<'static>>))
)]
pub(crate) async fn pending_reviews(access: Access<CwomRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let found = access.tower().reviews_pending(access.grant(), start, limit).await?;
    page(&request, &found.items.iter().map(PendingReviewBody::of).collect::<Vec<_>>(), found.next)
}

/// Decides about a run.
pub(crate) async fn decide(
    access: Access<ReviewsDecide>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (by, trace_id) = (access.principal(), access.trace_id().clone());
    let review = review_of(&body.json().await?, &by)?;
    let answer = access.tower().review_decide(review, by, trace_id).await;
    let decided = answer.map_err(|error| Problem::of_decide(error, access.may_read_policy()))?;
    reviewed(request.path(), &decided)
}

/// The decision in a body. Older clients say in `reviewer` who they are; it has to be true, and is not kept.
fn review_of(bytes: &[u8], by: &Principal) -> Result<NewReviewDecision, Problem> {
    let mut found = match parse::<NewReviewDecision>(bytes) {
        Err(ObjectError::Violations(violations)) => violations,
        other => return Ok(other?),
    };
    let count = found.len();
    found.retain(|violation| violation.code != ViolationCode::UnknownField || violation.pointer != "/reviewer");
    let mut violations: Vec<_> = found.into_iter().map(Violation::from).collect();
    if violations.len() < count && !is_named(bytes, by)? {
        let message = format!("the reviewer is whoever sends the request: `{}` `{}`", by.kind().as_str(), by.name());
        let pointer = "/reviewer".to_owned();
        violations.push(Violation { place: Place::Body, pointer, code: "VALUE_NOT_ALLOWED", message });
    }
    if !violations.is_empty() {
        return Err(Problem::invalid(ErrorCode::InvalidObject, violations));
    }
    // Nothing else is wrong with it, so that reading it again without that member loses nothing.
    let mut document: serde_json::Value = serde_json::from_slice(bytes).map_err(Problem::internal)?;
    if let Some(members) = document.as_object_mut() {
        members.remove("reviewer");
    }
    Ok(parse(document.to_string().as_bytes())?)
}

/// Whether the `reviewer` of the body is that principal, or `null`.
fn is_named(bytes: &[u8], by: &Principal) -> Result<bool, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let reviewer = document.root().as_object().and_then(|members| members.get("reviewer"));
    let text = |name: &str| reviewer?.as_object()?.get(name)?.as_str();
    let is_actor = text("actor_kind") == Some(by.kind().as_str()) && text("actor_id") == Some(by.name());
    Ok(is_actor || matches!(reviewer, Some(JsonValue::Null)))
}

#[cfg(test)]
mod tests {
    use jct_contract::RequesterKind;
    use serde_json::{Value, json};

    use super::*;

    fn body() -> Value {
        let reference = |kind: &str| json!({"kind": kind, "id": "018f0000-0000-7000-8000-000000000000"});
        json!({
            "for_evidence_pack": reference("EvidencePack"),
            "for_run": reference("Run"),
            "for_issue": reference("Issue"),
            "decision": "approved",
            "decision_reason": "does what it says",
            "evidence_pack_digest": format!("sha256:{}", "0".repeat(64)),
        })
    }

    fn read(body: &Value) -> Result<NewReviewDecision, Problem> {
        let ana = Principal::new(RequesterKind::Human, "ana").unwrap();
        review_of(body.to_string().as_bytes(), &ana)
    }

    #[test]
    fn a_reviewer_in_the_body_is_whoever_sends_it() {
        let plain = read(&body()).unwrap();
        for reviewer in [
            Value::Null,
            json!({"actor_kind": "human", "actor_id": "ana"}),
            json!({"actor_kind": "human", "actor_id": "ana", "display": "Ana"}),
        ] {
            let mut named = body();
            named["reviewer"] = reviewer;
            assert_eq!(read(&named).unwrap(), plain);
        }
        for reviewer in [
            json!({"actor_kind": "human", "actor_id": "bob"}),
            json!({"actor_kind": "agent", "actor_id": "ana"}),
            json!("ana"),
            json!({}),
            json!([]),
        ] {
            let mut named = body();
            named["reviewer"] = reviewer;
            let problem = read(&named).unwrap_err().to_string();
            assert!(problem.contains("the reviewer is whoever sends the request: `human` `ana`"), "{problem}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut bad = body();
        bad["reviewer"] = json!({"actor_kind": "human", "actor_id": "bob"});
        bad["decision_reason"] = "  ".into();
        bad["decision"] = "maybe".into();
        bad["x"] = 1.into();
        assert!(read(&bad).unwrap_err().to_string().contains("4 violations"));
    }
}
