//! From the errors about reviews, and about what runs left, to their codes.

use jct_cwom::ObjectKind;
use jct_tower::reviews::DecideError;
use jct_tower::runs::{PushError, RunFileError, RunViewError};

use super::cwom::invalid;
use super::{ErrorCode, Place, Problem, Violation};

impl Problem {
    /// Why nothing was decided.
    pub(crate) fn of_decide(error: DecideError, may_read_policy: bool) -> Self {
        let detail = error.to_string();
        match error {
            DecideError::NotFound => Self::object_not_found(ObjectKind::EvidencePack),
            DecideError::Invalid(violations) => invalid(violations),
            DecideError::AlreadyReviewed { review } => {
                Self::new(ErrorCode::AlreadyReviewed, detail).with("review_id", review.to_string())
            }
            DecideError::NotUnderReview { status } => {
                Self::new(ErrorCode::NotUnderReview, detail).with("run_status", status.as_str())
            }
            DecideError::EvidenceChanged { field } => {
                Self::new(ErrorCode::EvidenceChanged, detail).with("field", field)
            }
            DecideError::Superseded { newer } => {
                Self::new(ErrorCode::Superseded, detail).with("evidence_pack_id", newer.to_string())
            }
            DecideError::OwnWork(refusal) => Self::new(ErrorCode::OwnWork, detail).with("role", refusal.role.as_str()),
            DecideError::FollowUp(cause) => {
                let message = format!("the task that follows cannot carry this: {cause}");
                let pointer = "/decision_reason".to_owned();
                let violation = Violation { place: Place::Body, pointer, code: "TOO_LARGE", message };
                Self::invalid(ErrorCode::InvalidObject, vec![violation])
            }
            DecideError::NotAdmitted(error) => Self::of_enqueue(error, may_read_policy),
            DecideError::Store(error) => error.into(),
        }
    }
}

impl From<RunViewError> for Problem {
    fn from(error: RunViewError) -> Self {
        match error {
            RunViewError::NotFound => Self::object_not_found(ObjectKind::Run),
            RunViewError::Store(error) => error.into(),
        }
    }
}

impl From<RunFileError> for Problem {
    fn from(error: RunFileError) -> Self {
        let detail = error.to_string();
        match error {
            RunFileError::NotFound => Self::object_not_found(ObjectKind::Run),
            RunFileError::NoEvidence | RunFileError::NoChanges => Self::new(ErrorCode::NoChanges, detail),
            RunFileError::NotPreserved { file } | RunFileError::Foreign { file } => {
                Self::new(ErrorCode::NotPreserved, detail).with("file", file.path())
            }
            RunFileError::Trace(error) => error.into(),
            RunFileError::Store(error) => error.into(),
        }
    }
}

impl From<PushError> for Problem {
    fn from(error: PushError) -> Self {
        let detail = error.to_string();
        match error {
            PushError::Unavailable | PushError::UnknownRepo { .. } => Self::new(ErrorCode::PushUnavailable, detail),
            PushError::NotApproved { decision } => {
                let decision = decision.map(|decision| decision.as_str());
                Self::new(ErrorCode::NotApproved, detail).with("decision", decision)
            }
            PushError::Void { file } => Self::new(ErrorCode::ApprovalVoid, detail).with("file", file.path()),
            PushError::File(error) => error.into(),
            PushError::BranchExists { branch, .. } => {
                Self::new(ErrorCode::BranchExists, detail).with("branch", branch.to_string())
            }
            PushError::Refused { .. } => Self::new(ErrorCode::PushRefused, detail),
            PushError::Failed(cause) => Self::internal(cause),
            PushError::Store(error) => error.into(),
        }
    }
}
