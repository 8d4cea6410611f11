//! Answers to a submission and to a change of status.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, LOCATION};
use jct_contract::{ConstraintSnapshotId, ContextPacketId, IssueId, RepoId, TaskId, Timestamp};
use jct_cwom::task::TaskIds;
use jct_lifecycle::TaskStatus;
use jct_store::model::ExternalLease;
use jct_tower::intake::Enqueue;
use jct_tower::tasks::Change;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{TaskBody, json};
use crate::problem::Problem;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A task that is durable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Enqueued)]
pub(crate) struct EnqueueBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    /// `queued`, or `pending` with `hold=true`; for a repetition, where the task stands now.
    #[schema(value_type = String, example = "queued")]
    status: TaskStatus,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    trace_id: &'a str,
    task: TaskBody<'a>,
    /// The work objects that were created with the task; absent if none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    cwom: Option<TaskObjectsBody>,
}

/// The work objects of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskObjects)]
pub(crate) struct TaskObjectsBody {
    #[schema(value_type = String, format = "uuid")]
    repo_id: RepoId,
    #[schema(value_type = String, format = "uuid")]
    issue_id: IssueId,
    #[schema(value_type = String, format = "uuid")]
    context_packet_id: ContextPacketId,
    #[schema(value_type = String, format = "uuid")]
    constraint_snapshot_id: ConstraintSnapshotId,
}

impl From<TaskIds> for TaskObjectsBody {
    fn from(ids: TaskIds) -> Self {
        Self {
            repo_id: ids.repo,
            issue_id: ids.issue,
            context_packet_id: ids.context_packet,
            constraint_snapshot_id: ids.constraint_snapshot,
        }
    }
}

impl<'a> EnqueueBody<'a> {
    pub(crate) fn of(enqueue: &'a Enqueue) -> Result<Self, Problem> {
        let record = &enqueue.record;
        Ok(Self {
            task_id: record.id,
            status: record.state.status(),
            created_at: record.created_at,
            trace_id: record.trace_id.as_str(),
            task: TaskBody::of(record)?,
            cwom: enqueue.objects.map(TaskObjectsBody::from),
        })
    }
}

/// `201` with the new task, or `200` with the one that was there already.
pub(crate) fn enqueue_response(enqueue: &Enqueue) -> Result<HttpResponse, Problem> {
    let status = if enqueue.replayed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = json(status, &EnqueueBody::of(enqueue)?)?;
    let headers = response.headers_mut();
    if let Ok(location) = format!("/tasks/{}", enqueue.record.id).try_into() {
        headers.insert(LOCATION, location);
    }
    if enqueue.replayed {
        replayed(&mut response);
    }
    Ok(response)
}

/// Marks the answer to a repetition.
pub(super) fn replayed(response: &mut HttpResponse) {
    response.headers_mut().insert(REPLAYED, actix_web::http::header::HeaderValue::from_static("true"));
}

/// The answer to one item of a batch: what the item alone would have been answered, with its status as a member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchItem)]
#[serde(untagged)]
pub(crate) enum BatchItemBody<'a> {
    /// 201, or 200 for a repetition.
    Taken(Box<TakenBody<'a>>),
    /// The members of a problem.
    Refused(RefusedBody),
}

/// An item that is durable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchItemTaken)]
pub(crate) struct TakenBody<'a> {
    index: usize,
    #[schema(example = 201)]
    status: u16,
    replayed: bool,
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    trace_id: &'a str,
    task: TaskBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwom: Option<TaskObjectsBody>,
}

/// An item that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchItemRefused)]
pub(crate) struct RefusedBody {
    index: usize,
    /// The members of a problem, `status` among them.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    problem: Map<String, Value>,
}

impl<'a> BatchItemBody<'a> {
    pub(crate) fn taken(index: usize, enqueue: &'a Enqueue) -> Result<Self, Problem> {
        let Enqueue { record, replayed, objects } = enqueue;
        Ok(Self::Taken(Box::new(TakenBody {
            index,
            status: if *replayed { 200 } else { 201 },
            replayed: *replayed,
            task_id: record.id,
            created_at: record.created_at,
            trace_id: record.trace_id.as_str(),
            task: TaskBody::of(record)?,
            cwom: objects.map(TaskObjectsBody::from),
        })))
    }

    pub(crate) const fn refused(index: usize, problem: Map<String, Value>) -> Self {
        Self::Refused(RefusedBody { index, problem })
    }
}

/// A change that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changed)]
pub(crate) struct ChangeBody<'a> {
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
    task: TaskBody<'a>,
    /// The lease of whoever took the task: send the fence back when ending it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<TakenLeaseBody>,
    /// A worker was asked to stop; it has the last word.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancel_requested: bool,
}

/// A lease that was just taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TakenLease)]
struct TakenLeaseBody {
    #[schema(example = "1.3")]
    fence: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    attempt: u32,
}

/// The answer to a change of status.
pub(crate) fn change_body(change: &Change) -> Result<ChangeBody<'_>, Problem> {
    let Change { record, lease, cancel_requested } = change;
    let lease = lease.as_ref().map(|ExternalLease { fence, expires_at, attempt }| TakenLeaseBody {
        fence: fence.to_string(),
        expires_at: *expires_at,
        attempt: *attempt,
    });
    Ok(ChangeBody { status: "success", task: TaskBody::of(record)?, lease, cancel_requested: *cancel_requested })
}
