//! Tags: short notes by name. In a CloudEvent they travel as one JSON text, because attributes do not nest.

use std::collections::BTreeMap;

use jct_contract::door::{self, Field, Path, Violations};
use jct_contract::{DocumentLimits, JsonValue, ViolationCode, parse_document};
use serde_json::{Map, Value};

use crate::limits::{TAG_NAME_MAX_CHARS, TAG_VALUE_MAX_CHARS, TAGS_MAX_ITEMS};
use crate::text;

/// Reads an object of texts.
pub(super) fn read(field: Field<'_, '_, '_>, violations: &mut Violations) -> BTreeMap<String, String> {
    let JsonValue::Object(object) = field.value else {
        door::wrong_type(field, "an object of strings", violations);
        return BTreeMap::new();
    };
    if object.len() > TAGS_MAX_ITEMS {
        let message = format!("must have at most {TAGS_MAX_ITEMS} tags, has {}", object.len());
        violations.report(field.path, ViolationCode::TooManyItems, message);
    }
    for name in object.repeated_names() {
        violations.report(field.path.name(name), ViolationCode::DuplicateKey, "the name is written more than once");
    }
    let mut tags = BTreeMap::new();
    for (name, value) in object.iter() {
        let path = field.path.name(name);
        let name = text::printable(name, path, &(1..=TAG_NAME_MAX_CHARS), violations);
        if let Some(value) = door::any_text(Field { value, path }, violations) {
            tags.insert(name, text::printable(value, path, &(0..=TAG_VALUE_MAX_CHARS), violations));
        }
    }
    tags
}

/// Reads the JSON text of a CloudEvent's extension attribute.
pub(crate) fn from_text(json: &str, path: Path<'_>, violations: &mut Violations) -> BTreeMap<String, String> {
    match parse_document(json.as_bytes(), DocumentLimits::default()) {
        Ok(document) => read(Field { value: document.root(), path }, violations),
        Err(_) => {
            violations.report(path, ViolationCode::ValueNotAllowed, "must be the JSON text of an object of strings");
            BTreeMap::new()
        }
    }
}

/// Writes that text.
pub(crate) fn to_text(tags: &BTreeMap<String, String>) -> String {
    let tags: Map<_, _> = tags.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Value::Object(tags).to_string()
}
