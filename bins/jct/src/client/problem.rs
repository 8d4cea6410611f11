//! Problem bodies (RFC 9457) turned into failures with the exit code their status stands for.

use std::time::Duration;

use serde_json::Value;
use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::exit::Exit;
use crate::failure::Failure;

/// Problems are small; whatever is longer is not one.
const PROBLEM_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The failure that an answer without success stands for.
pub(super) fn failure(mut response: Response<Body>) -> Failure {
    let status = response.status();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.body_mut().with_config().limit(PROBLEM_MAX_BYTES).read_to_vec().unwrap_or_default();
    let problem = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
    describe(status, problem, retry_after.map(Duration::from_secs))
}

fn describe(status: StatusCode, problem: Option<Value>, retry_after: Option<Duration>) -> Failure {
    let Some(problem) = problem else {
        let what = format!("the server answered {status} without saying why");
        return Failure::new(exit(status), what).hint("check that --url names a tower");
    };
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("detail")).or_else(|| text("title")).unwrap_or("no reason given");
    let code = text("code").map(|code| format!(" [{code}]")).unwrap_or_default();
    let mut failure = Failure::new(exit(status), format!("{message}{code}"));
    for violation in problem.get("violations").and_then(Value::as_array).into_iter().flatten() {
        failure = failure.detail(violation_line(violation));
    }
    if let Some(task) = text("task_id") {
        failure = failure.detail(format!("task {task}"));
    }
    match (hint(status, text("code")), retry_after) {
        (_, Some(wait)) => failure = failure.hint(format!("try again in {} s", wait.as_secs())),
        (Some(hint), None) => failure = failure.hint(hint),
        (None, None) => {}
    }
    failure.problem(problem)
}

fn violation_line(violation: &Value) -> String {
    let text = |name: &str| violation.get(name).and_then(Value::as_str).unwrap_or_default();
    let pointer = [text("pointer"), text("path")].into_iter().find(|pointer| !pointer.is_empty());
    let place = pointer.unwrap_or("the whole body");
    let line = violation.get("line").and_then(Value::as_u64).map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{place}{line}: {} [{}]", text("message"), text("code"))
}

fn exit(status: StatusCode) -> Exit {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Unauthorized,
        StatusCode::NOT_FOUND | StatusCode::GONE => Exit::NotFound,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Exit::Conflict,
        status if status.is_client_error() => Exit::Refused,
        _ => Exit::Unavailable,
    }
}

fn hint(status: StatusCode, code: Option<&str>) -> Option<&'static str> {
    match status {
        StatusCode::FORBIDDEN if code == Some("OWN_WORK") => Some(
            "somebody else decides; on a tower for one person JCT_REVIEW_ALLOW_SELF_APPROVAL lets whoever handed it in",
        ),
        StatusCode::UNAUTHORIZED => {
            Some("give a key with JCT_API_KEY, or make one on the tower's machine with `jct keys create`")
        }
        StatusCode::FORBIDDEN => Some("use a key with the scope named above; `jct keys list` shows what each may do"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(failure: &Failure) -> String {
        match failure {
            Failure::Told(report) => report.to_string(),
            Failure::ReaderGone => String::new(),
        }
    }

    #[test]
    fn every_violation_is_shown() {
        let problem = json!({
            "code": "VALIDATION_FAILED", "message": "the body is not a task",
            "violations": [
                {"pointer": "/objective", "code": "too_short", "message": "must have at least 5 characters"},
                {"pointer": "", "code": "missing", "message": "`target` is required"},
                {"path": "/run/maxDocs", "line": 7, "code": "max_docs_below_one", "message": "must be at least 1"},
            ],
        });
        let failure = describe(StatusCode::UNPROCESSABLE_ENTITY, Some(problem), None);
        assert_eq!(failure.exit(), Exit::Refused);
        insta::assert_snapshot!(told(&failure), @r"
        error: the body is not a task [VALIDATION_FAILED]
          /objective: must have at least 5 characters [too_short]
          the whole body: `target` is required [missing]
          /run/maxDocs (line 7): must be at least 1 [max_docs_below_one]
        ");
    }

    #[test]
    fn a_stranger_is_told_apart_from_a_tower() {
        let failure = describe(StatusCode::BAD_GATEWAY, None, None);
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert!(told(&failure).contains("502"), "{}", told(&failure));
    }

    #[test]
    fn statuses_and_exits() {
        for (status, expect) in [
            (400, Exit::Refused),
            (401, Exit::Unauthorized),
            (403, Exit::Unauthorized),
            (404, Exit::NotFound),
            (409, Exit::Conflict),
            (412, Exit::Conflict),
            (413, Exit::Refused),
            (422, Exit::Refused),
            (302, Exit::Unavailable),
            (503, Exit::Unavailable),
        ] {
            assert_eq!(exit(StatusCode::from_u16(status).expect("a status")), expect, "{status}");
        }
    }
}
