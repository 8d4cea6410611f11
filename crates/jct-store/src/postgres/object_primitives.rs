//! Locks on work objects. Not the strongest kind: rows that refer to a locked row may come meanwhile, and their foreign
//! keys need not wait.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::cached::Cached;
use crate::rows::{IssueRow, RunRow};
use crate::schema_objects::{cwom_issues, cwom_runs};
use crate::types::{DbId, Id};

pub(super) async fn lock_issue(conn: &mut Conn, id: Id) -> QueryResult<Option<IssueRow>> {
    let row = cwom_issues::table.find(id).select(IssueRow::as_select()).for_no_key_update();
    row.get_result(conn).await.optional()
}

pub(super) async fn lock_run(conn: &mut Conn, id: Id) -> QueryResult<Option<RunRow>> {
    let row = cwom_runs::table.find(id).select(RunRow::as_select()).for_no_key_update();
    row.get_result(conn).await.optional()
}

/// Locks issues in the order of their ids.
pub(super) async fn lock_issues(conn: &mut Conn, ids: Vec<Id>) -> QueryResult<Vec<IssueRow>> {
    let rows = cwom_issues::table.filter(cwom_issues::id.eq_any(ids)).order(cwom_issues::id);
    rows.select(IssueRow::as_select()).for_no_key_update().load(conn).await
}

/// Locks runs in the order of their ids.
pub(super) async fn lock_runs(conn: &mut Conn, ids: Vec<Id>) -> QueryResult<Vec<RunRow>> {
    let rows = cwom_runs::table.filter(cwom_runs::id.eq_any(ids)).order(cwom_runs::id);
    rows.select(RunRow::as_select()).for_no_key_update().load(conn).await
}

/// Writes how issues stand now.
pub(super) async fn move_issues(mut conn: &Conn, rows: &[IssueRow]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    Cached(
        sql_query(
            "UPDATE cwom_issues i SET status = n.status, updated_at = n.updated_at, audit_seq = n.audit_seq, \
             audit_hash = n.audit_hash \
             FROM unnest($1, $2, $3, $4, $5) AS n (id, status, updated_at, audit_seq, audit_hash) WHERE i.id = n.id",
        )
        .bind::<Array<DbId>, _>(column(rows, |row| row.id))
        .bind::<Array<Text>, _>(column(rows, |row| row.status.clone()))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.updated_at))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.audit_seq))
        .bind::<Array<Text>, _>(column(rows, |row| row.audit_hash.clone())),
    )
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// Writes how runs stand now.
pub(super) async fn move_runs(mut conn: &Conn, rows: &[RunRow]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    Cached(
        sql_query(
            "UPDATE cwom_runs r SET status = n.status, state = n.state, artifact_root_uri = n.artifact_root_uri, \
             updated_at = n.updated_at, audit_seq = n.audit_seq, audit_hash = n.audit_hash \
             FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (id, status, state, artifact_root_uri, updated_at, audit_seq, \
             audit_hash) WHERE r.id = n.id",
        )
        .bind::<Array<DbId>, _>(column(rows, |row| row.id))
        .bind::<Array<Text>, _>(column(rows, |row| row.status.clone()))
        .bind::<Array<Text>, _>(column(rows, |row| row.state.clone()))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.artifact_root_uri.clone()))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.updated_at))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.audit_seq))
        .bind::<Array<Text>, _>(column(rows, |row| row.audit_hash.clone())),
    )
    .execute(&mut conn)
    .await?;
    Ok(())
}

fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Locks issues and runs in one order, that of their ids.
pub(super) async fn lock_objects(conn: &mut Conn, issues: Vec<Id>, runs: Vec<Id>) -> QueryResult<()> {
    if !issues.is_empty() {
        let rows = cwom_issues::table.filter(cwom_issues::id.eq_any(issues)).order(cwom_issues::id);
        rows.select(cwom_issues::id).for_no_key_update().load::<Id>(conn).await?;
    }
    if !runs.is_empty() {
        let rows = cwom_runs::table.filter(cwom_runs::id.eq_any(runs)).order(cwom_runs::id);
        rows.select(cwom_runs::id).for_no_key_update().load::<Id>(conn).await?;
    }
    Ok(())
}
