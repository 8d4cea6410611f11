//! Work objects in a file that one writer writes at a time: nothing needs a lock.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::additions::Additions;
use crate::rows::{IssueRow, RepoRow, RunRow};
use crate::schema_objects::{
    cwom_artifacts, cwom_constraint_snapshots, cwom_context_packet_doctrine_refs, cwom_context_packets,
    cwom_evidence_packs, cwom_issue_constraint_snapshots, cwom_issue_context_packets, cwom_issue_doctrine_refs,
    cwom_issues, cwom_repos, cwom_review_decisions, cwom_run_context_packets, cwom_run_doctrine_refs, cwom_runs,
};
use crate::types::Id;

pub(super) async fn lock_issue(conn: &mut Conn, id: Id) -> QueryResult<Option<IssueRow>> {
    cwom_issues::table.find(id).select(IssueRow::as_select()).first(conn).await.optional()
}

pub(super) async fn lock_run(conn: &mut Conn, id: Id) -> QueryResult<Option<RunRow>> {
    cwom_runs::table.find(id).select(RunRow::as_select()).first(conn).await.optional()
}

pub(super) async fn lock_issues(conn: &mut Conn, ids: Vec<Id>) -> QueryResult<Vec<IssueRow>> {
    cwom_issues::table.filter(cwom_issues::id.eq_any(ids)).select(IssueRow::as_select()).load(conn).await
}

pub(super) async fn lock_runs(conn: &mut Conn, ids: Vec<Id>) -> QueryResult<Vec<RunRow>> {
    cwom_runs::table.filter(cwom_runs::id.eq_any(ids)).select(RunRow::as_select()).load(conn).await
}

pub(super) async fn lock_objects(_conn: &mut Conn, _issues: Vec<Id>, _runs: Vec<Id>) -> QueryResult<()> {
    Ok(())
}

/// Inserts repositories whose slug is free; returns the ids of those.
pub(super) async fn insert_repos(conn: &mut Conn, rows: &[RepoRow]) -> QueryResult<HashSet<Id>> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for row in rows {
        let insert = diesel::insert_into(cwom_repos::table).values(row.clone()).on_conflict_do_nothing();
        if insert.execute(conn).await? > 0 {
            inserted.insert(row.id);
        }
    }
    Ok(inserted)
}

/// Writes the objects and links that a step adds, each kind after those it refers to.
pub(super) async fn add_objects(conn: &mut Conn, additions: &Additions) -> QueryResult<()> {
    macro_rules! insert {
        ($($rows:ident => $table:ident;)+) => {$(
            for row in &additions.$rows {
                diesel::insert_into($table::table).values(row.clone()).execute(conn).await?;
            }
        )+};
    }
    insert! {
        snapshots => cwom_constraint_snapshots;
        issues => cwom_issues;
        packets => cwom_context_packets;
        runs => cwom_runs;
        artifacts => cwom_artifacts;
        evidence_packs => cwom_evidence_packs;
        review_decisions => cwom_review_decisions;
        issue_packets => cwom_issue_context_packets;
        issue_doctrine_refs => cwom_issue_doctrine_refs;
        issue_snapshots => cwom_issue_constraint_snapshots;
        run_packets => cwom_run_context_packets;
        run_doctrine_refs => cwom_run_doctrine_refs;
        packet_doctrine_refs => cwom_context_packet_doctrine_refs;
    }
    for row in &additions.moved_issues {
        diesel::update(cwom_issues::table.find(row.id)).set(row.standing()).execute(conn).await?;
    }
    for row in &additions.moved_runs {
        diesel::update(cwom_runs::table.find(row.id)).set(row.standing()).execute(conn).await?;
    }
    Ok(())
}
