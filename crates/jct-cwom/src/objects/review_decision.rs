//! What somebody decided about a run, on the strength of its evidence. It never changes.

use jct_contract::{ReviewDecisionId, Sha256Digest, TaskId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Actor, CriterionOverride, Ref};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, list, prose, reference, texts, word, work_object};
use crate::words::{ObjectKind, ReviewDecisionStatus};

work_object! {
    /// A review decision, as it is handed in. Whoever hands it in is the reviewer.
    NewReviewDecision
    /// What of a review decision is stored in columns.
    columns ReviewDecisionColumns {
        /// The evidence that it rests on.
        for_evidence_pack: Ref = reference(ObjectKind::EvidencePack), REQUIRED;
        /// The run of that evidence.
        for_run: Ref = reference(ObjectKind::Run), REQUIRED;
        /// The issue of that run.
        for_issue: Ref = reference(ObjectKind::Issue), REQUIRED;
        /// What is decided.
        decision: ReviewDecisionStatus = word(ReviewDecisionStatus::WORDS), REQUIRED;
    }
    document {
        /// Why; for `needs_changes`, what is to be done otherwise.
        decision_reason: String = prose(4000), REQUIRED;
        /// The criteria that the reviewer sees otherwise.
        criteria_overrides: Vec<CriterionOverride> = list::<CriterionOverride>(), EMPTY;
        /// The digest of the evidence pack that the reviewer saw.
        evidence_pack_digest: Sha256Digest = Rule::Digest, REQUIRED;
        /// The digest of the change that the reviewer saw; required if the pack has a subject.
        diff_digest: Option<Sha256Digest> = Rule::Digest, OPTIONAL;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// What the tower adds to a decision.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
pub struct ReviewRecord {
    /// Who decided.
    pub reviewer: Actor,
    /// Whether somebody approved what they had handed in themselves, because the tower is set to let them.
    pub self_review: bool,
    /// The task that does the work again, if the decision made one.
    pub follow_up: Option<TaskId>,
}

impl ReviewRecord {
    /// As it is stored: the canonical encoding (RFC 8785).
    #[must_use]
    pub fn document(&self) -> String {
        crate::document::write(self)
    }

    /// From what is stored.
    ///
    /// # Errors
    /// If the text is not a record.
    pub fn from_document(document: &str) -> Result<Self, crate::InvalidDocument> {
        crate::document::read(document)
    }
}

/// A review decision on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct ReviewDecision {
    /// Which one.
    pub id: ReviewDecisionId,
    /// As it was handed in.
    #[serde(flatten)]
    pub content: NewReviewDecision,
    /// What the tower added.
    #[serde(flatten)]
    pub record: ReviewRecord,
    /// The trace of the call that decided, or of the task if the tower did.
    pub trace_id: Option<TraceId>,
    /// When it was decided.
    pub reviewed_at: Timestamp,
}
