//! Inserts of many rows: one array a column, one prepared statement a table whatever the number of rows.
//!
//! A list of VALUES would be a new statement for each number of rows, parsed and planned each time.

use std::collections::HashSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::rows::{
    AdmissionRow, AttemptRow, AuditRow, ContentRow, EventRow, HoldRow, LaneRow, LeaseRow, OutcomeRow, PolicyRow,
    ReadyRow, TaskRow,
};
use crate::types::{DbId, Id};

/// A value of a row, borrowed into its column's array.
pub(super) trait Column {
    type Sql;
    type Borrowed<'a>
    where
        Self: 'a;

    fn borrowed(&self) -> Self::Borrowed<'_>;
}

macro_rules! copied_columns {
    ($($kind:ty => $sql:ty;)+) => {$(
        impl Column for $kind {
            type Sql = $sql;
            type Borrowed<'a> = Self;

            fn borrowed(&self) -> Self {
                *self
            }
        }
    )+};
}

copied_columns! {
    bool => Bool;
    Id => DbId;
    Option<Id> => Nullable<DbId>;
    i64 => BigInt;
    Option<i64> => Nullable<BigInt>;
}

impl Column for String {
    type Sql = Text;
    type Borrowed<'a> = &'a str;

    fn borrowed(&self) -> &str {
        self
    }
}

impl Column for Option<String> {
    type Sql = Nullable<Text>;
    type Borrowed<'a> = Option<&'a str>;

    fn borrowed(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// A statement that inserts rows, turned into columns.
macro_rules! statement {
    ($name:ident($row:ty) into $table:literal, $tail:literal; $($column:ident: $owned:ty,)+) => {
        struct $name<'a> {
            $($column: Vec<<$owned as Column>::Borrowed<'a>>,)+
        }

        impl<'a> From<&'a [$row]> for $name<'a> {
            fn from(rows: &'a [$row]) -> Self {
                Self { $($column: rows.iter().map(|row| row.$column.borrowed()).collect(),)+ }
            }
        }

        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;

            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl QueryFragment<Pg> for $name<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                let names = [$(stringify!($column),)+].join(", ");
                out.push_sql(&format!(concat!("INSERT INTO ", $table, " ({}) SELECT * FROM unnest"), names));
                let mut separator = "(";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<Array<<$owned as Column>::Sql>, _>(&self.$column)?;
                    separator = ", ";
                )+
                // The last separator has nothing to separate.
                let _: &str = separator;
                out.push_sql($tail);
                Ok(())
            }
        }
    };
}

pub(super) use statement;

statement! {
    InsertTasks(TaskRow) into "tasks", ") ON CONFLICT DO NOTHING RETURNING id";
    id: Id, idempotency_key: Option<String>, spec_digest: String, spec: String, requester_kind: String,
    operation: String, target_repo: String, executor: String, time_budget_seconds: i64, trace_id: String,
    submitter_kind: String, submitter: String, held: bool, created_at: i64, cwom_issue_id: Option<Id>, job_type: String,
    priority: i64, capabilities: Option<String>, affinity_key: Option<String>, manifest_name: Option<String>,
    manifest_hash: Option<String>, manifest_registered: bool, agent: Option<String>,
}

statement! {
    InsertPolicies(PolicyRow) into "policies", ") ON CONFLICT DO NOTHING";
    digest: String, canonical: String, first_used_at: i64,
}

statement! {
    InsertLanes(LaneRow) into "queue_lanes", ") ON CONFLICT DO NOTHING";
    id: i64, key: String, job_type: String, isolation: String, capabilities: String, priority: i64, keyed: bool,
}

statement! {
    InsertContents(ContentRow) into "manifest_contents", ") ON CONFLICT DO NOTHING";
    hash: String, content: String, size_bytes: i64, created_at: i64,
}

statement! {
    InsertAdmissions(AdmissionRow) into "admissions", ")";
    task_id: Id, decision_id: Id, policy_digest: String, input_digest: String, admitted_at: i64,
}

