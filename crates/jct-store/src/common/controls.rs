//! Controls: set, lifted, and what each of them stops. Whether a claim may take a task is part of the claim's own
//! statement; here is what happens to tasks that run.

use diesel::prelude::*;
use diesel::sql_query;
use diesel_async::RunQueryDsl;
use jct_contract::{ControlId, Principal};
use serde_json::{Value, json};

use super::{Conn, admin, change};
use crate::StoreError;
use crate::context::Context;
use crate::control_match::{ABOUT_TASK, about_external, about_worker};
use crate::journal::Actor;
use crate::model::{ControlMode, ControlRecord, ControlScope, Cursor, NewControl, Page, PageStart};
use crate::rows::{CallOff, ControlRow, LeaseRow, time};
use crate::schema_controls::controls::{self, dsl};
use crate::types::Id;

/// The kind of the entries about controls.
const KIND: &str = "control";
/// Controls in force that are looked at; nobody sets so many.
const MOST_ACTIVE: i64 = 1_000;
/// What is read of a task that a control calls off.
const CALLED_OFF: &str = "SELECT l.task_id, c.id AS control, c.created_by_kind AS by_kind, c.created_by AS by_name, \
     c.reason FROM task_leases l JOIN tasks t ON t.id = l.task_id JOIN controls c ON";

pub(crate) async fn create(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewControl,
) -> Result<ControlRecord, StoreError> {
    if new.unless_there_is_one
        && let Some(row) = like(conn, new).await?
    {
        return row.try_into();
    }
    let row = ControlRow::new(ControlId::at(context.now).into(), new, context.now);
    diesel::insert_into(controls::table).values(row.clone()).execute(conn).await?;
    let after = json!({
        "scope": row.scope,
        "value": row.value,
        "mode": row.mode,
        "reason": row.reason,
        "created_by": row.created_by,
        "created_at": context.now,
        "lifted_by": null,
        "lifted_at": null,
    });
    let id = row.id.0.to_string();
    admin::audit(conn, context, Actor::from(&new.by), "created", (KIND, &id), None, Some(after)).await?;
    if new.mode == ControlMode::Kill {
        end_outside(conn, context, row.id).await?;
    }
    row.try_into()
}

/// One that is in force and does the same.
async fn like(conn: &mut Conn, new: &NewControl) -> Result<Option<ControlRow>, StoreError> {
    let query = controls::table
        .filter(dsl::lifted_at.is_null())
        .filter(dsl::scope.eq(new.scope.kind()))
        .filter(dsl::mode.eq(new.mode.as_str()))
        .order(dsl::id)
        .select(ControlRow::as_select())
        .into_boxed();
    let query = match new.scope.value() {
        Some(value) => query.filter(dsl::value.eq(value)),
        None => query.filter(dsl::value.is_null()),
    };
    Ok(query.first(conn).await.optional()?)
}

/// Ends what executors outside the tower hold: they have no heartbeat that could tell them.
async fn end_outside(conn: &mut Conn, context: Context<'_>, control: Id) -> Result<(), StoreError> {
    let text = format!(
        "{CALLED_OFF} c.id = '{}' WHERE ({ABOUT_TASK} OR {}) AND l.holder_kind = 'external' AND l.expires_at > {} \
         ORDER BY l.task_id",
        control.0,
        about_external("l.holder"),
        context.now.as_micros()
    );
    let found: Vec<CallOff> = sql_query(text).load(conn).await?;
    cancel(conn, context, &found).await
}

/// Asks for the end of those of the held tasks that a control is about, and returns them. Every heartbeat does: a task
/// that was claimed while the control was being set is found like any other.
pub(crate) async fn call_off(conn: &mut Conn, context: Context<'_>, held: Vec<Id>) -> Result<Vec<Id>, StoreError> {
    if held.is_empty() || !kills_are_active(conn).await? {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = held.iter().map(|id| format!("'{}'", id.0)).collect();
    let text = format!(
        "{CALLED_OFF} c.lifted_at IS NULL AND c.mode = 'kill' AND ({ABOUT_TASK} OR {}) \
         WHERE l.task_id IN ({}) ORDER BY l.task_id, c.id",
        about_worker("l.holder"),
        ids.join(", ")
    );
    let mut found: Vec<CallOff> = sql_query(text).load(conn).await?;
    // The control that was there first is the one that is named.
    found.dedup_by_key(|called_off| called_off.task_id);
    cancel(conn, context, &found).await?;
    Ok(found.into_iter().map(|called_off| called_off.task_id).collect())
}

/// The first kill in force that is about what somebody outside the tower holds. Setting it has ended what was there; this
/// finds what was being taken at that moment.
pub(crate) async fn killing(conn: &mut Conn, lease: &LeaseRow) -> Result<Option<CallOff>, StoreError> {
    if lease.holder_kind == "worker" || !kills_are_active(conn).await? {
        return Ok(None);
    }
    let text = format!(
        "{CALLED_OFF} c.lifted_at IS NULL AND c.mode = 'kill' AND ({ABOUT_TASK} OR {}) WHERE l.task_id = '{}' \
         ORDER BY c.id LIMIT 1",
        about_external("l.holder"),
        lease.task_id.0
    );
    Ok(sql_query(text).get_result(conn).await.optional()?)
}

async fn kills_are_active(conn: &mut Conn) -> Result<bool, StoreError> {
    let query = controls::table.filter(dsl::lifted_at.is_null()).filter(dsl::mode.eq(ControlMode::Kill.as_str()));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(conn).await?)
}

