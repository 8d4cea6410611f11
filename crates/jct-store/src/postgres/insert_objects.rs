//! Inserts of work objects and their links, in the same form: one array a column, one prepared statement a table.

use std::collections::HashSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Array;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::insert::{Column, inserts, statement};
use crate::rows::{
    ArtifactRow, EvidenceRow, IssueDoctrineRow, IssuePacketRow, IssueRow, IssueSnapshotRow, PacketDoctrineRow,
    PacketRow, RepoRow, ReviewRow, RunDoctrineRow, RunPacketRow, RunRow, SnapshotRow,
};
use crate::types::{DbId, Id};

statement! {
    InsertRepos(RepoRow) into "cwom_repos", ") ON CONFLICT DO NOTHING RETURNING id";
    id: Id, slug: String, visibility: String, document: String, trace_id: String, created_at: i64, updated_at: i64,
    audit_seq: i64, audit_hash: String,
}

statement! {
    InsertSnapshots(SnapshotRow) into "cwom_constraint_snapshots", ")";
    id: Id, scope: String, owner_id: String, document: String, trace_id: String, created_at: i64,
}

statement! {
    InsertIssues(IssueRow) into "cwom_issues", ")";
    id: Id, repo_id: Id, repo_role: Option<String>, status: String, issue_type: String, priority: String,
    document: String, trace_id: String, created_at: i64, updated_at: i64, audit_seq: i64, audit_hash: String,
}

statement! {
    InsertPackets(PacketRow) into "cwom_context_packets", ")";
    id: Id, issue_id: Id, issue_role: Option<String>, version: String, constraint_snapshot_id: Option<Id>,
    constraint_snapshot_role: Option<String>, document: String, trace_id: String, created_at: i64,
}

statement! {
    InsertRuns(RunRow) into "cwom_runs", ")";
    id: Id, issue_id: Id, issue_role: Option<String>, repo_id: Id, repo_role: Option<String>,
    constraint_snapshot_id: Option<Id>, constraint_snapshot_role: Option<String>, position: i64, mode: String,
    status: String, artifact_root_uri: Option<String>, state: String, document: String, trace_id: String,
    created_at: i64, updated_at: i64, audit_seq: i64, audit_hash: String,
}

statement! {
    InsertArtifacts(ArtifactRow) into "cwom_artifacts", ")";
    id: Id, run_id: Id, run_role: Option<String>, issue_id: Id, issue_role: Option<String>, position: i64,
    artifact_type: String, document: String, trace_id: String, created_at: i64, updated_at: i64, audit_seq: i64,
    audit_hash: String,
}

statement! {
    InsertEvidence(EvidenceRow) into "cwom_evidence_packs", ")";
    id: Id, run_id: Id, issue_id: Id, task_id: Id, attempt: i64, verdict: String, digest: String, document: String,
    trace_id: String, created_at: i64,
}

statement! {
    InsertReviews(ReviewRow) into "cwom_review_decisions", ")";
    id: Id, evidence_pack_id: Id, evidence_pack_role: Option<String>, run_id: Id, run_role: Option<String>,
    issue_id: Id, issue_role: Option<String>, decision: String, document: String, record: String, trace_id: String,
    created_at: i64,
}

statement! {
    InsertIssuePackets(IssuePacketRow) into "cwom_issue_context_packets", ")";
    issue_id: Id, context_packet_id: Id, role: Option<String>, position: i64, created_at: i64,
}

statement! {
    InsertIssueDoctrines(IssueDoctrineRow) into "cwom_issue_doctrine_refs", ")";
    issue_id: Id, doctrine_ref_id: Id, role: Option<String>, position: i64, created_at: i64,
}

statement! {
    InsertIssueSnapshots(IssueSnapshotRow) into "cwom_issue_constraint_snapshots", ")";
    issue_id: Id, constraint_snapshot_id: Id, role: Option<String>, position: i64, created_at: i64,
}

statement! {
    InsertRunPackets(RunPacketRow) into "cwom_run_context_packets", ")";
    run_id: Id, context_packet_id: Id, role: Option<String>, position: i64, created_at: i64,
}

statement! {
    InsertRunDoctrines(RunDoctrineRow) into "cwom_run_doctrine_refs", ")";
    run_id: Id, doctrine_ref_id: Id, role: Option<String>, position: i64, created_at: i64,
}

statement! {
    InsertPacketDoctrines(PacketDoctrineRow) into "cwom_context_packet_doctrine_refs", ")";
    context_packet_id: Id, doctrine_ref_id: Id, role: Option<String>, position: i64, created_at: i64,
}

impl Query for InsertRepos<'_> {
    type SqlType = DbId;
}

inserts! {
    insert_snapshots: SnapshotRow => InsertSnapshots;
    insert_issues: IssueRow => InsertIssues;
    insert_packets: PacketRow => InsertPackets;
    insert_runs: RunRow => InsertRuns;
    insert_artifacts: ArtifactRow => InsertArtifacts;
    insert_evidence_packs: EvidenceRow => InsertEvidence;
    insert_review_decisions: ReviewRow => InsertReviews;
    insert_issue_packets: IssuePacketRow => InsertIssuePackets;
    insert_issue_doctrine_refs: IssueDoctrineRow => InsertIssueDoctrines;
    insert_issue_snapshots: IssueSnapshotRow => InsertIssueSnapshots;
    insert_run_packets: RunPacketRow => InsertRunPackets;
    insert_run_doctrine_refs: RunDoctrineRow => InsertRunDoctrines;
    insert_packet_doctrine_refs: PacketDoctrineRow => InsertPacketDoctrines;
}

/// Inserts repositories whose slug is free; returns the ids of those.
pub(super) async fn insert_repos(conn: &mut Conn, rows: &[RepoRow]) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Id> = InsertRepos::from(rows).get_results(conn).await?;
    Ok(ids.into_iter().collect())
}
