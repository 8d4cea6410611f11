//! Runs of manifests.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{AffinityKey, DocumentLimits, Priority, limits, parse_document};
use jct_manifest::{JobRequest, ManifestName};
use jct_tower::jobs::intake::JobEnvelope;
use serde_json::{Map, Value, json};

use super::name::known_name;
use super::schemas::RunPageSchema;
use crate::auth::{Access, ManifestsRead, ManifestsWrite};
use crate::input::{ObjectReader, PageQuery, QueryReader, RequestBody, idempotency_key};
use crate::openapi::ManifestRunSchema;
use crate::problem::{ErrorCode, Problem, Violation};
use crate::wire::{self, ItemsBody, RunCreatedBody, jobs};

/// Largest number of seconds that is passed on; the gate has limits of its own.
const MOST_SECONDS: i64 = (1 << 53) - 1;

/// Hands in a run of a manifest: of the version in force, or of the one with `hash`. The body may be left out.
#[utoipa::path(post, path = "/api/manifests/{name}/runs", operation_id = "runManifest", tag = "manifests", security(("bearer" = ["manifests:write"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request harmless.")
    ),
    request_body(content = Option<ManifestRunSchema>),
    responses(
        (status = 201, description = "Queued; `warnings` says if nobody can take it now.", body = RunCreatedBody<'static>),
        (status = 200, description = "A repetition: nothing was written.", body = RunCreatedBody<'static>),
        (status = 404, description = "No such manifest, or it never had these bytes."),
        (status = 409, description = "The idempotency key belongs to another job."),
        (status = 422, description = "A field breaks the rules, or the policy does not admit the run.")
    )
)]
pub(super) async fn run_manifest(
    access: Access<ManifestsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let name = known_name(&request)?;
    let key = idempotency_key(&request)?.map(ToOwned::to_owned);
    let bytes = body.optional_json().await?;
    let document = bytes.as_ref().map(|bytes| parse_document(bytes, DocumentLimits::default())).transpose()?;
    let fields = document.as_ref().map_or_else(ObjectReader::of_nothing, ObjectReader::of);
    let (asked, found) = Asked::read(&name, fields);
    let Asked { payload, priority, affinity_key, max_attempts, time_budget_seconds } = asked;
    let job = match JobRequest::from_value(&payload) {
        Err(violations) => return Err(Problem::of_run_request(&violations).beside(found)),
        Ok(_) if !found.is_empty() => return Err(Problem::invalid(ErrorCode::InvalidRequest, found)),
        Ok(job) => job,
    };
    let envelope = JobEnvelope {
        priority,
        affinity_key,
        max_attempts,
        time_budget_seconds,
        idempotency_key: key,
        trace_id: access.trace_id().clone(),
        principal: access.principal(),
    };
    let created = access.tower().manifest_job_create(job, envelope).await;
    wire::manifest_run(&created.map_err(|error| Problem::of_manifest_run(error, access.may_read_policy()))?)
}

/// Lists the jobs that ran a manifest, newest first.
#[utoipa::path(get, path = "/api/manifests/{name}/runs", operation_id = "listManifestRuns", tag = "manifests", security(("bearer" = ["manifests:read"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before.")
    ),
    responses(
        (status = 200, description = "A page.", body = RunPageSchema),
        (status = 404, description = "No such manifest.")
    )
)]
pub(super) async fn list_manifest_runs(
    access: Access<ManifestsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let page = access.tower().manifest_runs(&known_name(&request)?, start, limit).await?;
    wire::json(StatusCode::OK, &ItemsBody::new(jobs(&page.items), page.next))
}

/// A run as it was asked for.
#[derive(Debug)]
struct Asked {
    /// The payload of the job that it is; read by the contract of manifests.
    payload: Value,
    priority: Priority,
    affinity_key: Option<AffinityKey>,
    max_attempts: Option<u32>,
    time_budget_seconds: Option<u64>,
}

impl Asked {
    /// What was asked for, and what is wrong with the fields that are not the payload's.
    fn read(name: &ManifestName, mut body: ObjectReader<'_>) -> (Self, Vec<Violation>) {
        let (action, options, hash) = (body.json("action"), body.json("options"), body.json("hash"));
        let (least, most) = (i64::from(limits::PRIORITY_MIN), i64::from(limits::PRIORITY_MAX));
        let priority = body.integer("priority", least, most).and_then(|number| Priority::try_from(number).ok());
        let affinity_key = body.value("affinityKey");
        let max_attempts = body.integer("maxAttempts", 1, 100).and_then(|number| number.try_into().ok());
        let seconds = body.integer("timeBudgetSeconds", 1, MOST_SECONDS).and_then(|number| number.try_into().ok());
        let found = body.finish_into();
        let given = [("action", action), ("options", options)].into_iter();
        let mut manifest: Map<_, _> = given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        manifest.insert("name".to_owned(), name.as_str().into());
        manifest.insert("source".to_owned(), json!({"kind": "registry", "hash": hash}));
        let asked = Self {
            payload: json!({"manifest": manifest}),
            priority: priority.unwrap_or_default(),
            affinity_key,
            max_attempts,
            time_budget_seconds: seconds,
        };
        (asked, found)
    }
}
