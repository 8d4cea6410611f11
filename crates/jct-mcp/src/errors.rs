//! From the errors of the use cases to what an agent hears. Exhaustive, so that a new error needs a decision here.

use jct_contract::{SpecError, Violation};
use jct_cwom::ObjectKind;
use jct_lifecycle::TaskStatus;
use jct_store::StoreError;
use jct_tower::access::Scope;
use jct_tower::intake::EnqueueError;
use jct_tower::objects::ReadObjectError;
use jct_tower::reviews::DecideError;
use jct_tower::runs::RunViewError;
use jct_tower::taken::TakenArtifactError;
use jct_tower::tasks::{ChangeError, ReadError};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::failure::Failure;

/// There is no such task.
pub(crate) fn task_not_found() -> Failure {
    Failure::new("TASK_NOT_FOUND", "there is no such task").suggest("jct_list_tasks shows which tasks there are")
}

/// What is wrong with a document, each thing with its place.
pub(crate) fn violations(code: &'static str, message: &str, violations: &[Violation]) -> Failure {
    let listed: Vec<Value> = violations
        .iter()
        .map(|violation| {
            json!({"pointer": violation.pointer, "code": violation.code.as_str(), "message": violation.message})
        })
        .collect();
    let first = violations.first().map(|violation| format!("{}: {}", violation.pointer, violation.message));
    Failure::new(code, format!("{message}: {}", first.unwrap_or_default())).with("violations", listed)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = match error {
            StoreError::Unavailable(_) | StoreError::Closed => "the database is not available; try again later",
            StoreError::OutcomeUnknown(_) => {
                "the connection to the database broke before the outcome was known; look before you try again"
            }
            other => return Self::broke(other),
        };
        Self::Broke { message, cause: Box::new(error) }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => task_not_found(),
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<RunViewError> for Failure {
    fn from(error: RunViewError) -> Self {
        match error {
            RunViewError::NotFound => Self::new("RUN_NOT_FOUND", "there is no such run"),
            RunViewError::Store(error) => error.into(),
        }
    }
}

impl From<ReadObjectError> for Failure {
    fn from(error: ReadObjectError) -> Self {
        match error {
            ReadObjectError::NotFound { kind: ObjectKind::EvidencePack } => {
                Self::new("EVIDENCE_NOT_FOUND", "there is no such evidence pack")
            }
            ReadObjectError::NotFound { kind: ObjectKind::Run } => Self::new("RUN_NOT_FOUND", "there is no such run"),
            ReadObjectError::NotFound { kind } => Self::new("OBJECT_NOT_FOUND", format!("there is no such {kind}")),
            ReadObjectError::Store(error) => error.into(),
        }
    }
}

/// Why a task was not claimed.
pub(crate) fn of_claim(error: ChangeError) -> Failure {
    match error {
        ChangeError::Illegal(illegal) => match illegal.from {
            TaskStatus::Running => Failure::new("TASK_ALREADY_CLAIMED", "the task is being worked on")
                .suggest("take another one; if you hold this one yourself, jct_heartbeat tells its fence"),
            TaskStatus::Pending => Failure::new("TASK_NOT_QUEUED", "the task is held until somebody releases it"),
            from => Failure::new("TASK_NOT_QUEUED", format!("the task is `{from}`"))
                .suggest("jct_list_tasks shows what is queued"),
        }
        .with("status", illegal.from.as_str()),
        other => of_hold(other),
    }
}

/// Why nothing was written about a task that one should hold.
pub(crate) fn of_hold(error: ChangeError) -> Failure {
    let detail = error.to_string();
    match error {
        ChangeError::NotFound => task_not_found(),
        ChangeError::Illegal(illegal) => match illegal.from {
            TaskStatus::Pending | TaskStatus::Queued => {
                Failure::new("NO_ACTIVE_CLAIM", "nobody holds the task").suggest("jct_claim_task claims it")
            }
            from => Failure::new("TASK_NOT_RUNNING", format!("the task is `{from}`")),
        }
        .with("status", illegal.from.as_str()),
        ChangeError::HeldByWorker { worker } => {
            Failure::new("TASK_ALREADY_CLAIMED", "a worker of the tower holds the task").with("held_by", worker)
        }
        ChangeError::HeldByOther { principal } => {
            Failure::new("TASK_ALREADY_CLAIMED", "somebody else holds the task").with("held_by", principal)
        }
        ChangeError::LeaseExpired => Failure::new("CLAIM_EXPIRED", "the lease of the task ran out")
            .suggest("send jct_heartbeat in time; the task fails with EXTERNAL_TIMEOUT"),
        ChangeError::HeldByControl { id, reason } => Failure::new("HELD_BY_CONTROL", detail)
            .with("control_id", id.to_string())
            .with("reason", reason)
            .suggest("take another one, or wait until somebody lifts the control"),
        ChangeError::AgentFull { agent, limit } => Failure::new("AGENT_FULL", detail)
            .with("agent", agent)
            .with("limit", limit)
            .suggest("complete what you claimed before you claim more"),
        ChangeError::Secret(found) => {
            Failure::new("SECRET_IN_REPORT", detail).with("field", found.field).with("rule", found.rule)
        }
        ChangeError::StaleFence { current } => {
            Failure::new("STALE_FENCE", detail).with("current_fence", current.to_string())
        }
        ChangeError::Store(error) => error.into(),
    }
}

impl From<TakenArtifactError> for Failure {
    fn from(error: TakenArtifactError) -> Self {
        let detail = error.to_string();
        match error {
            TakenArtifactError::Change(error) => of_hold(error),
            TakenArtifactError::Secret(found) => of_hold(found.into()),
            TakenArtifactError::Unavailable => {
                Self::new("ARTIFACTS_UNAVAILABLE", detail).suggest("leave a `uri` instead of `content`")
            }
            TakenArtifactError::Empty => Self::arguments("`content` is empty"),
            TakenArtifactError::TooLarge { max_bytes } => {
                Self::new("ARTIFACT_TOO_LARGE", detail).with("max_bytes", max_bytes)
            }
            TakenArtifactError::NameTaken { name } => {
                Self::new("ARTIFACT_NAME_TAKEN", detail).with("name", name).suggest("choose another title")
            }
            TakenArtifactError::OverQuota { quota_bytes, used_bytes } => Self::new("ARTIFACT_QUOTA_EXCEEDED", detail)
                .with("quota_bytes", quota_bytes)
                .with("used_bytes", used_bytes),
            TakenArtifactError::Store(error) => error.into(),
            error @ (TakenArtifactError::Disk(_) | TakenArtifactError::Abandoned(_)) => Self::broke(error),
        }
    }
}

/// Why a task was not taken in.
pub(crate) fn of_enqueue(error: EnqueueError, caller: &Caller) -> Failure {
    match error {
        EnqueueError::Policy(error) => {
            let failure = Failure::new(error.code().as_str(), error.message());
            if !caller.allows(Scope::PolicyRead) || error.allowed_prefixes().is_empty() {
                return failure;
            }
            let prefixes: Vec<Value> =
                error.allowed_prefixes().iter().map(|prefix| prefix.to_string().into()).collect();
            failure.with("allowed_prefixes", prefixes)
        }
        EnqueueError::KeyReused { task_id } => {
            Failure::new("IDEMPOTENCY_CONFLICT", "the idempotency key belongs to a task that asks for something else")
                .with("task_id", task_id.to_string())
                .suggest("choose another key, or look at that task with jct_get_task")
        }
        EnqueueError::ReservedKey(violation) => {
            violations("INVALID_PARAMETERS", "the task breaks the contract", &[violation])
        }
        EnqueueError::ReservedExecutor { executor } => {
            Failure::arguments(format!("the executor `{executor}` is reserved for jobs of that type"))
        }
        EnqueueError::ManifestGone => Failure::arguments("the manifest is not in the registry any more"),
        EnqueueError::Store(error) => error.into(),
    }
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        match error {
            SpecError::Violations(found) => violations("INVALID_PARAMETERS", "the task breaks the contract", &found),
            malformed @ SpecError::Malformed { .. } => Self::arguments(malformed.to_string()),
        }
    }
}

