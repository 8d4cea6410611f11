//! A file that is added to a task, whoever holds the task: what may stand in its way, and how it is told of.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{Conn, primitives};
use crate::StoreError;
use crate::additions::Additions;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
use crate::model::EventKind;
use crate::rows::{EventRow, JobArtifactRow, LeaseRow, to_u64};
use crate::schema::task_leases;
use crate::schema_jobs::job_artifacts::{self, dsl};
use crate::types::Id;

/// What stands in the way of a file.
pub(super) enum Obstacle {
    /// There is a file of that name.
    Twin(JobArtifactRow),
    /// The files that are there leave no room.
    Full { used_bytes: u64 },
}

/// Looks among the files of a task for the name of a new one, and for room in the `quota`.
pub(super) async fn obstacle(
    conn: &mut Conn,
    task_id: Id,
    (name, size_bytes): (&str, u64),
    quota: u64,
) -> Result<Option<Obstacle>, StoreError> {
    let kept: Vec<JobArtifactRow> =
        job_artifacts::table.filter(dsl::task_id.eq(task_id)).select(JobArtifactRow::as_select()).load(conn).await?;
    if let Some(twin) = kept.iter().find(|kept| kept.name == name) {
        return Ok(Some(Obstacle::Twin(twin.clone())));
    }
    let mut used_bytes = 0_u64;
    for kept in &kept {
        used_bytes = used_bytes.saturating_add(to_u64("size_bytes", kept.size_bytes)?);
    }
    Ok((used_bytes.saturating_add(size_bytes) > quota).then_some(Obstacle::Full { used_bytes }))
}

/// Adds the event and the audit entry about a file to what is written with it, and moves the marks of the lease.
pub(super) async fn tell(
    conn: &mut Conn,
    context: Context<'_>,
    mut additions: Additions,
    lease: &LeaseRow,
    (actor, body): (Actor<'_>, &Value),
) -> Result<(), StoreError> {
    let (marks, body) = (lease.marks(), body.to_string());
    let event_seq = marks.event_seq + 1;
    additions.journal.events.push(EventRow {
        task_id: lease.task_id,
        seq: event_seq,
        at: context.now.as_micros(),
        kind: EventKind::Artifact.as_str().to_owned(),
        attempt: Some(lease.attempt),
        body: body.clone(),
    });
    let entry = Entry {
        actor,
        action: "artifact_added",
        entity_kind: "task",
        entity_id: lease.task_id.0.to_string(),
        before: None,
        after: Some(body),
        note: None,
        trace_id: Some(&lease.trace_id),
    };
    let Head { seq, hash } = additions.journal.entry(&marks.head, entry);
    primitives::add(conn, &additions).await?;
    diesel::update(task_leases::table.find(lease.task_id))
        .set((task_leases::event_seq.eq(event_seq), task_leases::audit_seq.eq(seq), task_leases::audit_hash.eq(hash)))
        .execute(conn)
        .await?;
    Ok(())
}
