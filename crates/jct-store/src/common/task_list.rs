//! Lists of tasks: the ids of a page first, from the smallest table that can tell.

use std::cmp::Reverse;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use jct_contract::JobType;
use jct_lifecycle::{JobStatus, ReasonCode, TaskStatus};

use super::{Conn, task_reads};
use crate::StoreError;
use crate::model::{Page, PageStart, TaskFilter, TaskRecord};
use crate::schema::{task_holds, task_leases, task_outcomes, task_ready, tasks};
use crate::types::Id;

pub(crate) async fn list(
    conn: &mut Conn,
    filter: TaskFilter,
    start: PageStart,
    limit: u32,
) -> Result<Page<TaskRecord>, StoreError> {
    let ids = match places(&filter).as_slice() {
        [] => Vec::new(),
        [place] => ids(conn, &filter, *place, start, i64::from(limit) + 1).await?,
        several => merged(conn, &filter, several, start, limit).await?,
    };
    task_reads::page_of(conn, ids, limit).await
}

/// Where to look for tasks.
#[derive(Clone, Copy)]
enum Place {
    Anywhere,
    Held,
    Ready,
    Leased,
    Ended(TaskStatus),
    /// Failed by themselves, not because their attempts were used up.
    Failed,
    OutOfAttempts,
}

impl Place {
    const fn of(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Pending => Self::Held,
            TaskStatus::Queued => Self::Ready,
            TaskStatus::Running => Self::Leased,
            TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled => Self::Ended(status),
        }
    }

    /// The status of everything that is found there.
    const fn status(self) -> Option<TaskStatus> {
        match self {
            Self::Anywhere => None,
            Self::Held => Some(TaskStatus::Pending),
            Self::Ready => Some(TaskStatus::Queued),
            Self::Leased => Some(TaskStatus::Running),
            Self::Ended(status) => Some(status),
            Self::Failed | Self::OutOfAttempts => Some(TaskStatus::Failed),
        }
    }
}

fn places(filter: &TaskFilter) -> Vec<Place> {
    let of_job: &[Place] = match filter.job_status {
        None => return vec![filter.status.map_or(Place::Anywhere, Place::of)],
        Some(JobStatus::Queued) => &[Place::Held, Place::Ready],
        Some(JobStatus::Running) => &[Place::Leased],
        Some(JobStatus::Succeeded) => &[Place::Ended(TaskStatus::Completed)],
        Some(JobStatus::Cancelled) => &[Place::Ended(TaskStatus::Cancelled)],
        Some(JobStatus::Failed) => &[Place::Failed],
        Some(JobStatus::DeadLetter) => &[Place::OutOfAttempts],
    };
    of_job.iter().copied().filter(|place| filter.status.is_none() || filter.status == place.status()).collect()
}

/// The ids of a page out of several places.
async fn merged(
    conn: &mut Conn,
    filter: &TaskFilter,
    places: &[Place],
    start: PageStart,
    limit: u32,
) -> Result<Vec<Id>, StoreError> {
    let (start, skipped) = match start {
        PageStart::Offset(offset) => (PageStart::Offset(0), offset),
        PageStart::After(_) => (start, 0),
    };
    let most = i64::from(limit) + 1 + i64::from(skipped);
    let mut all = Vec::new();
    for place in places {
        all.extend(ids(conn, filter, *place, start, most).await?);
    }
    all.sort_unstable_by_key(|id| Reverse(*id));
    Ok(all.into_iter().skip(skipped as usize).take(limit as usize + 1).collect())
}

/// The ids of a page, newest first. An id carries its creation time, so one column orders, bounds and continues the
/// list.
async fn ids(
    conn: &mut Conn,
    filter: &TaskFilter,
    place: Place,
    start: PageStart,
    limit: i64,
) -> Result<Vec<Id>, StoreError> {
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
            if let Some(job_type) = filter.job_type {
                query = query.filter(tasks::job_type.eq(job_type.as_str()));
                if job_type != JobType::Task {
                    // The words of the index, which SQLite does not find in a parameter.
                    query = query.filter(sql::<Bool>("tasks.job_type <> 'task'"));
                }
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
    macro_rules! held_in {
        ($table:ident) => {
            $table::table.inner_join(tasks::table.on(tasks::id.eq($table::task_id)))
        };
    }
    let exhausted = ReasonCode::RetriesExhausted.as_str();
    match place {
        Place::Anywhere => page!(tasks::table, tasks::id),
        Place::Held => page!(held_in!(task_holds), task_holds::task_id),
        Place::Ready => page!(held_in!(task_ready), task_ready::task_id),
        Place::Leased => page!(held_in!(task_leases), task_leases::task_id),
        Place::Ended(status) => {
            page!(held_in!(task_outcomes).filter(task_outcomes::status.eq(status.as_str())), task_outcomes::task_id)
        }
        Place::Failed => page!(
            held_in!(task_outcomes)
                .filter(task_outcomes::status.eq(TaskStatus::Failed.as_str()))
                .filter(task_outcomes::reason.ne(exhausted)),
            task_outcomes::task_id
        ),
        // The words of the index, which SQLite does not find in a parameter.
        Place::OutOfAttempts => page!(
            held_in!(task_outcomes).filter(sql::<Bool>(&format!("task_outcomes.reason = '{exhausted}'"))),
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
