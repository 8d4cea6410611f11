//! Rows of runs, for PostgreSQL: one array a column, one prepared statement a table.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Array;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::insert::{Column, statement};
use crate::rows::{WorkflowFactRow, WorkflowStepRow};
use crate::types::Id;

statement! {
    InsertFacts(WorkflowFactRow) into "workflow_facts", ")";
    run_id: Id, seq: i64, at: i64, fact: String, detail: Option<String>,
}

statement! {
    InsertSteps(WorkflowStepRow) into "workflow_steps", ") ON CONFLICT DO NOTHING";
    run_id: Id, step: String, attempt: i64, task_id: Id, enqueued_at: i64, deadline_at: i64,
    cancelled_at: Option<i64>, closed_at: Option<i64>,
}

pub(super) async fn insert_facts(conn: &mut Conn, rows: &[WorkflowFactRow]) -> QueryResult<()> {
    if !rows.is_empty() {
        InsertFacts::from(rows).execute(conn).await?;
    }
    Ok(())
}

/// A task that is noted already stays as it is.
pub(super) async fn insert_steps(conn: &mut Conn, rows: &[WorkflowStepRow]) -> QueryResult<()> {
    if !rows.is_empty() {
        InsertSteps::from(rows).execute(conn).await?;
    }
    Ok(())
}
