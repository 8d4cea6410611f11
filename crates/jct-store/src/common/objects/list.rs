//! Pages of objects of one kind, newest first. An id carries its creation time, so one column orders and continues every
//! list.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_cwom::{
    ArtifactType, ConstraintScope, DoctrinePriority, DoctrineType, IssueType, Priority, ReviewDecisionStatus, RunMode,
    Status, Verdict, Visibility,
};

use super::Conn;
use super::read::by_ids;
use crate::StoreError;
use crate::model::{Cursor, ObjectFilter, Page, PageStart, Versioned};
use crate::schema_objects::{
    cwom_artifacts, cwom_constraint_snapshots, cwom_context_packets, cwom_doctrine_refs, cwom_evidence_packs,
    cwom_issues, cwom_repos, cwom_review_decisions, cwom_runs,
};
use crate::types::Id;

pub(crate) async fn list(
    conn: &mut Conn,
    filter: ObjectFilter,
    start: PageStart,
    limit: u32,
) -> Result<Page<Versioned>, StoreError> {
    let kind = filter.kind();
    let ids = ids(conn, filter, start, i64::from(limit) + 1).await?;
    let more = ids.len() > limit as usize;
    let shown: Vec<Id> = ids.into_iter().take(limit as usize).collect();
    let next = shown.last().filter(|_| more).map(|last| Cursor::after_object((*last).into()));
    let mut items = by_ids(conn, kind, shown).await?;
    items.reverse();
    Ok(Page { items, next })
}

async fn ids(conn: &mut Conn, filter: ObjectFilter, start: PageStart, limit: i64) -> Result<Vec<Id>, StoreError> {
    macro_rules! page {
        ($table:ident $(, $column:ident: $wanted:expr)+) => {{
            let mut query = $table::table.select($table::id).order($table::id.desc()).limit(limit).into_boxed();
            $(
                if let Some(wanted) = $wanted {
                    query = query.filter($table::$column.eq(wanted));
                }
            )+
            match start {
                PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
                PageStart::After(cursor) => query = query.filter($table::id.lt(cursor.id())),
            }
            Ok(query.load(conn).await?)
        }};
    }
    match filter {
        ObjectFilter::Repos { visibility } => page!(cwom_repos, visibility: visibility.map(Visibility::as_str)),
        ObjectFilter::Issues { repo_id, status, type_, priority } => page!(
            cwom_issues,
            repo_id: repo_id.map(Id::from),
            status: status.map(Status::as_str),
            issue_type: type_.map(IssueType::as_str),
            priority: priority.map(Priority::as_str)
        ),
        ObjectFilter::ContextPackets { issue_id } => page!(cwom_context_packets, issue_id: issue_id.map(Id::from)),
        ObjectFilter::ConstraintSnapshots { scope, owner_id } => {
            page!(cwom_constraint_snapshots, scope: scope.map(ConstraintScope::as_str), owner_id: owner_id)
        }
        ObjectFilter::DoctrineRefs { namespace, type_, priority } => page!(
            cwom_doctrine_refs,
            namespace: namespace,
            doctrine_type: type_.map(DoctrineType::as_str),
            priority: priority.map(DoctrinePriority::as_str)
        ),
        ObjectFilter::Runs { issue_id, repo_id, status, mode } => page!(
            cwom_runs,
            issue_id: issue_id.map(Id::from),
            repo_id: repo_id.map(Id::from),
            status: status.map(Status::as_str),
            mode: mode.map(RunMode::as_str)
        ),
        ObjectFilter::Artifacts { run_id, issue_id, type_ } => page!(
            cwom_artifacts,
            run_id: run_id.map(Id::from),
            issue_id: issue_id.map(Id::from),
            artifact_type: type_.map(ArtifactType::as_str)
        ),
        ObjectFilter::EvidencePacks { run_id, issue_id, verdict } => page!(
            cwom_evidence_packs,
            run_id: run_id.map(Id::from),
            issue_id: issue_id.map(Id::from),
            verdict: verdict.map(Verdict::as_str)
        ),
        ObjectFilter::ReviewDecisions { run_id, issue_id, decision } => page!(
            cwom_review_decisions,
            run_id: run_id.map(Id::from),
            issue_id: issue_id.map(Id::from),
            decision: decision.map(ReviewDecisionStatus::as_str)
        ),
    }
}
