//! What was found out about a run by somebody who did not do it. It never changes: a run has at most one.

use jct_contract::{EvidencePackId, Sha256Digest, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::document;
use crate::findings::EvidenceFindings;
use crate::primitives::{Actor, CheckResult, CriterionResult, EvidenceItem, Ref, Subject};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, integer, list, object, reference, text, texts, word, work_object};
use crate::words::{ObjectKind, Verdict};

/// Longest reason, in characters.
const REASON_MAX_CHARS: usize = 4000;

work_object! {
    /// An evidence pack, as the tower makes it; nobody else can.
    NewEvidencePack
    /// What of an evidence pack is stored in columns.
    columns EvidencePackColumns {
        /// The run that it is about.
        for_run: Ref = reference(ObjectKind::Run), REQUIRED;
        /// The issue of that run.
        for_issue: Ref = reference(ObjectKind::Issue), REQUIRED;
        /// The judgement.
        verdict: Verdict = word(Verdict::WORDS), REQUIRED;
    }
    document {
        /// Why, in one line.
        verdict_reason: String = text(1, REASON_MAX_CHARS), REQUIRED;
        /// Every single reason, the decisive ones first.
        reasons: Vec<String> = texts(), EMPTY;
        /// Who judged.
        evaluated_by: Actor = object::<Actor>(), REQUIRED;
        /// One for each acceptance criterion of the task, in its order.
        criteria_results: Vec<CriterionResult> = list::<CriterionResult>(), EMPTY;
        /// One for each evidence requirement of the task, in its order.
        evidence_collected: Vec<EvidenceItem> = list::<EvidenceItem>(), EMPTY;
        /// The requirements that nothing was found for.
        evidence_missing: Vec<String> = texts(), EMPTY;
        /// One for each check of the task, in its order.
        check_results: Vec<CheckResult> = list::<CheckResult>(), EMPTY;
        /// How many rules, requirements and checks held.
        checks_passed: u32 = integer(u32::MAX as u64), REQUIRED;
        /// How many did not.
        checks_failed: u32 = integer(u32::MAX as u64), REQUIRED;
        /// How many nobody could look at.
        checks_skipped: u32 = integer(u32::MAX as u64), REQUIRED;
        /// What exactly was looked at.
        subject: Option<Subject> = object::<Subject>(), OPTIONAL;
        /// How the work was isolated, as the sandbox reports it.
        isolation: Option<Map<String, Value>> = Rule::Free, OPTIONAL;
        /// Where the trace lies that all of this comes from.
        evidence_uri: Option<String> = text(1, 2000), OPTIONAL;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

impl NewEvidencePack {
    /// The pack of what was found out about a run of an issue.
    #[must_use]
    pub fn of(findings: EvidenceFindings, for_run: Ref, for_issue: Ref, evaluated_by: Actor) -> Self {
        // Taken apart in full, so that a new member cannot be forgotten here.
        let EvidenceFindings {
            verdict,
            verdict_reason,
            reasons,
            criteria_results,
            evidence_collected,
            evidence_missing,
            check_results,
            checks_passed,
            checks_failed,
            checks_skipped,
            subject,
            isolation,
        } = findings;
        Self {
            for_run,
            for_issue,
            verdict,
            verdict_reason: verdict_reason.chars().take(REASON_MAX_CHARS).collect(),
            reasons,
            evaluated_by,
            criteria_results,
            evidence_collected,
            evidence_missing,
            check_results,
            checks_passed,
            checks_failed,
            checks_skipped,
            subject,
            isolation: isolation.and_then(|report| match report {
                Value::Object(report) => Some(report),
                _ => None,
            }),
            evidence_uri: None,
            tags: Vec::new(),
            meta: Map::new(),
        }
    }

    /// What a review is bound to: SHA-256 of the canonical encoding (RFC 8785) of the whole pack as it was made.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(document::write(self).as_bytes())
    }
}

/// An evidence pack on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct EvidencePack {
    /// Which one.
    pub id: EvidencePackId,
    /// As it was made.
    #[serde(flatten)]
    pub content: NewEvidencePack,
    /// The digest of that.
    pub digest: Sha256Digest,
    /// The trace of the task that was run.
    pub trace_id: Option<TraceId>,
    /// When it was made.
    pub evaluated_at: Timestamp,
}
