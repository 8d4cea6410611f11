//! Reads about reviews: what waits for one, and everything that belongs to a run.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{IssueId, RunId};
use jct_cwom::{EvidencePack, Ref, ReviewDecision, Status};

use super::{Conn, objects};
use crate::StoreError;
use crate::model::{Cursor, Page, PageStart, PendingReview, RunContext, RunPlace, TraceRef};
use crate::rows::{
    AttemptRow, EvidenceRow, IssueLinks, IssueRow, ReviewRow, RunLinks, RunRow, TaskRow, time, to_principal,
    to_trace_id, to_u32,
};
use crate::schema::{attempts, task_outcomes, tasks};
use crate::schema_objects::{cwom_evidence_packs, cwom_issues, cwom_review_decisions, cwom_runs};
use crate::types::Id;

/// Runs that wait for a review, oldest first.
pub(crate) async fn pending(conn: &mut Conn, start: PageStart, limit: u32) -> Result<Page<PendingReview>, StoreError> {
    let mut waiting = cwom_runs::table
        .inner_join(cwom_evidence_packs::table.on(cwom_evidence_packs::run_id.eq(cwom_runs::id)))
        .inner_join(cwom_issues::table.on(cwom_issues::id.eq(cwom_runs::issue_id)))
        .inner_join(tasks::table.on(tasks::id.eq(cwom_evidence_packs::task_id)))
        .filter(cwom_runs::status.eq(Status::UnderReview.as_str()))
        .order(cwom_runs::id)
        .limit(i64::from(limit) + 1)
        .select((RunRow::as_select(), EvidenceRow::as_select(), IssueRow::as_select(), TaskRow::as_select()))
        .into_boxed();
    match start {
        PageStart::Offset(offset) => waiting = waiting.offset(i64::from(offset)),
        PageStart::After(cursor) => waiting = waiting.filter(cwom_runs::id.gt(cursor.id())),
    }
    let mut rows: Vec<(RunRow, EvidenceRow, IssueRow, TaskRow)> = waiting.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().map(|(run, ..)| Cursor::after_object(run.id.into()));
    let ids: Vec<Id> = rows.iter().map(|(_, pack, ..)| pack.task_id).collect();
    let (holders, assignees) = (holders(conn, &ids).await?, assignees(conn, &ids).await?);
    let items = rows
        .into_iter()
        .map(|(run, pack, issue, task)| {
            let hands = Hands {
                held: holders.get(&pack.task_id).map_or(&[], Vec::as_slice),
                assignee: assignees.get(&pack.task_id).cloned().flatten(),
            };
            pending_review(run, pack, issue, &task, hands)
        })
        .collect::<Result<_, _>>()?;
    Ok(Page { items, next: last.filter(|_| more) })
}

/// Which hands a task went through.
struct Hands<'a> {
    /// Each attempt with its holder.
    held: &'a [(i64, String)],
    /// Whom it was assigned to in the end.
    assignee: Option<String>,
}

/// Who held which attempt.
async fn holders(conn: &mut Conn, tasks: &[Id]) -> Result<HashMap<Id, Vec<(i64, String)>>, StoreError> {
    let held: Vec<(Id, i64, String)> = attempts::table
        .filter(attempts::task_id.eq_any(tasks.to_vec()))
        .select((attempts::task_id, attempts::ordinal, attempts::holder))
        .load(conn)
        .await?;
    let mut by_task: HashMap<Id, Vec<(i64, String)>> = HashMap::new();
    for (task, ordinal, holder) in held {
        by_task.entry(task).or_default().push((ordinal, holder));
    }
    Ok(by_task)
}

async fn assignees(conn: &mut Conn, tasks: &[Id]) -> Result<HashMap<Id, Option<String>>, StoreError> {
    let assigned: Vec<(Id, Option<String>)> = task_outcomes::table
        .filter(task_outcomes::task_id.eq_any(tasks.to_vec()))
        .select((task_outcomes::task_id, task_outcomes::assigned_to))
        .load(conn)
        .await?;
    Ok(assigned.into_iter().collect())
}

fn pending_review(
    run: RunRow,
    pack: EvidenceRow,
    issue: IssueRow,
    task: &TaskRow,
    hands: Hands<'_>,
) -> Result<PendingReview, StoreError> {
    let Hands { held, assignee } = hands;
    let worker = held.iter().find(|(ordinal, _)| *ordinal == pack.attempt).map(|(_, holder)| holder.clone());
    Ok(PendingReview {
        issue_title: issue.read(IssueLinks::default())?.content.title,
        task_id: pack.task_id.into(),
        attempt: to_u32("attempt", pack.attempt)?,
        enqueued_by: to_principal(&task.submitter_kind, &task.submitter)?,
        executor: run.read(RunLinks::default())?.content.executor.actor,
        pack: pack.read()?,
        worker: worker.unwrap_or_default(),
        holders: held.iter().map(|(_, holder)| holder.clone()).collect(),
        agent: task.task()?.agent().map(str::to_owned),
        assignee,
    })
}

