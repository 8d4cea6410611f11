//! From the errors about work objects to their codes.

use jct_cwom::{ObjectError, ObjectKind, Reference};
use jct_tower::objects::{ChangeObjectError, CreateObjectError, ReadObjectError};

use super::{ErrorCode, Place, Problem, Violation};

/// Longest id that an answer repeats, in characters; more than any id has.
const ID_MAX_CHARS: usize = 64;

impl Problem {
    /// There is no such object.
    pub(crate) fn object_not_found(kind: ObjectKind) -> Self {
        Self::new(ErrorCode::ObjectNotFound, format!("{kind} not found")).with("kind", kind.as_str())
    }

    /// Somebody wants to change what never changes.
    pub(crate) fn immutable(kind: ObjectKind, id: &str) -> Self {
        let detail = match kind {
            ObjectKind::ContextPacket => {
                format!("{kind}s are immutable. Create a new {kind} with an incremented version instead.")
            }
            // Nobody but the tower makes another one.
            ObjectKind::EvidencePack | ObjectKind::ReviewDecision => format!("{kind}s are immutable."),
            _ => format!("{kind}s are immutable. Create a new {kind} instead."),
        };
        let id: String = id.chars().take(ID_MAX_CHARS).collect();
        Self::new(ErrorCode::ImmutabilityViolation, detail).with("object_id", id)
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Malformed(error) => error.into(),
            ObjectError::Violations(violations) => invalid(violations),
        }
    }
}

impl From<ReadObjectError> for Problem {
    fn from(error: ReadObjectError) -> Self {
        match error {
            ReadObjectError::NotFound { kind } => Self::object_not_found(kind),
            ReadObjectError::Store(error) => error.into(),
        }
    }
}

impl From<CreateObjectError> for Problem {
    fn from(error: CreateObjectError) -> Self {
        let detail = error.to_string();
        match error {
            CreateObjectError::Missing(references) => missing(&references),
            CreateObjectError::Mismatch(violations) => invalid(violations),
            CreateObjectError::Duplicate { kind, existing, pointer, .. } => {
                let pointer = pointer.to_owned();
                let violation = Violation { place: Place::Body, pointer, code: "NOT_UNIQUE", message: detail };
                Self::invalid(ErrorCode::DuplicateObject, vec![violation])
                    .with("kind", kind.as_str())
                    .with("existing_id", existing.to_string())
            }
            CreateObjectError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeObjectError> for Problem {
    fn from(error: ChangeObjectError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeObjectError::NotFound { kind } => Self::object_not_found(kind),
            ChangeObjectError::Stale { current, .. } => {
                Self::new(ErrorCode::StaleVersion, detail).with("current_etag", format!("\"{current}\""))
            }
            ChangeObjectError::Illegal { illegal, allowed, .. } => {
                let allowed: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
                Self::new(ErrorCode::IllegalTransition, detail)
                    .with("from", illegal.from.as_str())
                    .with("to", illegal.to.as_str())
                    .with("allowed", allowed)
            }
            ChangeObjectError::Missing(references) => missing(&references),
            ChangeObjectError::Refused(violation) => invalid(vec![violation]),
            ChangeObjectError::Store(error) => error.into(),
        }
    }
}

fn missing(references: &[Reference]) -> Problem {
    invalid(references.iter().map(Reference::not_found).collect())
}

pub(super) fn invalid(violations: Vec<jct_contract::Violation>) -> Problem {
    Problem::invalid(ErrorCode::InvalidObject, violations.into_iter().map(Violation::from).collect())
}
