//! Taking jobs.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jct_contract::{Capability, DocumentLimits, JobType, parse_document};
use jct_tower::access::WorkerWish;
use jct_tower::jobs::ClaimRequest;

use super::call::some;
use super::schemas::ClaimSchema;
use crate::auth::WorkerAccess;
use crate::edge::LONGEST_CLAIM_WAIT;
use crate::input::{ObjectReader, QueryReader, RequestBody};
use crate::problem::Problem;
use crate::routes::Closing;
use crate::wire::{ClaimedBody, json};

const LEASE_MIN_SECONDS: i64 = 5;
const LEASE_MAX_SECONDS: i64 = 3_600;
const LEASE_DEFAULT_SECONDS: u64 = 120;
const MOST_JOBS: i64 = 16;

/// Takes jobs that the worker's token, and what it says of itself, let it have: the most urgent first, then the oldest.
/// With `waitSeconds` the answer is held back until there is one.
#[utoipa::path(post, path = "/api/queue/jobs/claim", operation_id = "claimJobs", tag = "workers over HTTP", security(("worker" = [])),
    request_body = ClaimSchema,
    responses(
        (status = 200, description = "The jobs; none if there is none.", body = ClaimedBody<'static>),
        (status = 403, description = "The token does not allow what is asked for.")
    )
)]
pub(super) async fn claim_jobs(
    access: WorkerAccess,
    closing: web::Data<Closing>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let Asked { worker_id, request } = Asked::parse(&body.json().await?)?;
    access.worker().require_name(worker_id.as_deref())?;
    let stop = closing.ended();
    let jobs = Box::pin(access.tower().job_claim(access.worker(), request, stop)).await?;
    json(StatusCode::OK, &ClaimedBody::of(&jobs, access.worker()))
}

#[derive(Debug)]
struct Asked {
    worker_id: Option<String>,
    request: ClaimRequest,
}

impl Asked {
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        let mut body = ObjectReader::of(&document);
        let worker_id = body.text("workerId");
        let lease = lease(&mut body);
        let types = some::<JobType>(&mut body, "allowedTypes");
        let capabilities = body.values::<super::call::Trimmed<Capability>>("workerCapabilities");
        let capabilities = capabilities.map(|all| all.into_iter().map(|one| one.0).collect());
        let longest = i64::try_from(LONGEST_CLAIM_WAIT.as_secs()).unwrap_or(i64::MAX);
        let wait = body.integer("waitSeconds", 0, longest).unwrap_or(0);
        let limit = body.integer("limit", 1, MOST_JOBS).unwrap_or(1);
        body.finish()?;
        let request = ClaimRequest {
            wish: WorkerWish { types, capabilities },
            lease,
            limit: u32::try_from(limit).unwrap_or(1),
            wait: Duration::from_secs(wait.unsigned_abs()),
        };
        Ok(Self { worker_id, request })
    }
}

/// How long a lease is to last.
pub(super) fn lease(body: &mut ObjectReader<'_>) -> Duration {
    let seconds = body.integer("leaseSeconds", LEASE_MIN_SECONDS, LEASE_MAX_SECONDS);
    Duration::from_secs(seconds.map_or(LEASE_DEFAULT_SECONDS, i64::unsigned_abs))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_out_has_a_default() {
        let Asked { worker_id, request } = Asked::parse(b"{}").unwrap();
        assert_eq!((worker_id, request.wish), (None, WorkerWish::default()));
        assert_eq!((request.lease.as_secs(), request.limit, request.wait.as_secs()), (120, 1, 0));
    }

    #[test]
    fn types_and_capabilities_are_trimmed_and_folded_before_they_are_compared() {
        let body = br#"{"allowedTypes": [" manifest "], "workerCapabilities": [" QDRANT ", "qdrant"]}"#;
        let wish = Asked::parse(body).unwrap().request.wish;
        assert_eq!(wish.types, Some(vec![JobType::Manifest]));
        assert_eq!(wish.capabilities.unwrap().to_string(), "qdrant");
    }

    #[track_caller]
    fn refused(body: &str, expect: &str) {
        let problem = Asked::parse(body.as_bytes()).unwrap_err();
        assert!(problem.to_string().contains(expect), "{body}: {problem}");
    }

    #[test]
    fn every_number_and_list_has_bounds() {
        for seconds in ["4", "3601", "1000000000000", "99999999999999999999", "-5", "5.0"] {
            refused(&format!(r#"{{"leaseSeconds": {seconds}}}"#), "from 5 to 3600");
        }
        refused(r#"{"leaseSeconds": "120"}"#, "must be a whole number, not a string");
        refused(r#"{"waitSeconds": 61}"#, "from 0 to 60");
        refused(r#"{"limit": 17}"#, "from 1 to 16");
        refused(r#"{"allowedTypes": []}"#, "at least one");
        refused(r#"{"allowedTypes": ["build"]}"#, "supported are task, manifest, codex_exec, codex_skill");
        refused(r#"{"workerCapabilities": [""]}"#, "a capability has");
        refused(r#"{"workerCapabilities": [1]}"#, "must be a string");
        refused(r#"{"allowedtypes": ["task"]}"#, "unknown field `allowedtypes`");
        refused(r#"{"workerId": "a\u0000"}"#, "U+0000");
        refused("[]", "must be an object");
        refused("{", "MALFORMED_JSON");
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(text in "\\PC{0,80}", bytes in any::<Vec<u8>>()) {
            let _ = Asked::parse(text.as_bytes());
            let _ = Asked::parse(&bytes);
        }
    }
}
