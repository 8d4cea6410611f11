//! Free-form objects: everything may be written in them, but what is written must be carried exactly.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::check;
use crate::executor::ExecutorName;
use crate::isolation::IsolationLevel;
use crate::json::{JsonNumber, JsonObject, JsonValue};
use crate::limits::FREE_FORM_MAX_DEPTH;
use crate::pointer::Path;
use crate::violation::{ViolationCode, Violations};

/// Converts a free-form object of at most [`FREE_FORM_MAX_DEPTH`] levels, reporting what cannot be carried; the result is
/// only to be used when nothing was reported.
pub fn object(object: &JsonObject<'_>, path: Path<'_>, violations: &mut Violations) -> Map<String, Value> {
    members(object, path, FREE_FORM_MAX_DEPTH - 1, violations)
}

/// Converts any free-form value under the same rules; one that is no object may nest as deep as an object may.
pub fn any(json: &JsonValue<'_>, path: Path<'_>, violations: &mut Violations) -> Value {
    value(json, path, FREE_FORM_MAX_DEPTH, violations)
}

/// `levels` more may nest inside.
fn members(object: &JsonObject<'_>, path: Path<'_>, levels: usize, violations: &mut Violations) -> Map<String, Value> {
    repeated_names(object, path, violations);
    let mut map = Map::with_capacity(object.len());
    for (name, member) in object.iter() {
        nul_in_name(name, path, violations);
        map.insert(name.to_owned(), value(member, path.name(name), levels, violations));
    }
    map
}

fn value(json: &JsonValue<'_>, path: Path<'_>, levels: usize, violations: &mut Violations) -> Value {
    match (json, levels.checked_sub(1)) {
        (JsonValue::Null, _) => Value::Null,
        (JsonValue::Bool(value), _) => Value::Bool(*value),
        (JsonValue::Number(number), _) => exact(*number, path, violations),
        (JsonValue::String(text), _) => {
            without_nul(text, path, violations);
            Value::String(text.clone().into_owned())
        }
        (JsonValue::Array(items), Some(levels)) => {
            let items = items.iter().enumerate();
            Value::Array(items.map(|(index, item)| value(item, path.index(index), levels, violations)).collect())
        }
        (JsonValue::Object(object), Some(levels)) => Value::Object(members(object, path, levels, violations)),
        (JsonValue::Array(_) | JsonValue::Object(_), None) | (JsonValue::TooDeep, _) => {
            let message = format!("nested deeper than {FREE_FORM_MAX_DEPTH} levels");
            violations.report(path, ViolationCode::TooDeep, message);
            Value::Null
        }
    }
}

fn exact(number: JsonNumber<'_>, path: Path<'_>, violations: &mut Violations) -> Value {
    number.exact().map_or_else(
        || {
            not_exact(number, path, violations);
            Value::Null
        },
        Value::Number,
    )
}

/// Reports a number that no double carries.
pub(crate) fn not_exact(number: JsonNumber<'_>, path: Path<'_>, violations: &mut Violations) {
    let text = excerpt(number.text());
    let message = format!("the number `{text}` cannot be carried exactly");
    violations.report(path, ViolationCode::NumberNotExact, message);
}

/// Reports U+0000 in a string; databases cannot store it.
pub fn without_nul(text: &str, path: Path<'_>, violations: &mut Violations) {
    if text.contains('\0') {
        violations.report(path, ViolationCode::NulCharacter, "the text contains U+0000");
    }
}

/// Reports repeated names and U+0000 in a value that is otherwise ignored.
pub(crate) fn hygiene(json: &JsonValue<'_>, path: Path<'_>, violations: &mut Violations) {
    match json {
        JsonValue::String(text) => without_nul(text, path, violations),
        JsonValue::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| hygiene(item, path.index(index), violations));
        }
        JsonValue::Object(object) => {
            repeated_names(object, path, violations);
            for (name, member) in object.iter() {
                nul_in_name(name, path, violations);
                hygiene(member, path.name(name), violations);
            }
        }
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::TooDeep => {}
    }
}

fn nul_in_name(name: &str, parent: Path<'_>, violations: &mut Violations) {
    if name.contains('\0') {
        violations.report(parent.name(name), ViolationCode::NulCharacter, "the name contains U+0000");
    }
}

/// Reports every name that an object repeats.
pub(crate) fn repeated_names(object: &JsonObject<'_>, path: Path<'_>, violations: &mut Violations) {
    for name in object.repeated_names() {
        violations.report(path.name(name), ViolationCode::DuplicateKey, "the name is written more than once");
    }
}

/// At most 64 characters of what the caller wrote, to show it back.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 64;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Checks the members of `inputs` that the tower itself reads; `null` is the same as absent. `criteria` are those that a
/// check may name.
pub(crate) fn known_inputs(
    inputs: &Map<String, Value>,
    criteria: &[&str],
    path: Path<'_>,
    violations: &mut Violations,
) {
    match inputs.get("executor") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) if name.parse::<ExecutorName>().is_ok() => {}
        Some(_) => {
            let message = "must be a string of 1 to 64 characters of `a-z 0-9 _ -`";
            violations.report(path.name("executor"), ViolationCode::InvalidExecutor, message);
        }
    }
    if let Some(command) = inputs.get("command").filter(|command| !command.is_null())
        && commands(command).is_none()
    {
        let message =
            "must be a non-empty array of strings that begins with the program, or a non-empty array of such arrays";
        violations.report(path.name("command"), ViolationCode::InvalidCommand, message);
    }
    match inputs.get("isolation") {
        None | Some(Value::Null) => {}
        Some(Value::String(level)) if level.parse::<IsolationLevel>().is_ok() => {}
        Some(_) => {
            let message = "must be one of `L0`, `L1`, `L2`, `L3`";
            violations.report(path.name("isolation"), ViolationCode::InvalidIsolation, message);
        }
    }
    if let Some(checks) = inputs.get("checks") {
        check::read(checks, criteria, path.name("checks"), violations);
    }
}

/// Reads `inputs.command`: one command, or a list of them.
pub(crate) fn commands(value: &Value) -> Option<Vec<Vec<String>>> {
    let items = value.as_array()?;
    if items.first()?.is_string() {
        return Some(vec![command(value)?]);
    }
    items.iter().map(command).collect()
}

/// Reads one command: a program and its arguments.
pub(crate) fn command(value: &Value) -> Option<Vec<String>> {
    let words: Option<Vec<_>> = value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect();
    words.filter(|words| words.first().is_some_and(|program| !program.is_empty()))
}
