//! Rows of runs, for SQLite: one prepared statement, row by row.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::rows::{WorkflowFactRow, WorkflowStepRow};
use crate::schema_workflows::{workflow_facts, workflow_steps};

pub(super) async fn insert_facts(conn: &mut Conn, rows: &[WorkflowFactRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(workflow_facts::table).values(row.clone()).execute(conn).await?;
    }
    Ok(())
}

/// A task that is noted already stays as it is.
pub(super) async fn insert_steps(conn: &mut Conn, rows: &[WorkflowStepRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(workflow_steps::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(())
}
