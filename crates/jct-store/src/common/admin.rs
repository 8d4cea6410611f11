//! Writes about the tower itself: workers, the queue's pause, keys. Each change has its audit entry.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{ApiKeyId, Principal, WorkerId};
use serde_json::{Value, json};

use super::{Conn, agents, primitives};
use crate::StoreError;
use crate::command::KeyAnswer;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
use crate::model::{NewApiKey, NewWorker};
use crate::rows::{ApiKeyRow, PauseRow, WorkerRow, time};
use crate::schema::{api_keys, audit_log, queue_pauses, workers};
use crate::types::Id;

/// The one queue there is; its name leaves room for more.
const QUEUE: &str = "tasks";

pub(crate) async fn worker_started(
    conn: &mut Conn,
    context: Context<'_>,
    worker: &NewWorker,
) -> Result<bool, StoreError> {
    let (new, id) = (WorkerRow::started(worker, context.now), worker.id.to_string());
    let (entity, actor) = (("worker", id.as_str()), Actor::system(&worker.name));
    agents::register(conn, context, worker).await?;
    let created =
        diesel::insert_into(workers::table).values(new.clone()).on_conflict_do_nothing().execute(conn).await? > 0;
    if created {
        audit(conn, context, actor, "created", entity, None, Some(described(&new))).await?;
        return Ok(true);
    }
    // A worker behind a token has one id for all its lives: it shows up again.
    let known: WorkerRow = workers::table.find(new.id).select(WorkerRow::as_select()).first(conn).await?;
    let started_at = if known.stopped_at.is_some() { new.started_at } else { known.started_at };
    let row = WorkerRow { started_at, ..new };
    diesel::update(workers::table.find(row.id)).set(row.clone()).execute(conn).await?;
    let (before, after) = (described(&known), described(&row));
    if before != after {
        audit(conn, context, actor, "updated", entity, Some(before), Some(after)).await?;
    }
    Ok(true)
}

/// What the audit log says of a worker.
fn described(row: &WorkerRow) -> Value {
    json!({
        "name": row.name,
        "version": row.version,
        "executors": row.executors,
        "takes_any": row.takes_any,
        "capabilities": row.capabilities,
        "adapters": row.adapters,
        "slots": row.slots,
        "isolation": row.isolation,
        "started_at": time(row.started_at),
        "stopped_at": row.stopped_at.map(time),
    })
}

/// Presence is no change of state: it has no audit entry.
pub(crate) async fn worker_seen(conn: &mut Conn, context: Context<'_>, id: WorkerId) -> Result<bool, StoreError> {
    let seen = diesel::update(workers::table.find(Id::from(id)))
        .set(workers::last_seen_at.eq(context.now.as_micros()))
        .execute(conn)
        .await?;
    Ok(seen > 0)
}

pub(crate) async fn worker_stopped(conn: &mut Conn, context: Context<'_>, id: WorkerId) -> Result<bool, StoreError> {
    let name: Option<String> = diesel::update(workers::table.find(Id::from(id)))
        .filter(workers::stopped_at.is_null())
        .set(workers::stopped_at.eq(context.now.as_micros()))
        .returning(workers::name)
        .get_result(conn)
        .await
        .optional()?;
    let Some(name) = name else { return Ok(false) };
    let (before, after) = (json!({ "stopped_at": null }), json!({ "stopped_at": context.now }));
    let id = id.to_string();
    audit(conn, context, Actor::system(&name), "updated", ("worker", &id), Some(before), Some(after)).await?;
    Ok(true)
}

