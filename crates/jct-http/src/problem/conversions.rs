//! From each error of the layers below to its code. Exhaustive, so that a new error needs a decision here.

use jct_contract::{DocumentError, SpecError};
use jct_policy::PolicyError;
use jct_store::StoreError;
use jct_tower::access::{AuthError, CreateKeyError, RevokeKeyError};
use jct_tower::audit::StateError;
use jct_tower::intake::EnqueueError;
use jct_tower::tasks::{ChangeError, ExplainError, ReadError, TraceAccessError};

use super::{ErrorCode, Place, Problem, Violation};

impl From<SpecError> for Problem {
    fn from(error: SpecError) -> Self {
        match error {
            SpecError::Malformed { message, line, column } => malformed(&message, line, column),
            SpecError::Violations(violations) => {
                Self::invalid(ErrorCode::InvalidTask, violations.into_iter().map(Violation::from).collect())
            }
        }
    }
}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        malformed(error.message(), error.line(), error.column())
    }
}

/// The bytes are no document of their kind.
pub(super) fn malformed(message: &str, line: usize, column: usize) -> Problem {
    Problem::new(ErrorCode::MalformedJson, format!("{message} at line {line}, column {column}"))
        .with("line", line)
        .with("column", column)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Closed => {
                Self::new(ErrorCode::DatabaseUnavailable, "the database is not available; try again later")
            }
            StoreError::OutcomeUnknown(_) => Self::new(
                ErrorCode::OutcomeUnknown,
                "the connection to the database broke before the outcome was known; look before you try again",
            ),
            other => return Self::internal(other),
        }
        .caused_by(error)
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            // One text for both, so that nobody learns which keys exist.
            AuthError::Missing | AuthError::Invalid => Self::new(ErrorCode::Unauthorized, "Invalid or missing API key"),
            AuthError::Store(error) => error.into(),
        }
    }
}

/// The refusal of the gate; the allowed prefixes only for those who may read the policy.
pub(super) fn policy(error: &PolicyError, may_read_policy: bool) -> Problem {
    let problem = Problem::new(error.code().into(), error.message());
    if may_read_policy && !error.allowed_prefixes().is_empty() {
        let prefixes: Vec<_> = error.allowed_prefixes().iter().map(ToString::to_string).collect();
        problem.with("allowed_prefixes", prefixes)
    } else {
        problem
    }
}

impl Problem {
    /// What is wrong with an idempotency key is wrong in the header that it came from.
    pub(crate) fn of_header_key(violation: jct_contract::Violation) -> Self {
        let (pointer, violation) = ("/Idempotency-Key".to_owned(), Violation::from(violation));
        Self::invalid(ErrorCode::InvalidRequest, vec![Violation { place: Place::Header, pointer, ..violation }])
    }

    /// Why a task was not taken.
    pub(crate) fn of_enqueue(error: EnqueueError, may_read_policy: bool) -> Self {
        match error {
            EnqueueError::Policy(error) => policy(&error, may_read_policy),
            EnqueueError::KeyReused { task_id } => Self::new(
                ErrorCode::IdempotencyKeyReused,
                format!("the idempotency key belongs to task `{task_id}`, which asks for something else"),
            )
            .with("task_id", task_id.to_string()),
            EnqueueError::ReservedKey(violation) => Self::invalid(ErrorCode::InvalidTask, vec![violation.into()]),
            EnqueueError::ReservedExecutor { executor } => reserved_executor(&executor, "/inputs/executor".to_owned()),
            EnqueueError::ManifestGone => Self::plain(ErrorCode::ManifestNotFound),
            EnqueueError::Store(error) => error.into(),
        }
    }
}

