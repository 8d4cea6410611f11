//! Reads a request's JSON into the tree that documents are read into, so that both are refused in the same words.

use jct_contract::door::Path;
use jct_contract::{DocumentLimits, JsonNumber, JsonValue, parse_document};
use serde_json::Value as Json;

use crate::code::ViolationCode;
use crate::limits::MANIFEST_MAX_DEPTH;
use crate::node::{Entry, Node, Value};
use crate::secrets;
use crate::violation::Found;

/// Reads bytes, reporting whatever is wrong with them as JSON.
pub(crate) fn read(bytes: &[u8], found: &mut Found) -> Option<Node> {
    match parse_document(bytes, DocumentLimits::with_max_depth(MANIFEST_MAX_DEPTH)) {
        Ok(document) => Some(node(document.root(), Path::Root, found)),
        Err(error) => {
            let message = format!("{} at line {}, column {}", error.message(), error.line(), error.column());
            found.report(Path::Root, 0, ViolationCode::JsonInvalid, message);
            None
        }
    }
}

/// Takes a value that was parsed elsewhere; repeated names and the text of numbers are lost by then.
pub(crate) fn from_value(json: &Json, path: Path<'_>, depth: usize, found: &mut Found) -> Node {
    let value = match json {
        Json::Array(_) | Json::Object(_) if depth >= MANIFEST_MAX_DEPTH => too_deep(path, found),
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Integer(value),
            (None, Some(value)) if !number.is_u64() => Value::Float(value),
            _ => not_exact(path, found),
        },
        Json::String(text) => string(text, path, found),
        Json::Array(items) => {
            let each = items.iter().enumerate();
            Value::List(each.map(|(index, item)| from_value(item, path.index(index), depth + 1, found)).collect())
        }
        Json::Object(members) => {
            let each = members.iter().map(|(name, value)| {
                let name = key(name, path, found);
                let value = from_value(value, path.name(&name.key), depth + 1, found);
                Entry { value, ..name }
            });
            Value::Map(each.collect())
        }
    };
    Node::new(0, value)
}

fn node(json: &JsonValue<'_>, path: Path<'_>, found: &mut Found) -> Node {
    let value = match json {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Bool(*value),
        JsonValue::Number(number) => number_of(*number, path, found),
        JsonValue::String(text) => string(text, path, found),
        JsonValue::Array(items) => {
            let each = items.iter().enumerate();
            Value::List(each.map(|(index, item)| node(item, path.index(index), found)).collect())
        }
        JsonValue::Object(members) => {
            let mut names = std::collections::HashSet::new();
            let each = members.iter().map(|(name, value)| {
                let mut entry = key(name, path, found);
                if !entry.refused && !names.insert(name) {
                    let message = "this name is written a second time in one object";
                    found.report(path.name(name), 0, ViolationCode::DuplicateKey, message);
                    entry.refused = true;
                }
                let value = node(value, path.name(&entry.key), found);
                Entry { value, ..entry }
            });
            Value::Map(each.collect())
        }
        JsonValue::TooDeep => too_deep(path, found),
    };
    Node::new(0, value)
}

/// A name, masked if it looks like a secret.
fn key(name: &str, path: Path<'_>, found: &mut Found) -> Entry {
    let (key, refused) = match secrets::rule_of(name) {
        Some(rule) => {
            found.secret(path.name(secrets::MASK), 0, rule, "the name looks like a secret");
            (secrets::MASK.to_owned(), true)
        }
        None => (name.to_owned(), false),
    };
    Entry { key, line: 0, value: Node::new(0, Value::Null), refused }
}

fn string(text: &str, path: Path<'_>, found: &mut Found) -> Value {
    if text.contains('\0') {
        found.report(path, 0, ViolationCode::NulCharacter, "the text contains U+0000");
        return Value::Refused;
    }
    Value::Text(text.to_owned())
}

fn number_of(number: JsonNumber<'_>, path: Path<'_>, found: &mut Found) -> Value {
    if let Some(value) = number.as_integer().filter(|_| number.is_integer()) {
        return Value::Integer(value);
    }
    match number.exact().and_then(|number| number.as_f64()).filter(|_| !number.is_integer()) {
        Some(value) => Value::Float(value),
        None => not_exact(path, found),
    }
}

fn not_exact(path: Path<'_>, found: &mut Found) -> Value {
    found.report(path, 0, ViolationCode::NumberNotExact, "the number cannot be carried exactly");
    Value::Refused
}

fn too_deep(path: Path<'_>, found: &mut Found) -> Value {
    let message = format!("objects and arrays are nested at most {MANIFEST_MAX_DEPTH} levels deep");
    found.report(path, 0, ViolationCode::YamlTooDeep, message);
    Value::Refused
}
