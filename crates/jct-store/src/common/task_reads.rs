//! Reads about single tasks and lists of them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_audit::StoredEntry;
use jct_contract::TaskId;
use jct_lifecycle::TaskStatus;

use super::Conn;
use crate::StoreError;
use crate::model::{
    Admission, AttemptRecord, AuditQuery, Cursor, EventKind, Page, PageStart, TaskEventRecord, TaskFilter, TaskRecord,
};
use crate::rows::{
    AdmissionRow, AttemptRow, AuditRow, EventRow, HoldRow, LeaseRow, OutcomeRow, ReadyRow, TaskRow, TaskRows, time,
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

pub(crate) async fn list(
    conn: &mut Conn,
    filter: TaskFilter,
    start: PageStart,
    limit: u32,
) -> Result<Page<TaskRecord>, StoreError> {
    // The ids first, from the smallest table that can tell; the page's rows after that.
    let ids = ids(conn, &filter, start, i64::from(limit) + 1).await?;
    let more = ids.len() > limit as usize;
    let shown: Vec<Id> = ids.into_iter().take(limit as usize).collect();
    let next = shown.last().filter(|_| more).map(|last| Cursor::after((*last).into()));
    let rows: Vec<TaskRows> = with_place!().filter(tasks::id.eq_any(shown)).order(tasks::id.desc()).load(conn).await?;
    let items = rows.into_iter().map(TaskRecord::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

/// The ids of a page, newest first. An id carries its creation time, so one column orders, bounds and continues the
/// list.
async fn ids(conn: &mut Conn, filter: &TaskFilter, start: PageStart, limit: i64) -> Result<Vec<Id>, StoreError> {
    macro_rules! page {
        ($query:expr, $id:expr) => {{
            let mut query = $query.select($id).order($id.desc()).limit(limit).into_boxed();
            if let Some(operation) = filter.operation {
                query = query.filter(tasks::operation.eq(operation.as_str()));
            }
            if let Some(kind) = filter.requester_kind {
                query = query.filter(tasks::requester_kind.eq(kind.as_str()));
            }
            if let Some(repo) = &filter.target_repo {
                query = query.filter(tasks::target_repo.eq(repo.clone()));
            }
            if let Some(after) = filter.created_after {
                query = query.filter(tasks::created_at.gt(after.as_micros())).filter($id.gt(first_id_at(after)));
            }
            if let Some(before) = filter.created_before {
                query = query.filter(tasks::created_at.lt(before.as_micros())).filter($id.lt(last_id_at(before)));
            }
            match start {
                PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
                PageStart::After(cursor) => query = query.filter($id.lt(cursor.id())),
            }
            Ok(query.load(conn).await?)
        }};
    }
    match filter.status {
        None => page!(tasks::table, tasks::id),
        Some(TaskStatus::Pending) => {
            page!(task_holds::table.inner_join(tasks::table.on(tasks::id.eq(task_holds::task_id))), task_holds::task_id)
        }
        Some(TaskStatus::Queued) => {
            page!(task_ready::table.inner_join(tasks::table.on(tasks::id.eq(task_ready::task_id))), task_ready::task_id)
        }
        Some(TaskStatus::Running) => {
            page!(
                task_leases::table.inner_join(tasks::table.on(tasks::id.eq(task_leases::task_id))),
                task_leases::task_id
            )
        }
        Some(status @ (TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled)) => page!(
            task_outcomes::table
                .inner_join(tasks::table.on(tasks::id.eq(task_outcomes::task_id)))
                .filter(task_outcomes::status.eq(status.as_str())),
            task_outcomes::task_id
        ),
    }
}

/// No id made at or after `at` sorts before this one. The columns of the list are exact; this only lets an index help.
fn first_id_at(at: jct_contract::Timestamp) -> Id {
    Id(edge(at, -1, 0x00))
}

/// No id made at or before `at` sorts after this one.
fn last_id_at(at: jct_contract::Timestamp) -> Id {
    Id(edge(at, 1, 0xff))
}

fn edge(at: jct_contract::Timestamp, millis: i64, fill: u8) -> uuid::Uuid {
    let millis = (at.as_micros().div_euclid(1_000) + millis).clamp(0, (1 << 48) - 1);
    let [_, _, m0, m1, m2, m3, m4, m5] = millis.to_be_bytes();
    uuid::Uuid::from_bytes([m0, m1, m2, m3, m4, m5, fill, fill, fill, fill, fill, fill, fill, fill, fill, fill])
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