async fn cancel(conn: &mut Conn, context: Context<'_>, found: &[CallOff]) -> Result<(), StoreError> {
    for called_off in found {
        change::change_status(conn, context, &called_off.change()?).await?;
    }
    Ok(())
}

/// The first control in force that is about a task, or about whoever outside the tower asks for it.
pub(crate) async fn holding(conn: &mut Conn, task: Id, asker: &str) -> Result<Option<ControlRecord>, StoreError> {
    // A name has no control characters; on both engines a quote is told from the end of the text by a second one.
    let asker = format!("'{}'", asker.replace('\'', "''"));
    let text = format!(
        "SELECT c.* FROM controls c JOIN tasks t ON t.id = '{}' WHERE c.lifted_at IS NULL AND ({ABOUT_TASK} OR {}) \
         ORDER BY c.id LIMIT 1",
        task.0,
        about_external(&asker)
    );
    let row: Option<ControlRow> = sql_query(text).get_result(conn).await.optional()?;
    row.map(ControlRecord::try_from).transpose()
}

/// Lifts a control; one that was lifted stays as it is.
pub(crate) async fn lift(
    conn: &mut Conn,
    context: Context<'_>,
    id: ControlId,
    by: &Principal,
) -> Result<Option<ControlRecord>, StoreError> {
    let lifted: Option<ControlRow> = diesel::update(controls::table.find(Id::from(id)))
        .filter(dsl::lifted_at.is_null())
        .set((dsl::lifted_at.eq(context.now.as_micros()), dsl::lifted_by.eq(by.name())))
        .returning(ControlRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = lifted else { return get(conn, id).await };
    note_lifted(conn, context, &row, by).await?;
    row.try_into().map(Some)
}

/// Lifts every hold on the agent of this name; false if there was none.
pub(crate) async fn start_agent(
    conn: &mut Conn,
    context: Context<'_>,
    name: &str,
    by: &Principal,
) -> Result<bool, StoreError> {
    let scope = ControlScope::Agent(name.to_owned());
    let holds: Vec<Id> = controls::table
        .filter(dsl::lifted_at.is_null())
        .filter(dsl::scope.eq(scope.kind()).and(dsl::value.eq(name)))
        .filter(dsl::mode.eq(ControlMode::Hold.as_str()))
        .order(dsl::id)
        .select(dsl::id)
        .load(conn)
        .await?;
    for id in &holds {
        lift(conn, context, (*id).into(), by).await?;
    }
    Ok(!holds.is_empty())
}

async fn note_lifted(
    conn: &mut Conn,
    context: Context<'_>,
    row: &ControlRow,
    by: &Principal,
) -> Result<(), StoreError> {
    let id = row.id.0.to_string();
    let state = |by: Option<&str>, at: Option<i64>| json!({ "lifted_by": by, "lifted_at": at.map(time) });
    let (before, after): (Value, Value) = (state(None, None), state(Some(by.name()), row.lifted_at));
    admin::audit(conn, context, Actor::from(by), "updated", (KIND, &id), Some(before), Some(after)).await
}

pub(crate) async fn get(conn: &mut Conn, id: ControlId) -> Result<Option<ControlRecord>, StoreError> {
    let row: Option<ControlRow> =
        controls::table.find(Id::from(id)).select(ControlRow::as_select()).first(conn).await.optional()?;
    row.map(ControlRecord::try_from).transpose()
}

/// The controls in force, oldest first.
pub(crate) async fn active(conn: &mut Conn) -> Result<Vec<ControlRecord>, StoreError> {
    let rows: Vec<ControlRow> = controls::table
        .filter(dsl::lifted_at.is_null())
        .order(dsl::id)
        .limit(MOST_ACTIVE)
        .select(ControlRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(ControlRecord::try_from).collect()
}

/// Controls, newest first: those in force, those that were lifted, or all.
pub(crate) async fn list(
    conn: &mut Conn,
    active: Option<bool>,
    start: PageStart,
    limit: u32,
) -> Result<Page<ControlRecord>, StoreError> {
    let mut query =
        controls::table.order(dsl::id.desc()).limit(i64::from(limit) + 1).select(ControlRow::as_select()).into_boxed();
    query = match active {
        None => query,
        Some(true) => query.filter(dsl::lifted_at.is_null()),
        Some(false) => query.filter(dsl::lifted_at.is_not_null()),
    };
    query = match start {
        PageStart::Offset(offset) => query.offset(i64::from(offset)),
        PageStart::After(cursor) => query.filter(dsl::id.lt(cursor.id())),
    };
    let mut rows: Vec<ControlRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next })
}
