//! Deciding about a run: somebody who neither wanted nor did the work says what becomes of it.

use jct_contract::{EvidencePackId, Principal, ReviewDecisionId, RunId, SpecError, TaskId, TraceId, Violation};
use jct_cwom::review::Refusal;
use jct_cwom::{EvidencePack, NewReviewDecision, ObjectKind, ReviewDecisionStatus, Status};
use jct_store::model::{NewReview, NewTask, Versioned, WorkObject};
use jct_store::{ReviewAnswer, StoreError};

use super::follow_up::{SentBack, follow_up};
use crate::Tower;
use crate::intake::{EnqueueError, EnqueueRequest};

/// A decision that was taken, now or before.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The review.
    pub review: Versioned,
    /// The task that does the work again, if it is to be.
    pub follow_up: Option<TaskId>,
    /// Whether the same reviewer had decided the same before; then nothing was written.
    pub replayed: bool,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such evidence pack.
    #[error("no such evidence pack")]
    NotFound,
    /// The pack, the run and the issue do not belong together, or the words do not fit the pack; never none.
    #[error("the review does not fit the evidence pack")]
    Invalid(Vec<Violation>),
    /// Somebody has decided about the pack.
    #[error("the evidence pack has the review `{review}`")]
    AlreadyReviewed {
        /// The review.
        review: ReviewDecisionId,
    },
    /// The run does not wait for a review.
    #[error("the run is `{status}`, not `under_review`")]
    NotUnderReview {
        /// Where it stands.
        status: Status,
    },
    /// The reviewer saw something else than what there is.
    #[error("`{field}` is not what the review is about")]
    EvidenceChanged {
        /// The member with the digest.
        field: &'static str,
    },
    /// The issue has a newer pack.
    #[error("the issue has the newer evidence pack `{newer}`")]
    Superseded {
        /// That pack.
        newer: EvidencePackId,
    },
    /// The reviewer would approve their own work.
    #[error(transparent)]
    OwnWork(Refusal),
    /// The task that follows would break the contract, mostly because there are too many words.
    #[error("the task that follows breaks the contract")]
    FollowUp(#[source] SpecError),
    /// The task that follows is not admitted.
    #[error("the task that follows is not taken")]
    NotAdmitted(#[source] EnqueueError),
    /// The database failed.
    #[error("failed to decide")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Decides about a run on behalf of `by`, with everything that follows. What is sent back brings a task that does the
    /// work again; if that is not admitted, nothing is decided.
    ///
    /// # Errors
    /// [`DecideError`]; nothing was decided, unless the store does not know.
    pub async fn review_decide(
        &self,
        content: NewReviewDecision,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<Reviewed, DecideError> {
        let follow_up = match content.decision {
            ReviewDecisionStatus::NeedsChanges => self.follow_up(&content, &trace_id).await?,
            ReviewDecisionStatus::Approved | ReviewDecisionStatus::Rejected => None,
        };
        let new = NewReview {
            content: content.clone(),
            reviewer: by.clone(),
            trace_id: trace_id.clone(),
            self_review_allowed: self.review_options().allow_self_approval,
            follow_up,
        };
        match self.store().decide_review(new).await? {
            ReviewAnswer::Accepted { review, follow_up } => {
                log::info!(
                    trace_id = trace_id.as_str(), run_id:% = content.for_run.id, by = by.name(),
                    decision = content.decision.as_str(), follow_up:? = follow_up; "run reviewed"
                );
                Ok(Reviewed { review, follow_up, replayed: false })
            }
            ReviewAnswer::AlreadyReviewed(review) => self.decided_before(&content, &by, review).await,
            ReviewAnswer::NotFound => Err(DecideError::NotFound),
            ReviewAnswer::Mismatch(violations) | ReviewAnswer::Refused(violations) => {
                Err(DecideError::Invalid(violations))
            }
            ReviewAnswer::Superseded(newer) => Err(DecideError::Superseded { newer }),
            ReviewAnswer::NotUnderReview(status) => Err(DecideError::NotUnderReview { status }),
            ReviewAnswer::DigestMismatch { field } => Err(DecideError::EvidenceChanged { field }),
            ReviewAnswer::SelfReview(refusal) => Err(DecideError::OwnWork(refusal)),
            ReviewAnswer::FollowUpTaken(task_id) => Err(DecideError::NotAdmitted(EnqueueError::KeyReused { task_id })),
        }
    }

    /// The same decision by the same reviewer is the same decision.
    async fn decided_before(
        &self,
        content: &NewReviewDecision,
        by: &Principal,
        review: ReviewDecisionId,
    ) -> Result<Reviewed, DecideError> {
        let found = self.store().object_get(ObjectKind::ReviewDecision, review.into()).await?;
        if let Some(found) = found
            && let WorkObject::ReviewDecision(first) = &found.object
            && first.content.decision == content.decision
            && (first.record.reviewer.actor_kind, first.record.reviewer.actor_id.as_str()) == (by.kind(), by.name())
        {
            let follow_up = first.record.follow_up;
            return Ok(Reviewed { review: found, follow_up, replayed: true });
        }
        Err(DecideError::AlreadyReviewed { review })
    }

    /// The task that does the work again, past the gate. None if it is certain that the store will decide nothing: what
    /// it compares never changes.
    async fn follow_up(&self, content: &NewReviewDecision, trace_id: &TraceId) -> Result<Option<NewTask>, DecideError> {
        let Some(pack) = self.pack(EvidencePackId::from_uuid(content.for_evidence_pack.id.as_uuid())).await? else {
            return Err(DecideError::NotFound);
        };
        if pack.content.for_run.id != content.for_run.id {
            return Ok(None);
        }
        let lost = |what: &str| DecideError::Store(StoreError::Corrupt { what: format!("{what} is missing") });
        let run_id = RunId::from_uuid(pack.content.for_run.id.as_uuid());
        let place = self.store().run_place(run_id).await?.ok_or_else(|| lost("the task of an evidence pack"))?;
        if place.review.is_some() {
            return Ok(None);
        }
        let first = self.store().task_get(place.task_id).await?.ok_or_else(|| lost("the task of a run"))?;
        let sent_back = SentBack {
            task_id: place.task_id,
            run_id,
            reason: &content.decision_reason,
            overrides: &content.criteria_overrides,
        };
        let spec = follow_up(&first.task, &sent_back).map_err(DecideError::FollowUp)?;
        // Whoever wanted the work still wants it, and still cannot approve it.
        let principal = place.enqueued_by;
        let trace_id = trace_id.clone();
        // It joins the issue of the run, so that it brings no objects of its own.
        let request = EnqueueRequest { spec, trace_id, principal, hold: false, create_objects: Some(false) };
        self.admit(request).await.map(Some).map_err(DecideError::NotAdmitted)
    }

    async fn pack(&self, id: EvidencePackId) -> Result<Option<EvidencePack>, StoreError> {
        let found = self.store().object_get(ObjectKind::EvidencePack, id.into()).await?;
        Ok(found.and_then(|found| match found.object {
            WorkObject::EvidencePack(pack) => Some(pack),
            _ => None,
        }))
    }
}
