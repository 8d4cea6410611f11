//! Cells of tables, out of answers that may know more than this client.

use jct_contract::Timestamp;
use serde_json::Value;

use crate::output::age;

/// The entries of a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A value as the text of a cell: lists joined, nothing for nothing.
pub(super) fn text(object: &Value, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        Some(other) => other.to_string(),
    }
}

/// A moment as its age.
pub(super) fn moment(object: &Value, name: &str, now: Timestamp) -> String {
    let at = text(object, name);
    at.parse().map_or(at, |moment| age(moment, now))
}

/// Somebody, by name and kind.
pub(super) fn actor(actor: &Value) -> String {
    format!("{} ({})", text(actor, "actor_id"), text(actor, "actor_kind"))
}