/// Everything that belongs to a run of a task; `None` if there is no such run, or no task stands behind it.
pub(crate) async fn place(conn: &mut Conn, id: RunId) -> Result<Option<RunPlace>, StoreError> {
    let run: Option<RunRow> =
        cwom_runs::table.find(Id::from(id)).select(RunRow::as_select()).first(conn).await.optional()?;
    let Some(run) = run else { return Ok(None) };
    // By the issue, which both have an index for.
    let found: Option<(AttemptRow, TaskRow)> = attempts::table
        .inner_join(tasks::table.on(tasks::id.eq(attempts::task_id)))
        .filter(tasks::cwom_issue_id.eq(run.issue_id))
        .filter(attempts::run_id.eq(run.id))
        .select((AttemptRow::as_select(), TaskRow::as_select()))
        .first(conn)
        .await
        .optional()?;
    let Some((attempt, task)) = found else { return Ok(None) };
    let (evidence, review) = (evidence_of(conn, id).await?, review_of(conn, id).await?);
    let run = run.read(RunLinks::default())?;
    Ok(Some(RunPlace {
        run_id: run.id,
        issue_id: IssueId::from_uuid(run.content.for_issue.id.as_uuid()),
        task_id: task.id.into(),
        trace_id: to_trace_id(&task.trace_id)?,
        attempt: to_u32("attempt", attempt.ordinal)?,
        status: run.state.status,
        enqueued_by: to_principal(&task.submitter_kind, &task.submitter)?,
        worker: attempt.holder,
        executor: run.content.executor.actor,
        ended_at: attempt.ended_at.map(time),
        trace: attempt.trace_path.map(|path| TraceRef { path, manifest_digest: attempt.manifest_digest }),
        evidence,
        review,
    }))
}

pub(crate) async fn evidence_of(conn: &mut Conn, run: RunId) -> Result<Option<EvidencePack>, StoreError> {
    let about = cwom_evidence_packs::table.filter(cwom_evidence_packs::run_id.eq(Id::from(run)));
    let row: Option<EvidenceRow> = about.select(EvidenceRow::as_select()).first(conn).await.optional()?;
    row.map(EvidenceRow::read).transpose()
}

pub(crate) async fn review_of(conn: &mut Conn, run: RunId) -> Result<Option<ReviewDecision>, StoreError> {
    let about = cwom_review_decisions::table.filter(cwom_review_decisions::run_id.eq(Id::from(run)));
    let row: Option<ReviewRow> = about.select(ReviewRow::as_select()).first(conn).await.optional()?;
    row.map(ReviewRow::read).transpose()
}

/// What a run is given to work with; `None` if there is no such run.
pub(crate) async fn context(conn: &mut Conn, id: RunId) -> Result<Option<RunContext>, StoreError> {
    let Some((run, _)) = objects::runs(conn, vec![id.into()]).await?.pop() else { return Ok(None) };
    let ids = |refs: &[Ref]| refs.iter().map(|reference| Id::from(reference.id)).collect::<Vec<_>>();
    let inputs = &run.content.inputs;
    let packets = objects::context_packets(conn, ids(&inputs.context_packets)).await?;
    let packets: Vec<_> = packets.into_iter().map(|(packet, _)| packet).collect();
    let snapshot = inputs.constraint_snapshot.as_slice();
    let snapshot = objects::constraint_snapshots(conn, ids(snapshot)).await?.pop();
    let issue = objects::issues(conn, ids(std::slice::from_ref(&run.content.for_issue))).await?.pop();
    let mut rules = ids(&inputs.doctrine_refs);
    rules.extend(packets.iter().flat_map(|packet| ids(&packet.content.doctrine_refs)));
    rules.extend(issue.iter().flat_map(|(issue, _)| ids(&issue.content.doctrine_refs)));
    let rules = objects::doctrine_refs(conn, rules).await?;
    Ok(Some(RunContext {
        context_packets: packets,
        constraint_snapshot: snapshot.map(|(snapshot, _)| snapshot),
        doctrine_refs: rules.into_iter().map(|(rule, _)| rule).collect(),
    }))
}
