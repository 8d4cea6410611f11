//! Writes of the registry of workflows. A workflow's row is locked before anything is decided about it, so that of
//! several writers at once each sees what the one before it left.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::WorkflowId;
use serde_json::{Value, json};

use super::{Conn, primitives, workflow_reads};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
use crate::model::{NewWorkflow, WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer, WorkflowText};
use crate::rows::{WorkflowRow, WorkflowVersionRow, time, to_u32};
use crate::schema_workflows::{workflow_versions, workflows};
use crate::types::Id;

/// The kind of the entries about workflows.
const KIND: &str = "workflow";

pub(crate) async fn create(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewWorkflow,
) -> Result<WorkflowCreateAnswer, StoreError> {
    let now = context.now.as_micros();
    let mut row = WorkflowRow {
        id: WorkflowId::at(context.now).into(),
        name: new.name.clone(),
        is_active: new.is_active,
        version: 1,
        digest: new.text.digest.to_string(),
        owner_kind: new.by.kind().as_str().to_owned(),
        owner_name: new.by.name().to_owned(),
        created_at: now,
        updated_by: new.by.name().to_owned(),
        updated_at: now,
        runs_started: 0,
        last_run_id: None,
        audit_seq: 0,
        audit_hash: Head::genesis().hash,
    };
    let mut after = said(&row);
    after["name"] = row.name.clone().into();
    after["created_at"] = json!(time(row.created_at));
    let entry = entry(&row, Actor::from(&new.by), "created", None, &after);
    let mut additions = context.additions();
    let head = additions.journal.entry(&Head::genesis(), entry);
    (row.audit_seq, row.audit_hash) = (head.seq, head.hash);
    let inserted =
        diesel::insert_into(workflows::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
    if inserted == 0 {
        // Another writer was faster, and has committed by now: the insert waited for it.
        let known = workflows::table.filter(workflows::name.eq(&new.name)).select(WorkflowRow::as_select());
        let known = known.first(conn).await?;
        return Ok(WorkflowCreateAnswer::Exists(workflow_reads::record(conn, known).await?));
    }
    keep_version(conn, &row, &new.text).await?;
    primitives::add(conn, &additions).await?;
    Ok(WorkflowCreateAnswer::Created(row.into_record(new.text.definition.to_string(), None)?))
}

pub(crate) async fn change(
    conn: &mut Conn,
    context: Context<'_>,
    change: &WorkflowChange,
) -> Result<WorkflowChangeAnswer, StoreError> {
    let Some(before) = lock(conn, change.id.into()).await? else {
        return Ok(WorkflowChangeAnswer::NotFound);
    };
    if change.expect.is_some_and(|expected| expected != before.revision()) {
        return Ok(WorkflowChangeAnswer::Stale { current: before.revision() });
    }
    let text = change.text.as_ref().filter(|text| text.digest.to_string() != before.digest);
    let becomes = before.version + i64::from(text.is_some());
    if change.expect_version.is_some_and(|expected| i64::from(expected) != becomes) {
        return Ok(WorkflowChangeAnswer::OtherVersion { current: to_u32("version", before.version)? });
    }
    let is_active = change.is_active.unwrap_or(before.is_active);
    if text.is_none() && is_active == before.is_active {
        return Ok(WorkflowChangeAnswer::Unchanged(workflow_reads::record(conn, before).await?));
    }
    // What a version does is done for whoever wrote it, so that nobody has their own words done in another's name.
    let owner = match text {
        Some(_) => (change.by.kind().as_str().to_owned(), change.by.name().to_owned()),
        None => (before.owner_kind.clone(), before.owner_name.clone()),
    };
    let mut row = WorkflowRow {
        is_active,
        owner_kind: owner.0,
        owner_name: owner.1,
        version: becomes,
        digest: text.map_or_else(|| before.digest.clone(), |text| text.digest.to_string()),
        updated_by: change.by.name().to_owned(),
        updated_at: context.now.as_micros(),
        ..before.clone()
    };
    let mut additions = context.additions();
    let entry = entry(&row, Actor::from(&change.by), "updated", Some(said(&before)), &said(&row));
    let head = additions.journal.entry(&before.head(), entry);
    (row.audit_seq, row.audit_hash) = (head.seq, head.hash);
    if let Some(text) = text {
        keep_version(conn, &row, text).await?;
    }
    diesel::update(workflows::table.find(row.id)).set(row.clone()).execute(conn).await?;
    primitives::add(conn, &additions).await?;
    Ok(WorkflowChangeAnswer::Changed(workflow_reads::record(conn, row).await?))
}

/// What the audit log says of a workflow. The definition is found by its digest.
fn said(row: &WorkflowRow) -> Value {
    json!({
        "is_active": row.is_active,
        "version": row.version,
        "digest": row.digest,
        "owner": { "kind": row.owner_kind, "name": row.owner_name },
        "updated_by": row.updated_by,
        "updated_at": time(row.updated_at),
    })
}

fn entry<'a>(row: &WorkflowRow, actor: Actor<'a>, action: &'a str, before: Option<Value>, after: &Value) -> Entry<'a> {
    Entry {
        actor,
        action,
        entity_kind: KIND,
        entity_id: row.id.0.to_string(),
        before: before.map(|value| value.to_string()),
        after: Some(after.to_string()),
        note: None,
        trace_id: None,
    }
}

async fn keep_version(conn: &mut Conn, row: &WorkflowRow, text: &WorkflowText) -> Result<(), StoreError> {
    let version = WorkflowVersionRow {
        workflow_id: row.id,
        version: row.version,
        digest: row.digest.clone(),
        definition: text.definition.to_string(),
        created_by: row.updated_by.clone(),
        created_at: row.updated_at,
    };
    diesel::insert_into(workflow_versions::table).values(version).execute(conn).await?;
    Ok(())
}

/// The workflow, and nobody else's until the commit: a change that changes nothing is a lock on both engines.
pub(super) async fn lock(conn: &mut Conn, id: Id) -> Result<Option<WorkflowRow>, StoreError> {
    Ok(diesel::update(workflows::table.find(id))
        .set(workflows::version.eq(workflows::version))
        .returning(WorkflowRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}
