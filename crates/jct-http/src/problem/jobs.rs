//! From the errors about jobs, and about workers that come over HTTP, to their codes.

use jct_tower::SecretInReport;
use jct_tower::access::{CreateTokenError, RevokeTokenError, WorkerAuthError, WorkerForbidden};
use jct_tower::jobs::{ArtifactError, ClaimError, JobError, UploadError, WorkError};

use super::{ErrorCode, Place, Problem, Violation};

impl From<WorkerAuthError> for Problem {
    fn from(error: WorkerAuthError) -> Self {
        match error {
            // One text for both, so that nobody learns which tokens exist.
            WorkerAuthError::Missing | WorkerAuthError::Invalid => {
                Self::new(ErrorCode::WorkerTokenInvalid, "Invalid or missing worker token")
            }
            WorkerAuthError::Store(error) => error.into(),
        }
    }
}

impl From<WorkerForbidden> for Problem {
    fn from(error: WorkerForbidden) -> Self {
        let pointer = match error {
            WorkerForbidden::WorkerId { .. } => "/workerId",
            WorkerForbidden::Types { .. } => "/allowedTypes",
            WorkerForbidden::Capabilities { .. } => "/workerCapabilities",
        };
        let (pointer, message) = (pointer.to_owned(), error.to_string());
        let violation = Violation { place: Place::Body, pointer, code: "NOT_ALLOWED", message };
        Self::invalid(ErrorCode::WorkerForbidden, vec![violation])
    }
}

impl From<CreateTokenError> for Problem {
    fn from(error: CreateTokenError) -> Self {
        let invalid = |pointer: &str, message| {
            let violation =
                Violation { place: Place::Body, pointer: pointer.to_owned(), code: "VALUE_NOT_ALLOWED", message };
            Self::invalid(ErrorCode::InvalidRequest, vec![violation])
        };
        match error {
            CreateTokenError::NameQualified => invalid("/workerId", error.to_string()),
            CreateTokenError::AlreadyExpired => invalid("/expiresAt", error.to_string()),
            CreateTokenError::Random(_) => Self::internal(error),
            CreateTokenError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeTokenError> for Problem {
    fn from(error: RevokeTokenError) -> Self {
        match error {
            RevokeTokenError::NotFound => Self::plain(ErrorCode::WorkerTokenNotFound),
            RevokeTokenError::Store(error) => error.into(),
        }
    }
}

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Forbidden(error) => error.into(),
            ClaimError::Store(error) => error.into(),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let detail = error.to_string();
        match error {
            JobError::NotFound => Self::plain(ErrorCode::JobNotFound),
            JobError::Ended { status } => {
                Self::new(ErrorCode::JobStateConflict, detail).with("job_status", status.as_str())
            }
            JobError::Held { holder } => Self::new(ErrorCode::JobStateConflict, detail)
                .with("job_status", jct_lifecycle::JobStatus::Running.as_str())
                .with("held_by", holder),
            JobError::Store(error) => error.into(),
        }
    }
}

impl From<SecretInReport> for Problem {
    fn from(found: SecretInReport) -> Self {
        let (pointer, message) = (format!("/{}", found.field), found.to_string());
        let violation = Violation { place: Place::Body, pointer, code: "RAW_SECRET", message };
        Self::invalid(ErrorCode::InvalidRequest, vec![violation])
    }
}

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        let detail = error.to_string();
        match error {
            WorkError::NotFound => Self::plain(ErrorCode::JobNotFound),
            WorkError::Stale { current } => {
                let problem = Self::new(ErrorCode::LeaseStale, detail);
                match current {
                    Some(fence) => problem.with("current_fence", fence.to_string()),
                    None => problem,
                }
            }
            WorkError::Conflict { status } => {
                Self::new(ErrorCode::JobStateConflict, detail).with("job_status", status.as_str())
            }
            WorkError::NoManifest => {
                let violation = Violation {
                    place: Place::Body,
                    pointer: "/manifestState".to_owned(),
                    code: "VALUE_NOT_ALLOWED",
                    message: detail,
                };
                Self::invalid(ErrorCode::InvalidRequest, vec![violation])
            }
            WorkError::Secret(found) => found.into(),
            WorkError::Store(error) => error.into(),
        }
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = error.to_string();
        match error {
            UploadError::Work(error) => error.into(),
            UploadError::Unavailable => Self::new(ErrorCode::ArtifactsUnavailable, detail),
            UploadError::TooLarge { max_bytes } => {
                Self::new(ErrorCode::ArtifactTooLarge, detail).with("limit_bytes", max_bytes)
            }
            UploadError::Empty => {
                let violation =
                    Violation { place: Place::Body, pointer: "/file".to_owned(), code: "EMPTY", message: detail };
                Self::invalid(ErrorCode::InvalidRequest, vec![violation])
            }
            UploadError::DigestMismatch { found } => {
                Self::new(ErrorCode::DigestMismatch, detail).with("actual_digest", found.to_string())
            }
            UploadError::NameTaken { name } => {
                Self::new(ErrorCode::ArtifactNameTaken, detail).with("name", name.as_str())
            }
            UploadError::OverQuota { quota_bytes, used_bytes } => Self::new(ErrorCode::ArtifactQuotaExceeded, detail)
                .with("limit_bytes", quota_bytes)
                .with("used_bytes", used_bytes),
            UploadError::Disk(_) | UploadError::Abandoned(_) => Self::internal(error),
        }
    }
}

impl From<ArtifactError> for Problem {
    fn from(error: ArtifactError) -> Self {
        let detail = error.to_string();
        match error {
            ArtifactError::JobNotFound => Self::plain(ErrorCode::JobNotFound),
            ArtifactError::NotFound => Self::plain(ErrorCode::ArtifactNotFound),
            ArtifactError::Gone => Self::new(ErrorCode::ArtifactFileMissing, detail),
            ArtifactError::Disk(_) | ArtifactError::Abandoned(_) => Self::internal(error),
            ArtifactError::Store(error) => error.into(),
        }
    }
}
