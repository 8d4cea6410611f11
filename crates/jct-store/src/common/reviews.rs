//! A review: checked against what it is about, and everything that follows from it, in one step.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{RunId, Violation};
use jct_cwom::review::{Parties, allowed, decide, overridden};
use jct_cwom::task::{Feedback, follow_up_packet};
use jct_cwom::{
    Actor, EvidencePack, NewReviewDecision, NewRun, ObjectKind, Ref, Reference, ReviewDecisionStatus, ReviewRecord,
    Status,
};

use super::evidence::write_review;
use super::objects::{Author, Entity};
use super::{Conn, enqueue, primitives, runs};
use crate::StoreError;
use crate::context::Context;
use crate::journal;
use crate::model::{Enqueued, NewReview, NewTask, ReviewAnswer, Versioned};
use crate::rows::{
    Birth, Chained, EvidenceRow, IssuePacketRow, IssueRow, PacketRow, RunLinks, RunRow, TaskRow, place_in_chain,
    to_principal,
};
use crate::schema::{attempts, task_outcomes, tasks};
use crate::schema_objects::{cwom_context_packets, cwom_evidence_packs, cwom_review_decisions};
use crate::types::Id;

pub(crate) async fn review(conn: &mut Conn, context: Context<'_>, new: &NewReview) -> Result<ReviewAnswer, StoreError> {
    let id = Id::from(new.content.for_evidence_pack.id);
    let pack = cwom_evidence_packs::table.find(id).select(EvidenceRow::as_select()).first(conn).await.optional()?;
    let Some(row): Option<EvidenceRow> = pack else { return Ok(ReviewAnswer::NotFound) };
    let task_id = row.task_id;
    let pack = row.read()?;
    let foreign = foreign(&new.content, &pack);
    if !foreign.is_empty() {
        return Ok(ReviewAnswer::Mismatch(foreign));
    }
    let case = Case::open(conn, pack, task_id).await?;
    if let Some(refusal) = case.refusal(conn, new).await? {
        return Ok(refusal);
    }
    case.close(conn, context, new).await
}

/// The run and the issue of another pack.
fn foreign(content: &NewReviewDecision, pack: &EvidencePack) -> Vec<Violation> {
    let (run, issue) = (&pack.content.for_run, &pack.content.for_issue);
    let mut violations = Vec::new();
    for (pointer, named, found, expected) in [
        ("/for_run", &content.for_run, run, "the run of the evidence pack"),
        ("/for_issue", &content.for_issue, issue, "the issue of the evidence pack"),
    ] {
        if named.id != found.id {
            let reference = Reference { pointer: pointer.to_owned(), kind: named.kind, id: named.id };
            violations.push(reference.mismatch(expected));
        }
    }
    violations
}

/// A pack with all that it takes to decide about it; run and issue are locked.
struct Case {
    pack: EvidencePack,
    run: RunRow,
    run_content: NewRun,
    issue: IssueRow,
    task: TaskRow,
    /// The coding agent that the task names.
    agent: Option<String>,
    holders: Vec<String>,
    assignee: Option<String>,
}

impl Case {
    async fn open(conn: &mut Conn, pack: EvidencePack, task_id: Id) -> Result<Self, StoreError> {
        let gone = |what: &str| StoreError::corrupt(format!("the {what} of evidence pack {} went away", pack.id));
        let run = primitives::lock_run(conn, pack.content.for_run.id.into()).await?.ok_or_else(|| gone("run"))?;
        let issue = primitives::lock_issue(conn, run.issue_id).await?.ok_or_else(|| gone("issue"))?;
        let task: Option<TaskRow> =
            tasks::table.find(task_id).select(TaskRow::as_select()).first(conn).await.optional()?;
        let task = task.ok_or_else(|| gone("task"))?;
        // Whoever held it before may have had a hand in it too.
        let holders: Vec<String> =
            attempts::table.filter(attempts::task_id.eq(task_id)).select(attempts::holder).load(conn).await?;
        if holders.is_empty() {
            return Err(gone("attempt"));
        }
        let assignee: Option<Option<String>> =
            task_outcomes::table.find(task_id).select(task_outcomes::assigned_to).first(conn).await.optional()?;
        let run_content = run.clone().read(RunLinks::default())?.content;
        let agent = task.task()?.agent().map(str::to_owned);
        Ok(Self { agent, holders, assignee: assignee.flatten(), task, pack, run, run_content, issue })
    }