pub(crate) async fn pause(
    conn: &mut Conn,
    context: Context<'_>,
    by: &Principal,
    reason: &str,
) -> Result<bool, StoreError> {
    let row = PauseRow {
        queue: QUEUE.to_owned(),
        paused_by: by.name().to_owned(),
        reason: reason.to_owned(),
        paused_at: context.now.as_micros(),
    };
    let after = paused(&row);
    let inserted = diesel::insert_into(queue_pauses::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    if inserted > 0 {
        audit(conn, context, Actor::from(by), "updated", ("queue", QUEUE), Some(not_paused()), Some(after)).await?;
    }
    Ok(inserted > 0)
}

pub(crate) async fn resume(conn: &mut Conn, context: Context<'_>, by: &Principal) -> Result<bool, StoreError> {
    let lifted: Option<PauseRow> = diesel::delete(queue_pauses::table.find(QUEUE))
        .returning(PauseRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(row) = &lifted {
        let before = Some(paused(row));
        audit(conn, context, Actor::from(by), "updated", ("queue", QUEUE), before, Some(not_paused())).await?;
    }
    Ok(lifted.is_some())
}

fn paused(row: &PauseRow) -> Value {
    json!({ "paused_by": row.paused_by, "reason": row.reason, "paused_at": time(row.paused_at) })
}

fn not_paused() -> Value {
    json!({ "paused_by": null, "reason": null, "paused_at": null })
}

pub(crate) async fn create_key(
    conn: &mut Conn,
    context: Context<'_>,
    key: &NewApiKey,
) -> Result<KeyAnswer, StoreError> {
    let row = ApiKeyRow::new(ApiKeyId::at(context.now).into(), key, context.now);
    let kept: Option<ApiKeyRow> = diesel::insert_into(api_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .returning(ApiKeyRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = kept else { return Ok(KeyAnswer::NameTaken) };
    let after = json!({
        "kind": row.kind,
        "scopes": row.scopes,
        "created_by": row.created_by,
        "created_at": context.now,
        "expires_at": row.expires_at.map(time),
        "revoked_at": null,
    });
    audit(conn, context, Actor::from(&key.created_by), "created", ("api_key", &row.name), None, Some(after)).await?;
    Ok(KeyAnswer::Kept(row.try_into()?))
}

pub(crate) async fn revoke_key(
    conn: &mut Conn,
    context: Context<'_>,
    name: &str,
    by: &Principal,
) -> Result<KeyAnswer, StoreError> {
    let revoked: Option<ApiKeyRow> = diesel::update(api_keys::table)
        .filter(api_keys::name.eq(name))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(context.now.as_micros()))
        .returning(ApiKeyRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(row) = revoked {
        let (before, after) = (json!({ "revoked_at": null }), json!({ "revoked_at": context.now }));
        audit(conn, context, Actor::from(by), "updated", ("api_key", name), Some(before), Some(after)).await?;
        return Ok(KeyAnswer::Kept(row.try_into()?));
    }
    let known: Option<ApiKeyRow> =
        api_keys::table.filter(api_keys::name.eq(name)).select(ApiKeyRow::as_select()).first(conn).await.optional()?;
    known.map_or(Ok(KeyAnswer::NotFound), |row| Ok(KeyAnswer::Kept(row.try_into()?)))
}

/// Notes a change of an object whose row carries no counter; such objects change rarely.
pub(super) async fn audit(
    conn: &mut Conn,
    context: Context<'_>,
    actor: Actor<'_>,
    action: &str,
    (entity_kind, entity_id): (&str, &str),
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = audit_log::table
        .filter(audit_log::entity_kind.eq(entity_kind))
        .filter(audit_log::entity_id.eq(entity_id))
        .order(audit_log::seq.desc())
        .select((audit_log::seq, audit_log::hash))
        .first(conn)
        .await
        .optional()?;
    let head = last.map_or_else(Head::genesis, |(seq, hash)| Head { seq, hash });
    let entry = Entry {
        actor,
        action,
        entity_kind,
        entity_id: entity_id.to_owned(),
        before: before.map(|value| value.to_string()),
        after: after.map(|value| value.to_string()),
        note: None,
        trace_id: None,
    };
    let mut additions = context.additions();
    additions.journal.entry(&head, entry);
    Ok(primitives::add(conn, &additions).await?)
}
