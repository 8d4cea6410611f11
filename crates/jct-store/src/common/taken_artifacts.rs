//! What executors outside the tower leave: kept under the lease that they have, told of by an event, and an artifact of
//! the run if there is one.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::ArtifactId;
use jct_cwom::{NewArtifact, Verification};
use jct_lifecycle::{IllegalTransition, TaskStatus};
use serde_json::{Map, json};

use super::added_files::{self, Obstacle};
use super::objects::Author;
use super::taken::{Claimant, is_over, refuse_outsider};
use super::{Conn, primitives, runs, task_reads};
use crate::StoreError;
use crate::additions::Additions;
use crate::command::ChangeAnswer;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{NewTakenArtifact, TakenArtifact, TakenArtifactAnswer, TakenPlace};
use crate::rows::{JobArtifactRow, LeaseRow};
use crate::schema::task_leases;
use crate::schema_jobs::job_artifacts;
use crate::types::Id;

/// Accepts an artifact if the lease is alive and the asker's; a file also needs a free name and room in the `quota`.
pub(crate) async fn add(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewTakenArtifact,
    quota: u64,
) -> Result<TakenArtifactAnswer, StoreError> {
    let Some(lease) = lock_lease(conn, new).await? else {
        return Ok(TakenArtifactAnswer::Refused(not_running(conn, new).await?));
    };
    let claimant = Claimant { task_id: new.task_id, name: new.by.name(), fence: new.fence };
    if let Some(refusal) = refuse_outsider(conn, context, (claimant, "artifact"), &lease).await? {
        return Ok(TakenArtifactAnswer::Refused(refusal));
    }
    if is_over(context, &lease) {
        return Ok(TakenArtifactAnswer::Refused(ChangeAnswer::LeaseExpired));
    }
    if let Some(answer) = refuse_file(conn, &lease, new, quota).await? {
        return Ok(answer);
    }
    let id = ArtifactId::at(context.shared.next_created_at(context.now));
    let accepted = accepted(id, &lease, new);
    if let TakenPlace::Kept { name, size_bytes, digest } = &new.place {
        let row = JobArtifactRow {
            id: id.into(),
            task_id: lease.task_id,
            attempt: lease.attempt,
            worker_id: None,
            principal: Some(new.by.name().to_owned()),
            name: name.clone(),
            content_type: new.media_type.clone(),
            size_bytes: i64::try_from(*size_bytes).unwrap_or(i64::MAX),
            digest: digest.to_string(),
            created_at: context.now.as_micros(),
        };
        diesel::insert_into(job_artifacts::table).values(row).execute(conn).await?;
    }
    let mut additions = context.additions();
    register(conn, context, &mut additions, &lease, (new, &accepted)).await?;
    tell(conn, context, additions, &lease, (new, &accepted)).await?;
    Ok(TakenArtifactAnswer::Accepted(accepted))
}

