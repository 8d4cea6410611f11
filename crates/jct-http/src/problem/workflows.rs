//! From the errors about workflows and their runs to their codes.

use jct_event::EventError;
use jct_tower::workflows::WorkflowError;
use jct_workflow::{DefinitionError, DefinitionViolation, ForkError};

use super::conversions::malformed;
use super::{ErrorCode, Place, Problem, Violation};

/// Where the event stands in the body that starts a run.
const EVENT: &str = "/event";

impl Problem {
    /// Why a definition was not read; `prefix` is the place of the definition in the body.
    pub(crate) fn of_workflow(error: DefinitionError, prefix: &str) -> Self {
        match error {
            DefinitionError::Malformed { message, line, column } => malformed(&message, line, column),
            DefinitionError::Violations(violations) => {
                let placed = |DefinitionViolation { pointer, code, message }| Violation {
                    place: Place::Body,
                    pointer: format!("{prefix}{pointer}"),
                    code: code.as_str(),
                    message,
                };
                Self::invalid(ErrorCode::InvalidWorkflow, violations.into_iter().map(placed).collect())
            }
            other => Self::new(ErrorCode::InvalidWorkflow, other.to_string()),
        }
    }

    /// Why a workflow was not changed; `prefix` is the place of the definition in the body.
    pub(crate) fn of_workflow_change(error: WorkflowError, prefix: &str) -> Self {
        let refused = |code, pointer: String, message| {
            Self::invalid(code, vec![Violation { place: Place::Body, pointer, code: "VALUE_NOT_ALLOWED", message }])
        };
        let detail = error.to_string();
        match error {
            WorkflowError::NotFound => Self::plain(ErrorCode::WorkflowNotFound),
            WorkflowError::VersionNotFound => Self::plain(ErrorCode::WorkflowVersionNotFound),
            WorkflowError::RunNotFound => Self::plain(ErrorCode::WorkflowRunNotFound),
            WorkflowError::NameTaken { id } => {
                Self::plain(ErrorCode::WorkflowNameTaken).with("workflow_id", id.to_string())
            }
            WorkflowError::NameFixed { .. } => refused(ErrorCode::InvalidWorkflow, format!("{prefix}/name"), detail),
            WorkflowError::Stale { current } => {
                Self::new(ErrorCode::StaleVersion, detail).with("current_etag", format!("\"{current}\""))
            }
            WorkflowError::OtherVersion { expected, current } => Self::new(ErrorCode::WorkflowVersionConflict, detail)
                .with("expected_version", expected)
                .with("current_version", current),
            WorkflowError::KeyReused { run } => {
                Self::new(ErrorCode::IdempotencyKeyReused, detail).with("run_id", run.to_string())
            }
            WorkflowError::Over { status } => {
                Self::new(ErrorCode::IllegalTransition, detail).with("run_status", status.as_str())
            }
            WorkflowError::Fork(ForkError::NotFinished) => Self::new(ErrorCode::IllegalTransition, detail),
            WorkflowError::Fork(ForkError::UnknownStep(_)) => {
                refused(ErrorCode::InvalidRequest, "/from_step".to_owned(), detail)
            }
            WorkflowError::Store(error) => error.into(),
        }
    }

    /// Why the event of a run was not read, which is a member of the body.
    pub(crate) fn of_run_event(error: EventError) -> Self {
        let inside = |found: jct_contract::Violation| {
            let pointer = format!("{EVENT}{}", found.pointer);
            jct_contract::Violation { pointer, ..found }
        };
        let error = match error {
            EventError::Violations(found) => EventError::Violations(found.into_iter().map(inside).collect()),
            other => other,
        };
        Self::of_event(error, |_| Place::Body)
    }
}