    fn statuses(&self) -> Result<(Status, Status), StoreError> {
        let parse = |id: Id, status: &str| {
            status.parse().map_err(|_| StoreError::corrupt(format!("status `{status}` of work object {}", id.0)))
        };
        Ok((parse(self.run.id, &self.run.status)?, parse(self.issue.id, &self.issue.status)?))
    }

    /// Why nothing is decided, the reason that outweighs the others first.
    async fn refusal(&self, conn: &mut Conn, new: &NewReview) -> Result<Option<ReviewAnswer>, StoreError> {
        let content = &new.content;
        if let Some(review) = self.review(conn).await? {
            return Ok(Some(ReviewAnswer::AlreadyReviewed(review.into())));
        }
        if let Some(newer) = self.newer(conn).await? {
            return Ok(Some(ReviewAnswer::Superseded(newer.into())));
        }
        let (run, _) = self.statuses()?;
        if run != Status::UnderReview {
            return Ok(Some(ReviewAnswer::NotUnderReview(run)));
        }
        if content.evidence_pack_digest != self.pack.digest {
            return Ok(Some(ReviewAnswer::DigestMismatch { field: "evidence_pack_digest" }));
        }
        if content.diff_digest != self.pack.content.subject.as_ref().map(|subject| subject.diff_digest) {
            return Ok(Some(ReviewAnswer::DigestMismatch { field: "diff_digest" }));
        }
        if let Err(violations) = overridden(&self.pack.content.criteria_results, &content.criteria_overrides) {
            return Ok(Some(ReviewAnswer::Refused(violations)));
        }
        Ok(self.own_work(new)?.err().map(ReviewAnswer::SelfReview))
    }

    fn own_work(&self, new: &NewReview) -> Result<Result<bool, jct_cwom::review::Refusal>, StoreError> {
        let enqueued_by = to_principal(&self.task.submitter_kind, &self.task.submitter)?;
        let parties = Parties {
            enqueued_by: &enqueued_by,
            holders: &self.holders,
            executor: &self.run_content.executor.actor,
            agent: self.agent.as_deref(),
            assignee: self.assignee.as_deref(),
        };
        Ok(allowed(&new.reviewer, &parties, new.content.decision, new.self_review_allowed))
    }

    async fn review(&self, conn: &mut Conn) -> Result<Option<Id>, StoreError> {
        let about = cwom_review_decisions::table
            .filter(cwom_review_decisions::evidence_pack_id.eq(Id::from(self.pack.id)))
            .select(cwom_review_decisions::id);
        Ok(about.first(conn).await.optional()?)
    }

    async fn newer(&self, conn: &mut Conn) -> Result<Option<Id>, StoreError> {
        let newer = cwom_evidence_packs::table
            .filter(cwom_evidence_packs::issue_id.eq(self.issue.id))
            .filter(cwom_evidence_packs::id.gt(Id::from(self.pack.id)))
            .order(cwom_evidence_packs::id.desc())
            .select(cwom_evidence_packs::id);
        Ok(newer.first(conn).await.optional()?)
    }

