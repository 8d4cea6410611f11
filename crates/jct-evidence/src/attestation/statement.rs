//! The statement: what was asked, what let it run, what came of it, who says so.

use jct_audit::Origin;
use jct_contract::{
    EvidencePackId, IssueId, ReviewDecisionId, RunId, Sha256Digest, TaskId, Timestamp, TraceId, canonical_json,
};
use jct_cwom::{NewEvidencePack, NewReviewDecision, ReviewRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::resource::{CommitId, Resource};

/// The form of the statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The form of its predicate. A change of shape or meaning is another version beside this one.
pub const PREDICATE_TYPE: &str = "https://jct.dev/attestation/run/v1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StatementType {
    #[serde(rename = "https://in-toto.io/Statement/v1")]
    V1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum PredicateType {
    #[serde(rename = "https://jct.dev/attestation/run/v1")]
    RunV1,
}

/// A statement about one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStatement {
    #[serde(rename = "_type")]
    statement_type: StatementType,
    /// What it is about: the commit that the run led to, if it changed anything, and the files that it left.
    pub subject: Vec<Resource>,
    #[serde(rename = "predicateType")]
    predicate_type: PredicateType,
    /// What is said.
    pub predicate: RunPredicate,
}

/// What is said about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPredicate {
    /// The tower that says it, as in its audit log.
    pub tower: Origin,
    /// What was asked for.
    pub task: Task,
    /// What let it run.
    pub admission: Admission,
    /// The run.
    pub run: Attempt,
    /// What it worked on: the commit that it began with.
    pub materials: Vec<Resource>,
    /// The commits that it made, newest first.
    pub commits: Vec<CommitFact>,
    /// What was found out about it: verdict, criteria, checks, isolation.
    pub evidence: Evidence,
    /// What was decided about it.
    pub review: Option<Review>,
}

/// The task of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Which one.
    pub id: TaskId,
    /// The canonical task, without idempotency key and trace id.
    pub spec: Value,
    /// The digest of its canonical form.
    pub digest: Sha256Digest,
}

/// The decision that let a task run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// Which decision.
    pub decision_id: String,
    /// The policy that decided.
    pub policy_digest: Sha256Digest,
    /// The digest of the task that it decided about.
    pub input_digest: Sha256Digest,
}

/// The attempt at a task that became the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The run.
    pub id: RunId,
    /// Its issue.
    pub issue_id: IssueId,
    /// The trace of the task.
    pub trace_id: TraceId,
    /// The attempt's ordinal, from 1.
    pub attempt: u32,
    /// Who held the task.
    pub worker: String,
    /// What did the work.
    pub executor: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The digest of the manifest of its trace folder.
    pub manifest_digest: Option<Sha256Digest>,
}

/// A commit that the run made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitFact {
    /// Which one.
    pub id: CommitId,
    /// What its author calls themselves.
    pub author: String,
    /// When, as its author's machine says: seconds since 1970.
    pub authored_at: i64,
    /// The first line of its message.
    pub subject: String,
}

/// The evidence pack of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which pack.
    pub id: EvidencePackId,
    /// The pack as it was made.
    pub pack: NewEvidencePack,
    /// The digest of its canonical form.
    pub digest: Sha256Digest,
    /// When it was made.
    pub evaluated_at: Timestamp,
}

/// The review decision about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Which decision.
    pub id: ReviewDecisionId,
    /// The decision as it was handed in.
    pub decision: NewReviewDecision,
    /// What the tower added: who decided, and whether it was about their own work.
    pub record: ReviewRecord,
    /// When.
    pub reviewed_at: Timestamp,
}

impl RunStatement {
    /// A statement of the present form.
    #[must_use]
    pub const fn new(subject: Vec<Resource>, predicate: RunPredicate) -> Self {
        Self { statement_type: StatementType::V1, subject, predicate_type: PredicateType::RunV1, predicate }
    }

    /// What is signed: its canonical encoding (RFC 8785), so that a statement has one text only.
    #[must_use]
    pub fn payload(&self) -> String {
        // The conversion fails only for maps whose keys are no strings, and a statement has none.
        canonical_json(&serde_json::to_value(self).unwrap_or_default())
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`InvalidStatement`] if it is no statement of this form, or not in its one text.
    pub(super) fn from_payload(payload: &[u8]) -> Result<Self, InvalidStatement> {
        let statement: Self = serde_json::from_slice(payload).map_err(InvalidStatement::Shape)?;
        // What the types do not know, what stands twice or in another order is lost in the types and shows here.
        if statement.payload().as_bytes() == payload { Ok(statement) } else { Err(InvalidStatement::Form) }
    }
}

/// The payload is no statement about a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidStatement {
    /// It is another statement, or none.
    #[error("not a statement about a run")]
    Shape(#[source] serde_json::Error),
    /// It could be read, but its text is another one.
    #[error("the statement is not in its one canonical form")]
    Form,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_named_as_they_are_written() {
        assert_eq!(serde_json::to_value(StatementType::V1).unwrap(), STATEMENT_TYPE);
        assert_eq!(serde_json::to_value(PredicateType::RunV1).unwrap(), PREDICATE_TYPE);
    }
}
