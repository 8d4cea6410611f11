//! Reads about single tasks and lists of them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_audit::StoredEntry;
use jct_contract::TaskId;
use jct_lifecycle::TaskStatus;

use super::Conn;
use crate::StoreError;
use crate::model::{Admission, AttemptRecord, AuditQuery, Cursor, EventKind, Page, TaskEventRecord, TaskRecord};
use crate::rows::{
    AdmissionRow, AttemptRow, AuditRow, EventRow, HoldRow, LeaseRow, OutcomeRow, ReadyRow, TaskRow, TaskRows, time,
    to_u64,
};
use crate::schema::{
    admissions, attempts, audit_log, task_events, task_holds, task_leases, task_outcomes, task_ready, tasks,
};
use crate::types::Id;

/// The task beside the one row that says where it stands.
macro_rules! with_place {
    () => {
        tasks::table
            .left_join(task_holds::table.on(task_holds::task_id.eq(tasks::id)))
            .left_join(task_ready::table.on(task_ready::task_id.eq(tasks::id)))
            .left_join(task_leases::table.on(task_leases::task_id.eq(tasks::id)))
            .left_join(task_outcomes::table.on(task_outcomes::task_id.eq(tasks::id)))
            .select((
                TaskRow::as_select(),
                Option::<HoldRow>::as_select(),
                Option::<ReadyRow>::as_select(),
                Option::<LeaseRow>::as_select(),
                Option::<OutcomeRow>::as_select(),
            ))
    };
}

pub(crate) async fn rows(conn: &mut Conn, id: Id) -> Result<Option<TaskRows>, StoreError> {
    Ok(with_place!().filter(tasks::id.eq(id)).first(conn).await.optional()?)
}

pub(crate) async fn get(conn: &mut Conn, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
    rows(conn, id.into()).await?.map(TaskRecord::try_from).transpose()
}

pub(super) async fn rows_of(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<TaskRows>, StoreError> {
    Ok(with_place!().filter(tasks::id.eq_any(ids)).order(tasks::id.desc()).load(conn).await?)
}

/// The page that begins with these ids, of which there is one more than fits if the list goes on.
pub(super) async fn page_of(conn: &mut Conn, ids: Vec<Id>, limit: u32) -> Result<Page<TaskRecord>, StoreError> {
    let more = ids.len() > limit as usize;
    let shown: Vec<Id> = ids.into_iter().take(limit as usize).collect();
    let next = shown.last().filter(|_| more).map(|last| Cursor::after((*last).into()));
    let items = rows_of(conn, shown).await?.into_iter().map(TaskRecord::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

pub(crate) async fn events(
    conn: &mut Conn,
    id: TaskId,
    after: u64,
    limit: u32,
) -> Result<Option<Vec<TaskEventRecord>>, StoreError> {
    let task_id = Id::from(id);
    let created: Option<(i64, bool)> =
        tasks::table.find(task_id).select((tasks::created_at, tasks::held)).first(conn).await.optional()?;
    let Some((created_at, held)) = created else { return Ok(None) };
    let mut events = Vec::new();
    if after == 0 && limit > 0 {
        events.push(creation(created_at, held));
    }
    let rest = i64::from(limit) - i64::try_from(events.len()).unwrap_or(0);
    let rows: Vec<EventRow> = task_events::table
        .filter(task_events::task_id.eq(task_id))
        .filter(task_events::seq.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .order(task_events::seq)
        .limit(rest)
        .select(EventRow::as_select())
        .load(conn)
        .await?;
    for row in rows {
        events.push(row.try_into()?);
    }
    Ok(Some(events))
}

/// The number of the last event of a task. `None` if there is no such task.
pub(crate) async fn last_event(conn: &mut Conn, id: TaskId) -> Result<Option<u64>, StoreError> {
    let task_id = Id::from(id);
    let known: Option<Id> = tasks::table.find(task_id).select(tasks::id).first(conn).await.optional()?;
    if known.is_none() {
        return Ok(None);
    }
    let last = task_events::table.filter(task_events::task_id.eq(task_id)).order(task_events::seq.desc());
    let last: Option<i64> = last.select(task_events::seq).first(conn).await.optional()?;
    to_u64("seq", last.unwrap_or(1)).map(Some)
}

/// The first event of every task is not stored: the task's own row says the same.
fn creation(created_at: i64, held: bool) -> TaskEventRecord {
    let status = if held { TaskStatus::Pending } else { TaskStatus::Queued };
    TaskEventRecord {
        seq: 1,
        at: time(created_at),
        kind: EventKind::Status,
        attempt: None,
        body: format!("{{\"status\":\"{status}\"}}"),
    }
}

pub(crate) async fn attempts(conn: &mut Conn, id: TaskId) -> Result<Vec<AttemptRecord>, StoreError> {
    let rows: Vec<AttemptRow> = attempts::table
        .filter(attempts::task_id.eq(Id::from(id)))
        .order(attempts::ordinal)
        .select(AttemptRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(AttemptRecord::try_from).collect()
}

pub(crate) async fn admission(conn: &mut Conn, id: TaskId) -> Result<Option<Admission>, StoreError> {
    let row: Option<AdmissionRow> =
        admissions::table.find(Id::from(id)).select(AdmissionRow::as_select()).first(conn).await.optional()?;
    row.map(Admission::try_from).transpose()
}

pub(crate) async fn audit_entries(conn: &mut Conn, query: AuditQuery) -> Result<Vec<StoredEntry>, StoreError> {
    let rows: Vec<AuditRow> = audit_log::table
        .filter(audit_log::entity_kind.eq(query.entity_kind))
        .filter(audit_log::entity_id.eq(query.entity_id))
        .order(audit_log::seq)
        .limit(i64::from(query.limit))
        .select(AuditRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(StoredEntry::try_from).collect()
}