    /// Writes the decision and what follows from it.
    async fn close(
        mut self,
        conn: &mut Conn,
        context: Context<'_>,
        new: &NewReview,
    ) -> Result<ReviewAnswer, StoreError> {
        let self_review = match self.own_work(new)? {
            Ok(self_review) => self_review,
            Err(refusal) => return Ok(ReviewAnswer::SelfReview(refusal)),
        };
        let (run, issue) = self.statuses()?;
        let Some(moves) = decide(run, issue, new.content.decision) else {
            return Ok(ReviewAnswer::NotUnderReview(run));
        };
        let author = Author { actor: journal::Actor::from(&new.reviewer), trace_id: &new.trace_id };
        let again = new.follow_up.as_ref().filter(|_| new.content.decision == ReviewDecisionStatus::NeedsChanges);
        let follow_up = match again {
            None => None,
            Some(task) => match enqueue::enqueue_for(conn, context, task, self.issue.id, author.actor).await? {
                Enqueued::Created { task_id, .. } => Some(task_id),
                Enqueued::Replayed { task_id } | Enqueued::KeyReused { task_id } => {
                    return Ok(ReviewAnswer::FollowUpTaken(task_id));
                }
                Enqueued::ManifestGone => {
                    return Err(StoreError::corrupt("a run of a manifest was to do a reviewed task again"));
                }
            },
        };
        let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: &new.trace_id };
        let reviewer =
            Actor { actor_kind: new.reviewer.kind(), actor_id: new.reviewer.name().to_owned(), display: None };
        let record = ReviewRecord { reviewer, self_review, follow_up };
        let mut additions = context.additions();
        let review = write_review(&mut additions, author, birth, &new.content, &record)?;
        if let Some(task) = again {
            let feedback = Feedback {
                task: self.task.id.into(),
                run: RunId::from(self.run.id),
                evidence_pack: self.pack.id,
                review: review.id,
                reviewer: &record.reviewer,
                words: &new.content.decision_reason,
            };
            self.add_packet(conn, context, &mut additions, author, task, &feedback).await?;
        }
        runs::move_run(&mut additions.journal, author, &mut self.run, moves.run, context.now)?;
        if let Some(to) = moves.issue {
            runs::move_issue_to(&mut additions.journal, author, &mut self.issue, to, context.now)?;
        }
        additions.moved_runs.push(self.run);
        additions.moved_issues.push(self.issue);
        primitives::add(conn, &additions).await?;
        Ok(ReviewAnswer::Accepted { review: Versioned { object: review.into(), version: 1 }, follow_up })
    }

    /// The next context packet of the issue, so that the next run is given what the reviewer said.
    async fn add_packet(
        &mut self,
        conn: &mut Conn,
        context: Context<'_>,
        additions: &mut crate::additions::Additions,
        author: Author<'_>,
        task: &NewTask,
        feedback: &Feedback<'_>,
    ) -> Result<(), StoreError> {
        let taken: Vec<String> = cwom_context_packets::table
            .filter(cwom_context_packets::issue_id.eq(self.issue.id))
            .select(cwom_context_packets::version)
            .load(conn)
            .await?;
        let version = (taken.len() + 1..).map(|number| format!("{number}.0")).find(|version| !taken.contains(version));
        let snapshot = self.run.constraint_snapshot_id.map(Into::into);
        let task = task.admitted.task();
        let packet = follow_up_packet(task, self.issue.id.into(), snapshot, version.unwrap_or_default(), feedback);
        let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: author.trace_id };
        let row = PacketRow::new(birth, &packet);
        author.created(&mut additions.journal, &row.clone().read(Vec::new())?.into())?;
        let owner = Entity { kind: ObjectKind::Issue, id: self.issue.id.into() };
        let shown = Ref::new(ObjectKind::ContextPacket, row.id.into());
        let head = author.linked(&mut additions.journal, &self.issue.head(), owner, "context_packets", &shown);
        self.issue.set_head(head);
        additions.issue_packets.push(IssuePacketRow {
            issue_id: self.issue.id,
            context_packet_id: row.id,
            role: None,
            position: place_in_chain(self.issue.audit_seq),
            created_at: row.created_at,
        });
        additions.packets.push(row);
        Ok(())
    }
}
