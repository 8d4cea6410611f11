//! What a change of status answers: the task as it is now.

use serde_json::Value;

use crate::client::Answer;
use crate::failure::Failure;
use crate::output::Output;

/// Prints the answer to a change. `wished` is the status that was asked for.
pub(super) fn print(answer: &Answer, wished: &str, output: &Output) -> Result<(), Failure> {
    let body = answer.json()?;
    if output.is_json() {
        return output.document(&body);
    }
    let task = body.get("task").unwrap_or(&body);
    let text = |name: &str| task.get(name).and_then(Value::as_str);
    let (id, status) = (text("task_id").unwrap_or("task"), text("status").unwrap_or("changed"));
    if status == wished {
        output.line(format!("{id} {status}"))
    } else {
        output.line(format!("{id} {status}, asked to become {wished}"))
    }
}
