//! What was found out about an attempt, written with its end: the pack, and the review that nobody has to take.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::NormalizedTask;
use jct_cwom::review::{approves_itself, automatic_reviewer};
use jct_cwom::task::{Judged, pack_of};
use jct_cwom::{
    EvidenceFindings, EvidencePack, NewReviewDecision, Ref, ReviewDecision, ReviewDecisionStatus, ReviewRecord, Verdict,
};
use serde_json::Map;

use super::Conn;
use super::objects::Author;
use super::runs::Ended;
use crate::StoreError;
use crate::additions::Additions;
use crate::context::Context;
use crate::journal::Actor;
use crate::rows::{Birth, EvidenceRow, ReviewRow, RunRow, TaskRow, to_u32};
use crate::schema::tasks;
use crate::types::Id;

/// The tag of what nobody decided.
const AUTO_APPROVED: &str = "auto-approved";

/// The tasks whose completed attempts come without findings: what they ask for stays unverified.
pub(super) async fn unproven(conn: &mut Conn, ended: &[Ended<'_>]) -> Result<HashMap<Id, NormalizedTask>, StoreError> {
    let silent = |ended: &&Ended<'_>| ended.end.is_completed() && ended.evidence.is_none();
    let ids: Vec<Id> = ended.iter().filter(silent).map(|ended| ended.task_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<TaskRow> = tasks::table.filter(tasks::id.eq_any(ids)).select(TaskRow::as_select()).load(conn).await?;
    rows.into_iter().map(|row| Ok((row.id, row.task()?))).collect()
}

/// Adds the pack of an attempt, if there is anything to say about it.
pub(super) fn pack(
    context: Context<'_>,
    additions: &mut Additions,
    author: Author<'_>,
    run: &RunRow,
    ended: &Ended<'_>,
    unproven: &HashMap<Id, NormalizedTask>,
) -> Result<Option<EvidencePack>, StoreError> {
    let completed = ended.end.is_completed();
    let (findings, prover) = match (ended.evidence, unproven.get(&ended.task_id)) {
        (Some(evidence), _) if completed => (evidence.findings.clone(), Some(ended.actor.name)),
        (Some(evidence), _) if ended.end.is_failed() => {
            (failed(evidence.findings.clone(), ended), Some(ended.actor.name))
        }
        (None, Some(task)) if completed => {
            (EvidenceFindings::unproven(task.acceptance_criteria(), task.evidence_requirements()), None)
        }
        _ => return Ok(None),
    };
    let isolation = findings.isolation.clone().or_else(|| ended.report?.isolation.clone());
    let judged = Judged {
        run: run.id.into(),
        issue: run.issue_id.into(),
        task: ended.task_id.into(),
        attempt: to_u32("attempt", ended.attempt)?,
        prover,
        has_trace: ended.has_trace,
    };
    let content = pack_of(EvidenceFindings { isolation, ..findings }, &judged);
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: author.trace_id };
    let row = EvidenceRow::new(birth, &content, ended.task_id, ended.attempt);
    let pack = row.clone().read()?;
    // Nobody but the tower says that nobody has looked.
    let actor = if prover.is_some() { author.actor } else { Actor::system("jct") };
    Author { actor, ..author }.created(&mut additions.journal, &pack.clone().into())?;
    additions.evidence_packs.push(row);
    Ok(Some(pack))
}

/// What did not complete has not passed, whatever was found.
fn failed(findings: EvidenceFindings, ended: &Ended<'_>) -> EvidenceFindings {
    if findings.verdict == Verdict::Fail {
        return findings;
    }
    let reason = format!("the attempt did not complete: {}", ended.end.reason());
    let mut reasons = findings.reasons;
    reasons.insert(0, reason.clone());
    EvidenceFindings { verdict: Verdict::Fail, verdict_reason: reason, reasons, ..findings }
}

/// Adds the review of a pack that needs nobody's approval; true if there is one.
pub(super) fn approve(
    context: Context<'_>,
    additions: &mut Additions,
    author: Author<'_>,
    pack: &EvidencePack,
    ended: &Ended<'_>,
) -> Result<bool, StoreError> {
    let Some(evidence) = ended.evidence else { return Ok(false) };
    if !approves_itself(&evidence.findings, &evidence.review.auto_approve) {
        return Ok(false);
    }
    let content = NewReviewDecision {
        for_evidence_pack: Ref::from(pack.id),
        for_run: pack.content.for_run.clone(),
        for_issue: pack.content.for_issue.clone(),
        decision: ReviewDecisionStatus::Approved,
        decision_reason: format!("auto-approved: verdict={}", pack.content.verdict),
        criteria_overrides: Vec::new(),
        evidence_pack_digest: pack.digest,
        diff_digest: pack.content.subject.as_ref().map(|subject| subject.diff_digest),
        tags: vec![AUTO_APPROVED.to_owned()],
        meta: Map::new(),
    };
    let record = ReviewRecord { reviewer: automatic_reviewer(), self_review: false, follow_up: None };
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: author.trace_id };
    write_review(additions, Author { actor: Actor::system("auto-approve"), ..author }, birth, &content, &record)?;
    Ok(true)
}

/// Adds a review with the one entry of its chain.
pub(super) fn write_review(
    additions: &mut Additions,
    author: Author<'_>,
    birth: Birth<'_>,
    content: &NewReviewDecision,
    record: &ReviewRecord,
) -> Result<ReviewDecision, StoreError> {
    let row = ReviewRow::new(birth, content, record);
    let review = row.clone().read()?;
    author.created(&mut additions.journal, &review.clone().into())?;
    additions.review_decisions.push(row);
    Ok(review)
}
