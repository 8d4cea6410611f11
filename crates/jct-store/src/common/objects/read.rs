//! Objects from the database, many at once: the rows of a kind, and one query for each sort of their links.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::ObjectId;
use jct_cwom::{
    Artifact, ConstraintSnapshot, ContextPacket, DoctrineRef, EvidencePack, Issue, ObjectKind, Repo, ReviewDecision,
    Run,
};

use super::Conn;
use crate::StoreError;
use crate::model::{Versioned, WorkObject};
use crate::rows::{
    ArtifactRow, Chained, DoctrineRow, EvidenceRow, IssueLinks, IssueRow, Lists, PacketRow, RepoRow, ReviewRow,
    RunLinks, RunRow, SnapshotRow, reference,
};
use crate::schema_objects::{
    cwom_artifacts, cwom_constraint_snapshots, cwom_context_packet_doctrine_refs, cwom_context_packets,
    cwom_doctrine_refs, cwom_evidence_packs, cwom_issue_constraint_snapshots, cwom_issue_context_packets,
    cwom_issue_doctrine_refs, cwom_issues, cwom_repos, cwom_review_decisions, cwom_run_context_packets,
    cwom_run_doctrine_refs, cwom_runs,
};
use crate::types::Id;

/// An object and its version.
pub(crate) type Read<T> = (T, u64);

pub(crate) async fn get(conn: &mut Conn, kind: ObjectKind, id: ObjectId) -> Result<Option<Versioned>, StoreError> {
    Ok(by_ids(conn, kind, vec![id.into()]).await?.pop())
}

/// The objects that exist of those, oldest first.
pub(super) async fn by_ids(conn: &mut Conn, kind: ObjectKind, ids: Vec<Id>) -> Result<Vec<Versioned>, StoreError> {
    Ok(match kind {
        ObjectKind::Repo => versioned(repos(conn, ids).await?),
        ObjectKind::Issue => versioned(issues(conn, ids).await?),
        ObjectKind::ContextPacket => versioned(context_packets(conn, ids).await?),
        ObjectKind::ConstraintSnapshot => versioned(constraint_snapshots(conn, ids).await?),
        ObjectKind::DoctrineRef => versioned(doctrine_refs(conn, ids).await?),
        ObjectKind::Run => versioned(runs(conn, ids).await?),
        ObjectKind::Artifact => versioned(artifacts(conn, ids).await?),
        ObjectKind::EvidencePack => versioned(evidence_packs(conn, ids).await?),
        ObjectKind::ReviewDecision => versioned(review_decisions(conn, ids).await?),
    })
}

fn versioned<T: Into<WorkObject>>(objects: Vec<Read<T>>) -> Vec<Versioned> {
    objects.into_iter().map(|(object, version)| Versioned { object: object.into(), version }).collect()
}

/// The rows with these ids, oldest first.
macro_rules! rows {
    ($conn:ident, $table:ident, $row:ident, $ids:expr) => {{
        let query = $table::table.filter($table::id.eq_any($ids)).order($table::id);
        let rows: Vec<$row> = query.select($row::as_select()).load($conn).await?;
        rows
    }};
}

/// The lists of links of these owners.
macro_rules! lists {
    ($conn:ident, $table:ident ($owner:ident, $target:ident): $kind:ident, $ids:expr) => {{
        let rows: Vec<(Id, Id, Option<String>)> = $table::table
            .filter($table::$owner.eq_any($ids))
            .order(($table::position, $table::$target))
            .select(($table::$owner, $table::$target, $table::role))
            .load($conn)
            .await?;
        collect(ObjectKind::$kind, rows)
    }};
}

/// The lists of those that name these owners themselves.
macro_rules! back_lists {
    ($conn:ident, $table:ident ($owner:ident): $kind:ident, $ids:expr) => {{
        let rows: Vec<(Id, Id)> = $table::table
            .filter($table::$owner.eq_any($ids))
            .order(($table::position, $table::id))
            .select(($table::$owner, $table::id))
            .load($conn)
            .await?;
        collect(ObjectKind::$kind, rows.into_iter().map(|(owner, target)| (owner, target, None)).collect())
    }};
}

fn collect(kind: ObjectKind, rows: Vec<(Id, Id, Option<String>)>) -> Lists {
    let mut lists = Lists::new();
    for (owner, target, role) in rows {
        lists.entry(owner).or_default().push(reference(kind, target, role));
    }
    lists
}

