//! What the view of a run says of one of its steps.

use serde_json::Value;

use crate::commands::cells::{items, text};

/// How often it was tried.
pub(super) fn attempts(step: &Value) -> usize {
    step.get("attempts").into_iter().flat_map(items).count()
}

/// The task of its latest attempt.
pub(super) fn task(step: &Value) -> String {
    latest(step).map(|attempt| text(attempt, "task_id")).unwrap_or_default()
}

/// Why it is where it is, as far as anybody has said.
pub(super) fn detail(step: &Value) -> String {
    let latest = latest(step).unwrap_or(&Value::Null);
    // That it completed is what its status says already.
    let reason = if text(latest, "status") == "completed" { String::new() } else { text(latest, "reason") };
    let told = [text(step, "detail"), text(latest, "error"), reason];
    told.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// The step on one line, for those who follow its run.
pub(super) fn line(step: &Value) -> String {
    let (id, status) = (text(step, "id"), text(step, "status"));
    let about = match (status.as_str(), attempts(step)) {
        _ if step.get("kept") == Some(&Value::Bool(true)) => "kept".to_owned(),
        ("running", 0) => String::new(),
        ("running", 1) => format!("task {}", task(step)),
        ("running", attempt) => format!("attempt {attempt}, task {}", task(step)),
        _ => detail(step),
    };
    if about.is_empty() { format!("* {id} {status}") } else { format!("* {id} {status} ({about})") }
}

fn latest(step: &Value) -> Option<&Value> {
    let attempts = step.get("attempts").into_iter().flat_map(items);
    attempts.max_by_key(|attempt| attempt.get("attempt").and_then(Value::as_u64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(step: &Value, expect: &str) {
        assert_eq!(line(step), expect);
    }

    #[test]
    fn a_line_says_where_a_step_is_and_why() {
        let first = |status: &str, reason: &str, error: Option<&str>| json!({"attempt": 1, "task_id": "t1", "status": status, "reason": reason, "error": error});
        let open = json!({"attempt": 2, "task_id": "t2", "status": null, "reason": null, "error": null});
        let done = first("completed", "COMPLETED", None);
        let failed = first("failed", "COMMAND_FAILED", Some("exit code 3"));
        check(&json!({"id": "a", "status": "ready", "attempts": []}), "* a ready");
        check(&json!({"id": "a", "status": "running"}), "* a running");
        check(&json!({"id": "a", "status": "running", "attempts": [done]}), "* a running (task t1)");
        check(&json!({"id": "a", "status": "running", "attempts": [open, failed]}), "* a running (attempt 2, task t2)");
        check(&json!({"id": "a", "status": "succeeded", "attempts": [done]}), "* a succeeded");
        check(&json!({"id": "a", "status": "succeeded", "kept": true, "attempts": []}), "* a succeeded (kept)");
        check(&json!({"id": "a", "status": "failed", "attempts": [failed]}), "* a failed (exit code 3)");
        check(&json!({"id": "a", "status": "failed", "detail": "no", "attempts": [failed]}), "* a failed (no)");
        let quiet = first("cancelled", "CANCELLED", None);
        check(&json!({"id": "a", "status": "cancelled", "attempts": [quiet]}), "* a cancelled (CANCELLED)");
        check(&Value::Null, "*  ");
    }
}
