//! What was found out about a run: criteria, evidence, checks, and what exactly was looked at.

use jct_contract::Sha256Digest;

use crate::limits::{CRITERION_MAX_CHARS, INTEGER_MAX, LIST_TEXT_MAX_CHARS};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, integer, object, prose, shape, text, texts, word};
use crate::words::{ArtifactType, CheckEnd, CriterionStatus};

/// A place in a list.
const INDEX: Rule = integer(u32::MAX as u64);

shape! {
    /// Whether one acceptance criterion of the task holds.
    CriterionResult {
        /// The criterion, as the task says it.
        criterion: String = text(1, CRITERION_MAX_CHARS), REQUIRED;
        /// Its place among the criteria, counted from zero.
        index: u32 = INDEX, REQUIRED;
        /// Whether it holds.
        status: CriterionStatus = word(CriterionStatus::WORDS), REQUIRED;
        /// Why.
        reason: Option<String> = text(1, 4000), OPTIONAL;
        /// Where the proof lies.
        evidence_refs: Vec<String> = texts(), EMPTY;
    }

    /// Whether the evidence that the task requires is there.
    EvidenceItem {
        /// What is required, as the task says it.
        requirement: String = text(1, LIST_TEXT_MAX_CHARS), REQUIRED;
        /// Its place among the requirements, counted from zero.
        index: u32 = INDEX, REQUIRED;
        /// Whether an artifact was found that is this evidence.
        found: bool = Rule::Flag, REQUIRED;
        /// Where that artifact lies.
        artifact_uri: Option<String> = text(1, 2000), OPTIONAL;
        /// What that artifact is.
        artifact_type: Option<ArtifactType> = word(ArtifactType::WORDS), OPTIONAL;
        /// What else is to be said.
        notes: Option<String> = text(1, 4000), OPTIONAL;
    }

    /// How many tests a check counted.
    #[derive(Default)]
    TestCounts {
        /// Tests that held.
        passed: u64 = integer(INTEGER_MAX), REQUIRED;
        /// Tests that did not.
        failed: u64 = integer(INTEGER_MAX), REQUIRED;
        /// Tests that were not run.
        skipped: u64 = integer(INTEGER_MAX), REQUIRED;
    }

    /// How one check of the task went.
    CheckResult {
        /// What the task calls it.
        name: String = text(1, 128), REQUIRED;
        /// What was run: the program and its arguments.
        command: Vec<String> = texts(), REQUIRED;
        /// The index of the criterion that it decides, if it names one.
        criterion: Option<u32> = INDEX, OPTIONAL;
        /// The status it exited with.
        exit_code: Option<i32> = integer(255), OPTIONAL;
        /// How it ended.
        ended: CheckEnd = word(CheckEnd::WORDS), REQUIRED;
        /// How long it took, in milliseconds.
        duration_ms: u64 = integer(INTEGER_MAX), REQUIRED;
        /// How many tests it counted, if it said so.
        tests: Option<TestCounts> = object::<TestCounts>(), OPTIONAL;
    }

    /// What exactly was looked at: findings about one change say nothing about another.
    #[derive(Eq)]
    Subject {
        /// The commit that the work began with.
        base_commit: String = text(1, 128), REQUIRED;
        /// The commit that the work ended with; the same if nothing was changed.
        head_commit: String = text(1, 128), REQUIRED;
        /// The digest of the change between them, as a patch.
        diff_digest: Sha256Digest = Rule::Digest, REQUIRED;
        /// The digest of the bundle that holds the commits.
        bundle_digest: Option<Sha256Digest> = Rule::Digest, OPTIONAL;
    }

    /// What a reviewer sees otherwise than the evidence pack.
    CriterionOverride {
        /// The index of the criterion.
        criterion_index: u32 = INDEX, REQUIRED;
        /// What the pack says about it.
        original_status: CriterionStatus = word(CriterionStatus::WORDS), REQUIRED;
        /// What the reviewer says about it.
        override_status: CriterionStatus = word(CriterionStatus::WORDS), REQUIRED;
        /// Why.
        reason: String = prose(4000), REQUIRED;
    }
}

impl CheckResult {
    /// Whether it held: it ran to its end and exited with status 0.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.ended == CheckEnd::Exited && self.exit_code == Some(0)
    }
}
