//! What leaves the tower: the requests that sandboxed work made to the world, and the commits that were pushed.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_cwom::{Artifact, ArtifactType, NewArtifact, ObjectKind, Ref, Verification};
use jct_lifecycle::LeaseRef;
use serde_json::{Map, json};

use super::objects::{Author, Entity};
use super::{Conn, primitives, refusal};
use crate::StoreError;
use crate::command::RecordAnswer;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
use crate::model::{EgressRecord, NewPush};
use crate::rows::{ArtifactRow, Birth, Chained, LeaseRow, place_in_chain, to_u32, to_u64};
use crate::schema::task_leases::{self, dsl};
use crate::types::Id;

/// Notes the requests of a running attempt, one entry each, behind the chain of its task.
pub(crate) async fn record(
    conn: &mut Conn,
    context: Context<'_>,
    lease: LeaseRef,
    records: &[EgressRecord],
) -> Result<RecordAnswer, StoreError> {
    let task_id = Id::from(lease.task_id);
    // Proves the lease and locks its row until the commit, as the events of an attempt do.
    let held: Option<LeaseRow> = diesel::update(task_leases::table.find(task_id))
        .filter(dsl::epoch.eq(lease.fence.epoch).and(dsl::epoch.eq(context.epoch)))
        .filter(dsl::generation.eq(lease.fence.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(dsl::audit_seq.eq(dsl::audit_seq))
        .returning(LeaseRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(held) = held else {
        refusal::refuse_stale(conn, context, lease, "egress").await?;
        return Ok(RecordAnswer::Stale);
    };
    let mut additions = context.additions();
    let mut head = Head { seq: held.audit_seq, hash: held.audit_hash.clone() };
    for record in records {
        head = additions.journal.entry(&head, entry(record, &held));
    }
    let marks = (dsl::audit_seq.eq(head.seq), dsl::audit_hash.eq(head.hash));
    diesel::update(task_leases::table.find(task_id)).set(marks).execute(conn).await?;
    primitives::add(conn, &additions).await?;
    Ok(RecordAnswer::Recorded {
        last_seq: to_u64("event_seq", held.event_seq)?,
        attempt: to_u32("attempt", held.attempt)?,
    })
}

fn entry<'a>(record: &'a EgressRecord, held: &'a LeaseRow) -> Entry<'a> {
    let EgressRecord { agent, host, port, method, path, allowed, reason } = record;
    let request = json!({ "agent": agent, "host": host, "port": port, "method": method, "path": path });
    let after = json!({ "attempt": held.attempt, "egress": request, "reason": reason });
    Entry {
        actor: Actor::system(&held.holder),
        action: if *allowed { "egress_allowed" } else { "egress_denied" },
        entity_kind: "task",
        entity_id: held.task_id.0.to_string(),
        before: None,
        after: Some(after.to_string()),
        note: None,
        trace_id: Some(&held.trace_id),
    }
}

/// Registers a push as an artifact of its run; false if there is no such run, or the same push is known already.
pub(crate) async fn push(conn: &mut Conn, context: Context<'_>, push: &NewPush) -> Result<bool, StoreError> {
    let Some(mut run) = primitives::lock_run(conn, push.run_id.into()).await? else { return Ok(false) };
    let new = artifact(push, &run.issue_id);
    if is_known(conn, run.id, &new).await? {
        return Ok(false);
    }
    let author = Author { actor: Actor::from(&push.by), trace_id: &push.trace_id };
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: &push.trace_id };
    let mut additions = context.additions();
    let mut row = ArtifactRow::new(birth, &new, place_in_chain(run.audit_seq + 1));
    let object: Artifact = row.clone().read()?;
    row.set_head(author.created(&mut additions.journal, &object.into())?);
    let owner = Entity { kind: ObjectKind::Run, id: run.id.into() };
    let shown = Ref::new(ObjectKind::Artifact, row.id.into());
    run.set_head(author.linked(&mut additions.journal, &run.head(), owner, "outputs.artifacts", &shown));
    additions.artifacts.push(row);
    additions.moved_runs.push(run);
    primitives::add(conn, &additions).await?;
    Ok(true)
}

fn artifact(push: &NewPush, issue: &Id) -> NewArtifact {
    let NewPush { run_id, commit, branch, remote, .. } = push;
    NewArtifact {
        produced_by: (*run_id).into(),
        for_issue: jct_contract::IssueId::from(*issue).into(),
        type_: ArtifactType::Link,
        title: format!("{branch} at {commit}").chars().take(512).collect(),
        uri: remote.chars().take(2000).collect(),
        digest: None,
        media_type: None,
        size_bytes: None,
        preview: None,
        verification: Verification::default(),
        tags: vec!["push".to_owned()],
        meta: Map::from_iter([
            ("commit".to_owned(), commit.as_str().into()),
            ("branch".to_owned(), branch.as_str().into()),
        ]),
    }
}

async fn is_known(conn: &mut Conn, run: Id, new: &NewArtifact) -> Result<bool, StoreError> {
    use crate::schema_objects::cwom_artifacts;
    let same: Option<Id> = cwom_artifacts::table
        .filter(cwom_artifacts::run_id.eq(run))
        .filter(cwom_artifacts::artifact_type.eq(new.type_.as_str()))
        .filter(cwom_artifacts::document.eq(new.document()))
        .select(cwom_artifacts::id)
        .first(conn)
        .await
        .optional()?;
    Ok(same.is_some())
}
