//! The table: code, status, family, title and page of every problem.
//!
//! A code without a page does not compile: the pages are part of the binary and served below `/docs/errors/`.

use actix_web::http::StatusCode;
use jct_policy::PolicyCode;

macro_rules! error_codes {
    ($($name:ident = $text:literal, $status:ident, $family:literal, $title:literal;)+) => {
        /// Why a request was not answered with a success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum ErrorCode {
            $(#[doc = $title] $name,)+
        }

        impl ErrorCode {
            /// Every code.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable text form, for programs.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The family, the `error` member of the body.
            pub(crate) const fn family(self) -> &'static str {
                match self { $(Self::$name => $family,)+ }
            }

            /// The same short text whenever the code is used.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// Where the page is served, the `type` member of the body.
            pub(crate) const fn page_path(self) -> &'static str {
                match self { $(Self::$name => concat!("/docs/errors/", $text),)+ }
            }

            /// The page, Markdown.
            pub(crate) const fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("../../../../docs/errors/", $text, ".md")),)+ }
            }
        }
    };
}

error_codes! {
    MalformedRequest = "MALFORMED_REQUEST", BAD_REQUEST, "malformed_request", "The request is not valid HTTP";
    MalformedJson = "MALFORMED_JSON", BAD_REQUEST, "malformed_request", "The body is not JSON, or YAML where that is taken, in UTF-8";
    MalformedManifest = "MALFORMED_MANIFEST", BAD_REQUEST, "malformed_request", "The manifest cannot be read";
    NameMismatch = "NAME_MISMATCH", BAD_REQUEST, "mismatch", "The manifest has another name";
    Unauthorized = "UNAUTHORIZED", UNAUTHORIZED, "unauthorized", "A valid key is needed";
    WorkerTokenInvalid = "WORKER_TOKEN_INVALID", UNAUTHORIZED, "unauthorized", "A valid worker token is needed";
    Forbidden = "FORBIDDEN", FORBIDDEN, "forbidden", "The key lacks a scope";
    WorkerForbidden = "WORKER_FORBIDDEN", FORBIDDEN, "forbidden", "The worker token does not allow this";
    OriginNotAllowed = "ORIGIN_NOT_ALLOWED", FORBIDDEN, "forbidden", "Requests from this origin are not allowed";
    OwnWork = "OWN_WORK", FORBIDDEN, "forbidden", "Nobody approves their own work";
    NotFound = "NOT_FOUND", NOT_FOUND, "not_found", "Unknown path";
    TaskNotFound = "TASK_NOT_FOUND", NOT_FOUND, "not_found", "Task not found";
    JobNotFound = "JOB_NOT_FOUND", NOT_FOUND, "not_found", "Job not found";
    ManifestNotFound = "MANIFEST_NOT_FOUND", NOT_FOUND, "not_found", "Manifest not found";
    EventNotFound = "EVENT_NOT_FOUND", NOT_FOUND, "not_found", "Event not found";
    WebhookNotFound = "WEBHOOK_NOT_FOUND", NOT_FOUND, "not_found", "Webhook not found";
    DeliveryNotFound = "DELIVERY_NOT_FOUND", NOT_FOUND, "not_found", "The webhook has no such delivery";
    WorkflowNotFound = "WORKFLOW_NOT_FOUND", NOT_FOUND, "not_found", "Workflow not found";
    WorkflowVersionNotFound = "WORKFLOW_VERSION_NOT_FOUND", NOT_FOUND, "not_found", "The workflow has no such version";
    WorkflowRunNotFound = "WORKFLOW_RUN_NOT_FOUND", NOT_FOUND, "not_found", "The workflow has no such run";
    ObjectNotFound = "OBJECT_NOT_FOUND", NOT_FOUND, "not_found", "Work object not found";
    TraceNotFound = "TRACE_NOT_FOUND", NOT_FOUND, "not_found", "Trace not found";
    ArtifactNotFound = "ARTIFACT_NOT_FOUND", NOT_FOUND, "not_found", "The job has no such artifact";
    ArtifactFileMissing = "ARTIFACT_FILE_MISSING", NOT_FOUND, "not_found", "The file of the artifact is not there";
    NoChanges = "NO_CHANGES", NOT_FOUND, "not_found", "The run changed nothing";
    NotPreserved = "NOT_PRESERVED", NOT_FOUND, "not_found", "What the run changed was not preserved";
    AgentNotFound = "AGENT_NOT_FOUND", NOT_FOUND, "not_found", "Agent not found";
    ControlNotFound = "CONTROL_NOT_FOUND", NOT_FOUND, "not_found", "Control not found";
    KeyNotFound = "KEY_NOT_FOUND", NOT_FOUND, "not_found", "Key not found";
    WorkerTokenNotFound = "WORKER_TOKEN_NOT_FOUND", NOT_FOUND, "not_found", "Worker token not found";
    EntityNotFound = "ENTITY_NOT_FOUND", NOT_FOUND, "not_found", "The audit log knows no such object";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "method_not_allowed", "The path does not take this method";
    ImmutabilityViolation = "IMMUTABILITY_VIOLATION", METHOD_NOT_ALLOWED, "immutability_violation", "Objects of this kind never change";
    RequestTimeout = "REQUEST_TIMEOUT", REQUEST_TIMEOUT, "timeout", "The request did not arrive in time";
    IllegalTransition = "ILLEGAL_TRANSITION", CONFLICT, "conflict", "It cannot go there from where it stands";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", CONFLICT, "conflict", "The idempotency key belongs to another task or run";
    EventKeyReused = "EVENT_KEY_REUSED", CONFLICT, "conflict", "Another event has this key";
    WebhookNameTaken = "WEBHOOK_NAME_TAKEN", CONFLICT, "conflict", "A webhook of this name exists";
    WorkflowNameTaken = "WORKFLOW_NAME_TAKEN", CONFLICT, "conflict", "Another workflow has this name";
    WorkflowVersionConflict = "WORKFLOW_VERSION_CONFLICT", CONFLICT, "conflict", "The definition is not the next version";
    HeldByWorker = "HELD_BY_WORKER", CONFLICT, "conflict", "A worker holds the task";
    HeldByOther = "HELD_BY_OTHER", CONFLICT, "conflict", "Another principal holds the task";
    HeldByControl = "HELD_BY_CONTROL", CONFLICT, "conflict", "A control holds it";
    AgentFull = "AGENT_FULL", CONFLICT, "conflict", "The agent has as many tasks as it may";
    LeaseExpired = "LEASE_EXPIRED", CONFLICT, "conflict", "The lease of the task ran out";
    StaleFence = "STALE_FENCE", CONFLICT, "conflict", "The fence is that of an earlier lease";
    LeaseStale = "LEASE_STALE", CONFLICT, "conflict", "The lease is not alive, or not this worker's";
    JobStateConflict = "JOB_STATE_CONFLICT", CONFLICT, "conflict", "This cannot be done where the job stands";
    ArtifactNameTaken = "ARTIFACT_NAME_TAKEN", CONFLICT, "conflict", "The job has another artifact of this name";
    ManifestBusy = "MANIFEST_BUSY", CONFLICT, "conflict", "Runs of the manifest are not over";
    AlreadyReviewed = "ALREADY_REVIEWED", CONFLICT, "conflict", "The evidence pack has a review";
    NotUnderReview = "NOT_UNDER_REVIEW", CONFLICT, "conflict", "The run does not wait for a review";
    EvidenceChanged = "EVIDENCE_CHANGED", CONFLICT, "conflict", "The decision is about other evidence";
    Superseded = "SUPERSEDED", CONFLICT, "conflict", "There is newer evidence";
    NotApproved = "NOT_APPROVED", CONFLICT, "conflict", "The run is not approved";
    ApprovalVoid = "APPROVAL_VOID", CONFLICT, "conflict", "What is there is not what was approved";
    BranchExists = "BRANCH_EXISTS", CONFLICT, "conflict", "The branch has another commit";
    PushRefused = "PUSH_REFUSED", CONFLICT, "conflict", "The repository refused the push";
    DuplicateObject = "DUPLICATE_OBJECT", CONFLICT, "conflict", "Another object has what must be unique";
    KeyNameTaken = "KEY_NAME_TAKEN", CONFLICT, "conflict", "A key of this name exists";
    TraceAltered = "TRACE_ALTERED", CONFLICT, "conflict", "The trace is not the one that was accepted";
    StaleVersion = "STALE_VERSION", PRECONDITION_FAILED, "precondition_failed", "The object is not the version that was expected";
    AuditAltered = "AUDIT_ALTERED", CONFLICT, "conflict", "The entries of the object cannot be replayed";
    BodyTooLarge = "BODY_TOO_LARGE", PAYLOAD_TOO_LARGE, "too_large", "The body is larger than allowed";
    ArtifactTooLarge = "ARTIFACT_TOO_LARGE", PAYLOAD_TOO_LARGE, "too_large", "The artifact is larger than allowed";
    ArtifactQuotaExceeded = "ARTIFACT_QUOTA_EXCEEDED", PAYLOAD_TOO_LARGE, "too_large", "The artifacts of the job are larger than allowed";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON";
    InvalidTask = "INVALID_TASK", UNPROCESSABLE_ENTITY, "validation_error", "The task breaks the contract";
    InvalidEvent = "INVALID_EVENT", UNPROCESSABLE_ENTITY, "validation_error", "The event breaks its contract";
    InvalidObject = "INVALID_OBJECT", UNPROCESSABLE_ENTITY, "validation_error", "The work object breaks the model";
    InvalidWorkflow = "INVALID_WORKFLOW", UNPROCESSABLE_ENTITY, "validation_error", "The workflow breaks its contract";
    InvalidManifest = "INVALID_MANIFEST", UNPROCESSABLE_ENTITY, "validation_error", "The manifest breaks its contract";
    ManifestSourceUnreadable = "MANIFEST_SOURCE_UNREADABLE", UNPROCESSABLE_ENTITY, "validation_error", "There is no manifest where the job says";
    InvalidRequest = "INVALID_REQUEST", UNPROCESSABLE_ENTITY, "validation_error", "The request breaks the rules of the route";
    DigestMismatch = "DIGEST_MISMATCH", UNPROCESSABLE_ENTITY, "validation_error", "What arrived is not what was announced";
    InvalidOperation = "INVALID_OPERATION", UNPROCESSABLE_ENTITY, "policy_violation", "The operation is not allowed";
    RepoNotAllowed = "REPO_NOT_ALLOWED", UNPROCESSABLE_ENTITY, "policy_violation", "The repository is not allowed";
    TimeBudgetTooLow = "TIME_BUDGET_TOO_LOW", UNPROCESSABLE_ENTITY, "policy_violation", "The time budget is too small";
    TimeBudgetTooHigh = "TIME_BUDGET_TOO_HIGH", UNPROCESSABLE_ENTITY, "policy_violation", "The time budget is too large";
    NetworkAccessDenied = "NETWORK_ACCESS_DENIED", UNPROCESSABLE_ENTITY, "policy_violation", "Network access is not allowed";
    SecretsAccessDenied = "SECRETS_ACCESS_DENIED", UNPROCESSABLE_ENTITY, "policy_violation", "Access to secrets is not allowed";
    InternalError = "INTERNAL_ERROR", INTERNAL_SERVER_ERROR, "internal_error", "The tower failed";
    DatabaseUnavailable = "DATABASE_UNAVAILABLE", SERVICE_UNAVAILABLE, "unavailable", "The database is not available";
    ManifestSourceUnavailable = "MANIFEST_SOURCE_UNAVAILABLE", SERVICE_UNAVAILABLE, "unavailable", "The source of the manifest cannot be reached";
    PushUnavailable = "PUSH_UNAVAILABLE", SERVICE_UNAVAILABLE, "unavailable", "This server cannot push";
    ArtifactsUnavailable = "ARTIFACTS_UNAVAILABLE", SERVICE_UNAVAILABLE, "unavailable", "This server keeps no artifacts";
    OutcomeUnknown = "OUTCOME_UNKNOWN", SERVICE_UNAVAILABLE, "unavailable", "Whether the change was made is not known";
}