statement! {
    InsertHolds(HoldRow) into "task_holds", ")";
    task_id: Id, max_attempts: i64, held_at: i64, trace_id: String, event_seq: i64, audit_seq: i64, audit_hash: String,
}

statement! {
    InsertReady(ReadyRow) into "task_ready", ")";
    task_id: Id, run_at: i64, executor: String, generation: i64, attempts: i64, max_attempts: i64,
    queued_at: i64, started_at: Option<i64>, updated_at: i64, last_reason: Option<String>, trace_id: String,
    event_seq: i64, audit_seq: i64, audit_hash: String, lane_id: i64, affinity_key: Option<String>,
}

statement! {
    InsertLeases(LeaseRow) into "task_leases", ")";
    task_id: Id, epoch: i64, generation: i64, attempt: i64, max_attempts: i64, executor: String,
    holder_kind: String, worker_id: Option<Id>, holder: String, assigned_to: Option<String>, acquired_at: i64,
    expires_at: i64, queued_at: i64, started_at: i64, cancel_requested_at: Option<i64>,
    cancel_requested_by: Option<String>, trace_id: String, event_seq: i64, audit_seq: i64, audit_hash: String, run_id: Option<Id>,
    lane_id: i64, affinity_key: Option<String>, cancel_note: Option<String>,
}

statement! {
    InsertAttempts(AttemptRow) into "attempts", ")";
    task_id: Id, ordinal: i64, epoch: i64, generation: i64, holder_kind: String, worker_id: Option<Id>,
    holder: String, started_at: i64, ended_at: Option<i64>, reason: Option<String>, message: Option<String>,
    next_status: Option<String>, settle_digest: Option<String>, trace_path: Option<String>,
    manifest_digest: Option<String>, run_id: Option<Id>,
}

statement! {
    InsertOutcomes(OutcomeRow) into "task_outcomes", ")";
    task_id: Id, status: String, reason: String, result: Option<String>, error: Option<String>,
    attempt: Option<i64>, assigned_to: Option<String>, trace_path: Option<String>,
    manifest_digest: Option<String>, queued_at: Option<i64>, started_at: Option<i64>, finished_at: i64,
    event_seq: i64, audit_seq: i64, audit_hash: String,
}

statement! {
    InsertEvents(EventRow) into "task_events", ")";
    task_id: Id, seq: i64, at: i64, kind: String, attempt: Option<i64>, body: String,
}

statement! {
    InsertAudits(AuditRow) into "audit_log", ")";
    id: Id, ts: i64, actor_kind: String, actor_id: String, action: String, entity_kind: String,
    entity_id: String, before: Option<String>, after: Option<String>, note: Option<String>,
    trace_id: Option<String>, seq: i64, prev_hash: String, hash: String,
}

impl Query for InsertTasks<'_> {
    type SqlType = DbId;
}

macro_rules! inserts {
    ($($function:ident: $row:ty => $statement:ident;)+) => {$(
        pub(super) async fn $function(mut conn: &Conn, rows: &[$row]) -> QueryResult<()> {
            if !rows.is_empty() {
                $statement::from(rows).execute(&mut conn).await?;
            }
            Ok(())
        }
    )+};
}

pub(super) use inserts;

inserts! {
    insert_policies: PolicyRow => InsertPolicies;
    insert_lanes: LaneRow => InsertLanes;
    insert_contents: ContentRow => InsertContents;
    insert_admissions: AdmissionRow => InsertAdmissions;
    insert_holds: HoldRow => InsertHolds;
    insert_ready: ReadyRow => InsertReady;
    insert_leases: LeaseRow => InsertLeases;
    insert_attempts: AttemptRow => InsertAttempts;
    insert_outcomes: OutcomeRow => InsertOutcomes;
    insert_events: EventRow => InsertEvents;
    insert_audits: AuditRow => InsertAudits;
}

/// Inserts tasks whose idempotency key is free; returns the ids of those.
pub(crate) async fn insert_tasks(conn: &mut Conn, rows: &[TaskRow]) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Id> = InsertTasks::from(rows).get_results(conn).await?;
    Ok(ids.into_iter().collect())
}