/// Why nothing was decided.
pub(crate) fn of_decide(error: DecideError, caller: &Caller) -> Failure {
    let detail = error.to_string();
    match error {
        DecideError::NotFound => Failure::new("EVIDENCE_NOT_FOUND", "there is no such evidence pack"),
        DecideError::Invalid(found) => violations("INVALID_PARAMETERS", "the review does not fit", &found),
        DecideError::AlreadyReviewed { review } => {
            Failure::new("ALREADY_REVIEWED", detail).with("review_id", review.to_string())
        }
        DecideError::NotUnderReview { status } => {
            Failure::new("NOT_UNDER_REVIEW", detail).with("run_status", status.as_str())
        }
        DecideError::EvidenceChanged { field } => Failure::new("EVIDENCE_CHANGED", detail).with("field", field),
        DecideError::Superseded { newer } => {
            Failure::new("SUPERSEDED", detail).with("evidence_pack_id", newer.to_string())
        }
        DecideError::OwnWork(refusal) => Failure::new("OWN_WORK", detail)
            .with("role", refusal.role.as_str())
            .suggest("somebody else has to decide: another principal, best a person"),
        DecideError::FollowUp(error) => error.into(),
        DecideError::NotAdmitted(error) => of_enqueue(error, caller),
        DecideError::Store(error) => error.into(),
    }
}