/// The lease, and nobody else's until the commit. A change that changes nothing is a lock on both engines.
async fn lock_lease(conn: &mut Conn, new: &NewTakenArtifact) -> Result<Option<LeaseRow>, StoreError> {
    Ok(diesel::update(task_leases::table.find(Id::from(new.task_id)))
        .set(task_leases::event_seq.eq(task_leases::event_seq))
        .returning(LeaseRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Where a task stands that nobody holds.
async fn not_running(conn: &mut Conn, new: &NewTakenArtifact) -> Result<ChangeAnswer, StoreError> {
    let Some(rows) = task_reads::rows(conn, new.task_id.into()).await? else { return Ok(ChangeAnswer::NotFound) };
    let from = match (rows.hold, rows.ready, rows.outcome) {
        (Some(_), ..) => TaskStatus::Pending,
        (_, Some(_), _) => TaskStatus::Queued,
        (.., Some(outcome)) => {
            outcome.status.parse().map_err(|_| StoreError::corrupt(format!("status of task {}", new.task_id)))?
        }
        // It was taken between the two looks, by somebody else than the asker.
        (None, None, None) => return Ok(ChangeAnswer::LeaseExpired),
    };
    Ok(ChangeAnswer::Illegal(IllegalTransition { from, to: TaskStatus::Running }))
}

/// Why a file is not accepted: it is there already, its name is taken, or there is no room.
async fn refuse_file(
    conn: &mut Conn,
    lease: &LeaseRow,
    new: &NewTakenArtifact,
    quota: u64,
) -> Result<Option<TakenArtifactAnswer>, StoreError> {
    let TakenPlace::Kept { name, size_bytes, digest } = &new.place else { return Ok(None) };
    let obstacle = added_files::obstacle(conn, lease.task_id, (name, *size_bytes), quota).await?;
    Ok(obstacle.map(|obstacle| match obstacle {
        Obstacle::Twin(twin) if twin.digest == digest.to_string() && twin.attempt == lease.attempt => {
            TakenArtifactAnswer::Repeated(accepted(twin.id.into(), lease, new))
        }
        Obstacle::Twin(_) => TakenArtifactAnswer::NameTaken,
        Obstacle::Full { used_bytes } => TakenArtifactAnswer::OverQuota { used_bytes },
    }))
}

fn accepted(id: ArtifactId, lease: &LeaseRow, new: &NewTakenArtifact) -> TakenArtifact {
    let uri = match &new.place {
        TakenPlace::Kept { .. } => format!("/api/queue/jobs/{}/artifacts/{id}/download", new.task_id),
        TakenPlace::Elsewhere { uri } => uri.clone(),
    };
    TakenArtifact { id, run_id: lease.run_id.map(Into::into), uri }
}

/// What is left becomes an artifact of the run.
async fn register(
    conn: &mut Conn,
    context: Context<'_>,
    additions: &mut Additions,
    lease: &LeaseRow,
    (new, accepted): (&NewTakenArtifact, &TakenArtifact),
) -> Result<(), StoreError> {
    let Some(run) = lease.run_id else { return Ok(()) };
    let Some(mut run) = primitives::lock_runs(conn, vec![run]).await?.into_iter().next() else {
        return Err(StoreError::corrupt(format!("run {} went away", run.0)));
    };
    let (size_bytes, digest) = match &new.place {
        TakenPlace::Kept { size_bytes, digest, .. } => (Some(*size_bytes), Some(digest.to_string())),
        TakenPlace::Elsewhere { .. } => (None, None),
    };
    let object = NewArtifact {
        produced_by: jct_contract::RunId::from(run.id).into(),
        for_issue: jct_contract::IssueId::from(run.issue_id).into(),
        type_: new.type_,
        title: new.title.clone(),
        uri: accepted.uri.clone(),
        digest,
        media_type: Some(new.media_type.clone()),
        size_bytes,
        preview: None,
        verification: Verification::default(),
        tags: Vec::new(),
        meta: Map::from_iter([("attempt".to_owned(), lease.attempt.into())]),
    };
    let author = Author { actor: Actor::from(&new.by), trace_id: &new.trace_id };
    runs::add_artifact(context, additions, author, &mut run, (Some(accepted.id.into()), object))?;
    additions.moved_runs.push(run);
    Ok(())
}

/// Adds the event and the audit entry about it.
async fn tell(
    conn: &mut Conn,
    context: Context<'_>,
    additions: Additions,
    lease: &LeaseRow,
    (new, accepted): (&NewTakenArtifact, &TakenArtifact),
) -> Result<(), StoreError> {
    let mut body = json!({
        "artifact_id": accepted.id.to_string(),
        "name": new.title,
        "type": new.type_.as_str(),
        "media_type": new.media_type,
        "uri": accepted.uri,
    });
    if let (TakenPlace::Kept { name, size_bytes, digest }, Some(body)) = (&new.place, body.as_object_mut()) {
        body.insert("name".to_owned(), name.as_str().into());
        body.insert("title".to_owned(), new.title.as_str().into());
        body.insert("size_bytes".to_owned(), (*size_bytes).into());
        body.insert("digest".to_owned(), digest.to_string().into());
    }
    added_files::tell(conn, context, additions, lease, (Actor::from(&new.by), &body)).await
}