impl From<PolicyCode> for ErrorCode {
    fn from(code: PolicyCode) -> Self {
        match code {
            PolicyCode::InvalidOperation => Self::InvalidOperation,
            PolicyCode::RepoNotAllowed => Self::RepoNotAllowed,
            PolicyCode::TimeBudgetTooLow => Self::TimeBudgetTooLow,
            PolicyCode::TimeBudgetTooHigh => Self::TimeBudgetTooHigh,
            PolicyCode::NetworkAccessDenied => Self::NetworkAccessDenied,
            PolicyCode::SecretsAccessDenied => Self::SecretsAccessDenied,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_page_states_code_status_and_title_of_the_table() {
        for code in ErrorCode::ALL {
            let expect = format!(
                "# {}\n\n`{}` · `{}` · {}.\n",
                code.as_str(),
                code.status().as_u16(),
                code.family(),
                code.title()
            );
            assert!(code.page().starts_with(&expect), "docs/errors/{}.md must begin with:\n{expect}", code.as_str());
            assert!(code.page().contains("\n## What to do\n"), "{} does not say what to do", code.as_str());
        }
    }

    #[test]
    fn every_page_belongs_to_a_code_and_the_index_lists_them_all() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let mut pages: BTreeSet<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(pages.remove("README.md"), "docs/errors has no index");
        let codes: BTreeSet<String> = ErrorCode::ALL.iter().map(|code| format!("{}.md", code.as_str())).collect();
        assert_eq!(pages, codes);
        let index = std::fs::read_to_string(format!("{folder}/README.md")).unwrap();
        for code in ErrorCode::ALL {
            let line = format!(
                "| {} | [`{}`]({}.md) | {} |",
                code.status().as_u16(),
                code.as_str(),
                code.as_str(),
                code.title()
            );
            assert!(index.contains(&line), "the index lacks: {line}");
        }
    }

    #[test]
    fn codes_of_the_gate_keep_their_names() {
        for code in PolicyCode::ALL {
            assert_eq!(ErrorCode::from(code).as_str(), code.as_str());
            assert_eq!(ErrorCode::from(code).family(), "policy_violation");
        }
    }
}
