//! What somebody who did not do the work found out about it: the content of an evidence pack before it has a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::primitives::{CheckResult, CriterionResult, EvidenceItem, Subject};
use crate::words::{CriterionStatus, Verdict};

/// A verdict and everything that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceFindings {
    /// The judgement.
    pub verdict: Verdict,
    /// Why, in one line.
    pub verdict_reason: String,
    /// Every single reason, the decisive ones first.
    pub reasons: Vec<String>,
    /// One for each acceptance criterion of the task, in its order.
    pub criteria_results: Vec<CriterionResult>,
    /// One for each evidence requirement of the task, in its order.
    pub evidence_collected: Vec<EvidenceItem>,
    /// The requirements that nothing was found for.
    pub evidence_missing: Vec<String>,
    /// One for each check of the task, in its order.
    pub check_results: Vec<CheckResult>,
    /// How many rules, requirements and checks held.
    pub checks_passed: u32,
    /// How many did not.
    pub checks_failed: u32,
    /// How many nobody could look at.
    pub checks_skipped: u32,
    /// What exactly was looked at; nothing if the work changed no repository.
    pub subject: Option<Subject>,
    /// How the work was isolated, as the sandbox reports it; an object.
    pub isolation: Option<Value>,
}

impl EvidenceFindings {
    /// A verdict that rests on nothing yet.
    #[must_use]
    pub fn new(verdict: Verdict, reason: &str) -> Self {
        Self {
            verdict,
            verdict_reason: reason.to_owned(),
            reasons: Vec::new(),
            criteria_results: Vec::new(),
            evidence_collected: Vec::new(),
            evidence_missing: Vec::new(),
            check_results: Vec::new(),
            checks_passed: 0,
            checks_failed: 0,
            checks_skipped: 0,
            subject: None,
            isolation: None,
        }
    }

    /// What is known of work that nobody but its executor has looked at: nothing that the task asks for is verified.
    #[must_use]
    pub fn unproven(acceptance_criteria: &[String], evidence_requirements: &[String]) -> Self {
        let criterion = |(index, criterion): (usize, &String)| CriterionResult {
            criterion: criterion.clone(),
            index: position(index),
            status: CriterionStatus::Unverified,
            reason: None,
            evidence_refs: Vec::new(),
        };
        let evidence = |(index, requirement): (usize, &String)| EvidenceItem {
            requirement: requirement.clone(),
            index: position(index),
            found: false,
            artifact_uri: None,
            artifact_type: None,
            notes: None,
        };
        let unseen = acceptance_criteria.len().saturating_add(evidence_requirements.len());
        Self {
            criteria_results: acceptance_criteria.iter().enumerate().map(criterion).collect(),
            evidence_collected: evidence_requirements.iter().enumerate().map(evidence).collect(),
            evidence_missing: evidence_requirements.to_vec(),
            checks_skipped: position(unseen),
            ..Self::new(Verdict::Partial, "nobody but the executor checked this")
        }
    }

    /// Whether any criterion is still open.
    #[must_use]
    pub fn unverified(&self) -> bool {
        self.criteria_results.iter().any(|result| result.status == CriterionStatus::Unverified)
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
