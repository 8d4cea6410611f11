//! Files of jobs: kept under the lease that they were handed in with, told of by an event, never changed.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{JobArtifactId, TaskId};
use serde_json::json;

use super::added_files::{self, Obstacle};
use super::{Conn, refusal};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{Cursor, JobArtifactAnswer, JobArtifactRecord, NewJobArtifact, Page, PageStart};
use crate::rows::{JobArtifactRow, LeaseRow};
use crate::schema::{task_leases, tasks};
use crate::schema_jobs::job_artifacts::{self, dsl};
use crate::types::Id;

/// Keeps a file if the lease is alive, the name free and the `quota` in bytes not used up.
pub(crate) async fn add(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewJobArtifact,
    quota: u64,
) -> Result<JobArtifactAnswer, StoreError> {
    let Some(lease) = lock_lease(conn, context, new).await? else {
        let current = refusal::refuse_stale(conn, context, new.lease, "artifact").await?;
        return Ok(JobArtifactAnswer::Stale { current });
    };
    let task_id = lease.task_id;
    if let Some(obstacle) = added_files::obstacle(conn, task_id, (&new.name, new.size_bytes), quota).await? {
        return Ok(match obstacle {
            Obstacle::Twin(twin) if twin.digest == new.digest.to_string() => {
                JobArtifactAnswer::Repeated(twin.try_into()?)
            }
            Obstacle::Twin(_) => JobArtifactAnswer::NameTaken,
            Obstacle::Full { used_bytes } => JobArtifactAnswer::OverQuota { used_bytes },
        });
    }
    let row = JobArtifactRow {
        id: JobArtifactId::at(context.shared.next_created_at(context.now)).into(),
        task_id,
        attempt: lease.attempt,
        worker_id: Some(new.worker_id.into()),
        principal: None,
        name: new.name.clone(),
        content_type: new.content_type.clone(),
        size_bytes: i64::try_from(new.size_bytes).unwrap_or(i64::MAX),
        digest: new.digest.to_string(),
        created_at: context.now.as_micros(),
    };
    diesel::insert_into(job_artifacts::table).values(row.clone()).execute(conn).await?;
    tell(conn, context, &lease, &row).await?;
    Ok(JobArtifactAnswer::Kept(row.try_into()?))
}

/// The lease, and nobody else's until the commit, if it is alive and the worker's. A change that changes nothing is a
/// lock on both engines.
async fn lock_lease(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewJobArtifact,
) -> Result<Option<LeaseRow>, StoreError> {
    let fence = new.lease.fence;
    Ok(diesel::update(task_leases::table.find(Id::from(new.lease.task_id)))
        .filter(task_leases::epoch.eq(fence.epoch).and(task_leases::epoch.eq(context.epoch)))
        .filter(task_leases::generation.eq(fence.generation))
        .filter(task_leases::worker_id.eq(Id::from(new.worker_id)))
        .filter(task_leases::expires_at.gt(context.now.as_micros()))
        .set(task_leases::event_seq.eq(task_leases::event_seq))
        .returning(LeaseRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Adds the event and the audit entry about a file.
async fn tell(conn: &mut Conn, context: Context<'_>, lease: &LeaseRow, row: &JobArtifactRow) -> Result<(), StoreError> {
    let body = json!({
        "artifact_id": row.id.0.to_string(),
        "name": row.name,
        "size_bytes": row.size_bytes,
        "digest": row.digest,
    });
    added_files::tell(conn, context, context.additions(), lease, (Actor::system(&lease.holder), &body)).await
}

/// The files of a job, newest first; `None` if there is no such job.
pub(crate) async fn list(
    conn: &mut Conn,
    id: TaskId,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<JobArtifactRecord>>, StoreError> {
    let known: Option<Id> = tasks::table.find(Id::from(id)).select(tasks::id).first(conn).await.optional()?;
    let Some(task_id) = known else { return Ok(None) };
    let mut query = job_artifacts::table
        .filter(dsl::task_id.eq(task_id))
        .order(dsl::id.desc())
        .limit(i64::from(limit) + 1)
        .select(JobArtifactRow::as_select())
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(dsl::id.lt(cursor.id())),
    }
    let mut rows: Vec<JobArtifactRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Some(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next }))
}

/// One file of a job.
pub(crate) async fn get(
    conn: &mut Conn,
    task: TaskId,
    id: JobArtifactId,
) -> Result<Option<JobArtifactRecord>, StoreError> {
    let row: Option<JobArtifactRow> = job_artifacts::table
        .find(Id::from(id))
        .filter(dsl::task_id.eq(Id::from(task)))
        .select(JobArtifactRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(JobArtifactRecord::try_from).transpose()
}