impl From<WorkflowError> for Problem {
    fn from(error: WorkflowError) -> Self {
        Self::of_workflow_change(error, "")
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::TraceId;
    use jct_event::{NewEvent, WorkflowRunStatus};
    use jct_workflow::WorkflowDefinition;
    use serde_json::{Value, json};

    use super::*;

    fn members(problem: &Problem) -> Value {
        problem.to_members(&"t".parse::<TraceId>().unwrap()).into()
    }

    #[track_caller]
    fn check(problem: impl Into<Problem>, status: u16, code: &str, more: &[(&str, Value)]) {
        let members = members(&problem.into());
        assert_eq!((&members["status"], &members["code"]), (&status.into(), &code.into()), "{members:#}");
        for (name, value) in more {
            assert_eq!(members.pointer(name), Some(value), "{name}: {members:#}");
        }
    }

    #[test]
    fn each_error_has_its_code_and_says_what_a_caller_needs() {
        check(WorkflowError::NotFound, 404, "WORKFLOW_NOT_FOUND", &[]);
        check(WorkflowError::VersionNotFound, 404, "WORKFLOW_VERSION_NOT_FOUND", &[]);
        check(WorkflowError::RunNotFound, 404, "WORKFLOW_RUN_NOT_FOUND", &[]);
        let id = "018f0000-0000-7000-8000-000000000000";
        let taken = WorkflowError::NameTaken { id: id.parse().unwrap() };
        check(taken, 409, "WORKFLOW_NAME_TAKEN", &[("/workflow_id", json!(id))]);
        let reused = WorkflowError::KeyReused { run: id.parse().unwrap() };
        check(reused, 409, "IDEMPOTENCY_KEY_REUSED", &[("/run_id", json!(id))]);
        let over = WorkflowError::Over { status: WorkflowRunStatus::Failed };
        check(over, 409, "ILLEGAL_TRANSITION", &[("/run_status", json!("failed"))]);
        let stale = WorkflowError::Stale { current: 4 };
        check(stale, 412, "STALE_VERSION", &[("/current_etag", json!("\"4\""))]);
        let other = WorkflowError::OtherVersion { expected: 7, current: 2 };
        let told = [("/expected_version", json!(7)), ("/current_version", json!(2))];
        check(other, 409, "WORKFLOW_VERSION_CONFLICT", &told);
        check(WorkflowError::Fork(ForkError::NotFinished), 409, "ILLEGAL_TRANSITION", &[]);
        let unknown = WorkflowError::Fork(ForkError::UnknownStep("ship".parse().unwrap()));
        check(unknown, 422, "INVALID_REQUEST", &[("/violations/0/pointer", json!("/from_step"))]);
        let fixed = WorkflowError::NameFixed { name: "release".to_owned() };
        let problem = Problem::of_workflow_change(fixed, "/definition");
        check(problem, 422, "INVALID_WORKFLOW", &[("/violations/0/pointer", json!("/definition/name"))]);
    }

    #[test]
    fn violations_are_placed_where_the_document_stands() {
        let error = WorkflowDefinition::from_json(b"{\"steps\": 7}").unwrap_err();
        let expect = [("/violations/0/pointer", json!("/name")), ("/violations/1/pointer", json!("/steps"))];
        check(Problem::of_workflow(error.clone(), ""), 422, "INVALID_WORKFLOW", &expect);
        let expect = [
            ("/violations/0/pointer", json!("/definition/name")),
            ("/violations/1/pointer", json!("/definition/steps")),
        ];
        check(Problem::of_workflow(error, "/definition"), 422, "INVALID_WORKFLOW", &expect);
        let malformed = WorkflowDefinition::from_json(b"{").unwrap_err();
        check(Problem::of_workflow(malformed, ""), 400, "MALFORMED_JSON", &[("/line", json!(1))]);
        let event = NewEvent::from_json(b"{\"type\": \"a.b\"}").unwrap_err();
        let expect = [("/violations/0/pointer", json!("/event/source"))];
        check(Problem::of_run_event(event), 422, "INVALID_EVENT", &expect);
    }
}
