//! Whether the parts of a statement fit each other. A signature says who said it; this says that it can be true.

use jct_contract::{Sha256Digest, canonical_json};
use jct_cwom::{NewReviewDecision, Ref, Subject};

use super::resource::{CommitId, ResourceDigest};
use super::statement::{Evidence, Review, RunPredicate, RunStatement};

/// Two parts of a statement that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inconsistency {
    /// The task has another digest.
    #[error("the task is not the one that its digest names")]
    TaskDigest,
    /// Another task was let run.
    #[error("the policy decided about another task")]
    AdmittedTask,
    /// The evidence has another digest.
    #[error("the evidence pack is not the one that its digest names")]
    EvidenceDigest,
    /// The evidence is about another run or issue.
    #[error("the evidence is about another run")]
    EvidenceRun,
    /// The commits are not those that the evidence is about.
    #[error("the commits are not those that the evidence is about")]
    Commits,
    /// The review is about another pack, run, issue or change.
    #[error("the review is about something else")]
    Review,
}

impl RunStatement {
    /// Checks that the parts fit each other. Says nothing about who said it.
    ///
    /// # Errors
    ///
    /// The first [`Inconsistency`].
    pub fn check(&self) -> Result<(), Inconsistency> {
        let RunPredicate { task, admission, run, evidence, review, .. } = &self.predicate;
        let holds = |holds: bool, otherwise| if holds { Ok(()) } else { Err(otherwise) };
        let spec = Sha256Digest::of(canonical_json(&task.spec).as_bytes());
        holds(spec == task.digest, Inconsistency::TaskDigest)?;
        holds(admission.input_digest == task.digest, Inconsistency::AdmittedTask)?;
        holds(evidence.pack.digest() == evidence.digest, Inconsistency::EvidenceDigest)?;
        let pack = &evidence.pack;
        let about_run = same(&pack.for_run, &run.id.into()) && same(&pack.for_issue, &run.issue_id.into());
        holds(about_run, Inconsistency::EvidenceRun)?;
        let commits = evidence.pack.subject.as_ref().is_none_or(|subject| self.has_commits(subject));
        holds(commits, Inconsistency::Commits)?;
        holds(review.as_ref().is_none_or(|review| is_about(review, evidence)), Inconsistency::Review)
    }

    /// The change begins with the material, and ends with a subject and the newest commit.
    fn has_commits(&self, change: &Subject) -> bool {
        let names = |digest: &ResourceDigest, commit: &str| match digest {
            ResourceDigest::GitCommit(id) => id.as_str() == commit,
            ResourceDigest::Sha256(_) => false,
        };
        let RunPredicate { materials, commits, .. } = &self.predicate;
        let nothing_changed = change.base_commit == change.head_commit;
        let newest = commits.first().map(|commit| &commit.id).map(CommitId::as_str);
        materials.iter().any(|material| names(&material.digest, &change.base_commit))
            && (nothing_changed || self.subject.iter().any(|subject| names(&subject.digest, &change.head_commit)))
            && newest.is_none_or(|newest| newest == change.head_commit)
    }
}

fn is_about(review: &Review, Evidence { id, pack, digest, .. }: &Evidence) -> bool {
    let NewReviewDecision { for_evidence_pack, for_run, for_issue, evidence_pack_digest, diff_digest, .. } =
        &review.decision;
    let diff = pack.subject.as_ref().map(|subject| subject.diff_digest);
    same(for_evidence_pack, &(*id).into())
        && same(for_run, &pack.for_run)
        && same(for_issue, &pack.for_issue)
        && evidence_pack_digest == digest
        && (diff.is_none() || *diff_digest == diff)
}

/// Whether two references name one object, whatever they say it is to whom.
fn same(one: &Ref, other: &Ref) -> bool {
    (one.kind, one.id) == (other.kind, other.id)
}