/// A task that names an executor which stands for another type of job.
pub(super) fn reserved_executor(executor: &jct_contract::ExecutorName, pointer: String) -> Problem {
    let message = format!("`{executor}` is reserved; hand in a job of that type at `/api/queue/jobs`");
    let code = jct_contract::ViolationCode::InvalidExecutor.as_str();
    Problem::invalid(ErrorCode::InvalidTask, vec![Violation { place: Place::Body, pointer, code, message }])
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::plain(ErrorCode::TaskNotFound),
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::NotFound => Self::plain(ErrorCode::TaskNotFound),
            ExplainError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::NotFound => Self::plain(ErrorCode::TaskNotFound),
            ChangeError::Illegal(illegal) => Self::new(ErrorCode::IllegalTransition, detail)
                .with("from", illegal.from.as_str())
                .with("to", illegal.to.as_str()),
            ChangeError::HeldByWorker { worker } => Self::new(ErrorCode::HeldByWorker, detail).with("held_by", worker),
            ChangeError::HeldByOther { principal } => {
                Self::new(ErrorCode::HeldByOther, detail).with("held_by", principal)
            }
            ChangeError::HeldByControl { id, .. } => {
                Self::new(ErrorCode::HeldByControl, detail).with("control_id", id.to_string())
            }
            ChangeError::AgentFull { agent, limit } => {
                Self::new(ErrorCode::AgentFull, detail).with("agent", agent).with("limit", limit)
            }
            ChangeError::LeaseExpired => Self::new(ErrorCode::LeaseExpired, detail),
            ChangeError::StaleFence { current } => {
                Self::new(ErrorCode::StaleFence, detail).with("current_fence", current.to_string())
            }
            ChangeError::Secret(found) => found.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<TraceAccessError> for Problem {
    fn from(error: TraceAccessError) -> Self {
        let detail = error.to_string();
        match error {
            TraceAccessError::TaskNotFound => Self::plain(ErrorCode::TaskNotFound),
            TraceAccessError::NotSealed | TraceAccessError::NotHere { .. } | TraceAccessError::FileNotFound => {
                Self::new(ErrorCode::TraceNotFound, detail)
            }
            TraceAccessError::Altered { .. } => Self::new(ErrorCode::TraceAltered, detail),
            // Whatever cannot be read is not what was sealed; the cause stays in the log.
            TraceAccessError::Open(_) | TraceAccessError::OpenFile(_) => {
                Self::new(ErrorCode::TraceAltered, "the trace cannot be read as it was sealed").caused_by(error)
            }
            TraceAccessError::Abandoned(_) => Self::internal(error),
            TraceAccessError::Store(error) => error.into(),
        }
    }
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        let detail = error.to_string();
        let invalid = |name: &str, message: String| {
            let violation =
                Violation { place: Place::Body, pointer: format!("/{name}"), code: "VALUE_NOT_ALLOWED", message };
            Self::invalid(ErrorCode::InvalidRequest, vec![violation])
        };
        match error {
            CreateKeyError::Name(cause) => invalid("name", cause.to_string()),
            CreateKeyError::NameReserved | CreateKeyError::NameQualified => invalid("name", detail),
            CreateKeyError::NoScopes => invalid("scopes", detail),
            CreateKeyError::AlreadyExpired => invalid("expires_at", detail),
            CreateKeyError::NameTaken { .. } => Self::new(ErrorCode::KeyNameTaken, detail),
            CreateKeyError::ScopeNotHeld { scope } => {
                Self::new(ErrorCode::Forbidden, detail).with("required_scope", scope.as_str())
            }
            CreateKeyError::Random(_) => Self::internal(error),
            CreateKeyError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeKeyError> for Problem {
    fn from(error: RevokeKeyError) -> Self {
        match error {
            RevokeKeyError::NotFound => Self::plain(ErrorCode::KeyNotFound),
            RevokeKeyError::Store(error) => error.into(),
        }
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        match error {
            StateError::NotFound => Self::plain(ErrorCode::EntityNotFound),
            StateError::Replay(cause) => Self::new(ErrorCode::AuditAltered, cause.to_string()),
            StateError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
