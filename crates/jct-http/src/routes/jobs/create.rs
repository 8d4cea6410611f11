//! Handing jobs in.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{AffinityKey, DocumentLimits, JobType, JsonValue, Priority, parse_document};
use jct_tower::jobs::intake::{JobCreateError, JobSubmission};

use super::schemas::JobSchema;
use crate::auth::{Access, JobsWrite};
use crate::input::{ObjectReader, QueryReader, RequestBody, idempotency_key};
use crate::problem::{ErrorCode, Problem, Violation};
use crate::wire::{CreatedJobBody, json};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const TIME_BUDGET_MAX_SECONDS: i64 = 86_400;

/// Hands a job in. Durable when this answers. The same `Idempotency-Key` with the same job is answered with the job first
/// created, and `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/api/queue/jobs", operation_id = "createJob", tag = "jobs", security(("bearer" = ["jobs:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating harmless.")),
    request_body = JobSchema,
    responses(
        (status = 201, description = "Queued.", body = CreatedJobBody<'static>),
        (status = 200, description = "Handed in before; the job as it stands now.", body = CreatedJobBody<'static>),
        (status = 409, description = "The idempotency key belongs to another job.")
    )
)]
pub(super) async fn create_job(
    access: Access<JobsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let bytes = body.job_json().await?;
    let document = parse_document(&bytes, DocumentLimits::default())?;
    let mut fields = ObjectReader::of(&document);
    let key = idempotency_key(&request)?;
    let job = (fields.value::<JobType>("type"), fields.field("payload"));
    let submission = submission(&mut fields, job, key, &access);
    let found = fields.finish_into();
    if !found.is_empty() {
        return Err(refusal(&access, job, found).await);
    }
    // Whatever is missing was refused.
    let submission = submission.ok_or_else(|| Problem::internal("a field that nobody missed is missing"))?;
    let created = access.tower().job_create(submission).await;
    let created = created.map_err(|error| Problem::of_job_create(error, access.may_read_policy()))?;
    let status = if created.replayed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = json(status, &CreatedJobBody::of(&created))?;
    if created.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    } else if let Ok(place) = HeaderValue::from_str(&format!("/api/queue/jobs/{}", created.record.id)) {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

/// What kind of job it is and its payload, as far as they are there.
type Job<'d> = (Option<JobType>, Option<&'d JsonValue<'d>>);

/// The refusal of a job whose fields are wrong. Its payload is judged all the same, so that everything is told at once.
async fn refusal(access: &Access<JobsWrite>, job: Job<'_>, found: Vec<Violation>) -> Problem {
    let judged = match job {
        (Some(job_type), Some(payload)) => {
            access.tower().job_payload_check(job_type, payload, &access.principal()).await
        }
        _ => Ok(()),
    };
    match judged {
        Ok(()) => Problem::invalid(ErrorCode::InvalidRequest, found),
        Err(error) => Problem::of_job_create(error, access.may_read_policy()).beside(found),
    }
}

fn submission<'d>(
    fields: &mut ObjectReader<'d>,
    (job_type, payload): Job<'d>,
    idempotency_key: Option<&str>,
    access: &Access<JobsWrite>,
) -> Option<JobSubmission<'d>> {
    fields.require(&["type", "payload"]);
    let priority = fields.integer("priority", i64::MIN, i64::MAX).map(Priority::try_from);
    if let Some(Err(error)) = priority {
        fields.refuse("priority", "VALUE_NOT_ALLOWED", error.to_string());
    }
    let affinity_key = fields.value::<AffinityKey>("affinityKey");
    let max_attempts = fields.integer("maxAttempts", 1, 100);
    let time_budget_seconds = fields.integer("timeBudgetSeconds", 1, TIME_BUDGET_MAX_SECONDS);
    if job_type == Some(JobType::Task) && time_budget_seconds.is_some() {
        fields.refuse("timeBudgetSeconds", "VALUE_NOT_ALLOWED", JobCreateError::TimeBudgetOfTask.to_string());
    }
    Some(JobSubmission {
        job_type: job_type?,
        payload: payload?,
        priority: priority.transpose().ok()?.unwrap_or_default(),
        affinity_key,
        max_attempts: max_attempts.and_then(|number| u32::try_from(number).ok()),
        time_budget_seconds: time_budget_seconds.and_then(|number| u64::try_from(number).ok()),
        idempotency_key: idempotency_key.map(str::to_owned),
        trace_id: access.trace_id().clone(),
        principal: access.principal(),
    })
}