pub(super) async fn repos(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<Repo>>, StoreError> {
    let rows = rows!(conn, cwom_repos, RepoRow, ids).into_iter();
    rows.map(|row| {
        let version = row.version();
        Ok((row.read()?, version))
    })
    .collect()
}

pub(crate) async fn doctrine_refs(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<DoctrineRef>>, StoreError> {
    let rows = rows!(conn, cwom_doctrine_refs, DoctrineRow, ids).into_iter();
    rows.map(|row| {
        let version = row.version();
        Ok((row.read()?, version))
    })
    .collect()
}

pub(crate) async fn constraint_snapshots(
    conn: &mut Conn,
    ids: Vec<Id>,
) -> Result<Vec<Read<ConstraintSnapshot>>, StoreError> {
    rows!(conn, cwom_constraint_snapshots, SnapshotRow, ids).into_iter().map(|row| Ok((row.read()?, 1))).collect()
}

pub(crate) async fn context_packets(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<ContextPacket>>, StoreError> {
    let rows = rows!(conn, cwom_context_packets, PacketRow, ids.clone());
    let mut doctrine_refs =
        lists!(conn, cwom_context_packet_doctrine_refs(context_packet_id, doctrine_ref_id): DoctrineRef, ids);
    rows.into_iter()
        .map(|row| {
            let list = doctrine_refs.remove(&row.id).unwrap_or_default();
            Ok((row.read(list)?, 1))
        })
        .collect()
}

pub(super) async fn artifacts(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<Artifact>>, StoreError> {
    let rows = rows!(conn, cwom_artifacts, ArtifactRow, ids).into_iter();
    rows.map(|row| {
        let version = row.version();
        Ok((row.read()?, version))
    })
    .collect()
}

pub(crate) async fn evidence_packs(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<EvidencePack>>, StoreError> {
    rows!(conn, cwom_evidence_packs, EvidenceRow, ids).into_iter().map(|row| Ok((row.read()?, 1))).collect()
}

pub(crate) async fn review_decisions(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<ReviewDecision>>, StoreError> {
    rows!(conn, cwom_review_decisions, ReviewRow, ids).into_iter().map(|row| Ok((row.read()?, 1))).collect()
}

pub(crate) async fn issues(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<Issue>>, StoreError> {
    let rows = rows!(conn, cwom_issues, IssueRow, ids);
    issues_of(conn, rows).await
}

pub(crate) async fn runs(conn: &mut Conn, ids: Vec<Id>) -> Result<Vec<Read<Run>>, StoreError> {
    let rows = rows!(conn, cwom_runs, RunRow, ids);
    runs_of(conn, rows).await
}

/// The issue of a row.
pub(super) async fn issue(conn: &mut Conn, row: IssueRow) -> Result<Issue, StoreError> {
    let read = issues_of(conn, vec![row]).await?.pop();
    read.map(|(issue, _)| issue).ok_or_else(|| StoreError::corrupt("an issue went away while it was read"))
}

/// The run of a row.
pub(super) async fn run(conn: &mut Conn, row: RunRow) -> Result<Run, StoreError> {
    let read = runs_of(conn, vec![row]).await?.pop();
    read.map(|(run, _)| run).ok_or_else(|| StoreError::corrupt("a run went away while it was read"))
}

async fn issues_of(conn: &mut Conn, rows: Vec<IssueRow>) -> Result<Vec<Read<Issue>>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut doctrine_refs = lists!(conn, cwom_issue_doctrine_refs(issue_id, doctrine_ref_id): DoctrineRef, ids.clone());
    let mut constraints = lists!(
        conn,
        cwom_issue_constraint_snapshots(issue_id, constraint_snapshot_id): ConstraintSnapshot,
        ids.clone()
    );
    let mut context_packets =
        lists!(conn, cwom_issue_context_packets(issue_id, context_packet_id): ContextPacket, ids.clone());
    let mut runs = back_lists!(conn, cwom_runs(issue_id): Run, ids);
    rows.into_iter()
        .map(|row| {
            let list = |lists: &mut Lists| lists.remove(&row.id).unwrap_or_default();
            let links = IssueLinks {
                doctrine_refs: list(&mut doctrine_refs),
                constraints: list(&mut constraints),
                context_packets: list(&mut context_packets),
                runs: list(&mut runs),
            };
            let version = row.version();
            Ok((row.read(links)?, version))
        })
        .collect()
}

async fn runs_of(conn: &mut Conn, rows: Vec<RunRow>) -> Result<Vec<Read<Run>>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut context_packets =
        lists!(conn, cwom_run_context_packets(run_id, context_packet_id): ContextPacket, ids.clone());
    let mut doctrine_refs = lists!(conn, cwom_run_doctrine_refs(run_id, doctrine_ref_id): DoctrineRef, ids.clone());
    let mut artifacts = back_lists!(conn, cwom_artifacts(run_id): Artifact, ids);
    rows.into_iter()
        .map(|row| {
            let list = |lists: &mut Lists| lists.remove(&row.id).unwrap_or_default();
            let links = RunLinks {
                context_packets: list(&mut context_packets),
                doctrine_refs: list(&mut doctrine_refs),
                artifacts: list(&mut artifacts),
            };
            let version = row.version();
            Ok((row.read(links)?, version))
        })
        .collect()
}
