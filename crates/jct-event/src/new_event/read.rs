//! The body form: one object with everything in it.

use std::collections::BTreeMap;

use jct_contract::door::{self, Field, Fields, Names, Path, Violations};
use jct_contract::{JsonValue, Violation, ViolationCode};

use super::{Parts, tags};
use crate::limits::{DATA_SCHEMA_MAX_CHARS, EXTENSIONS_MAX_ITEMS, ID_MAX_CHARS, SUBJECT_MAX_CHARS};
use crate::{EventData, EventSource, EventType, ExtensionValue, text};

const NAMES: [&str; 13] = [
    "type",
    "event_type",
    "source",
    "id",
    "subject",
    "time",
    "data",
    "data_base64",
    "data_content_type",
    "data_schema",
    "extensions",
    "priority",
    "tags",
];

/// What to do with a type that only the tower itself may say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reserved {
    Refused,
    Taken,
}

pub(super) fn event(value: &JsonValue<'_>, reserved: Reserved) -> Result<Parts, Vec<Violation>> {
    let (root, mut found) = (Path::Root, Violations::default());
    let Some(fields) = Fields::open(value, &root, Names::only(&NAMES), &mut found) else {
        return Err(found.into_vec());
    };
    let event_type = event_type(&fields, reserved, &mut found);
    let source = fields.required("source", &mut found).and_then(|field| source(field, reserved, &mut found));
    let id = printable(&fields, "id", 1..=ID_MAX_CHARS, &mut found);
    let subject = printable(&fields, "subject", 1..=SUBJECT_MAX_CHARS, &mut found);
    let time = fields.get("time").and_then(|field| {
        let written = door::any_text(field, &mut found)?;
        text::moment(written, field.path, &mut found)
    });
    let data = data(&fields, &mut found);
    let content_type = fields.get("data_content_type").and_then(|field| {
        let written = door::any_text(field, &mut found)?;
        Some(text::content_type(written, field.path, &mut found))
    });
    let data_schema = printable(&fields, "data_schema", 1..=DATA_SCHEMA_MAX_CHARS, &mut found);
    let extensions = fields.get("extensions").map(|field| extensions(field, &mut found)).unwrap_or_default();
    let priority = fields.get("priority").and_then(|field| text::parsed(field, &mut found)).unwrap_or_default();
    let tags = fields.get("tags").map(|field| tags::read(field, &mut found)).unwrap_or_default();
    match (event_type, source) {
        (Some(event_type), Some(source)) if found.is_empty() => Ok(Parts {
            event_type,
            source,
            id,
            subject,
            time,
            data,
            content_type,
            data_schema,
            extensions,
            priority,
            tags,
        }),
        _ => Err(found.into_vec()),
    }
}

fn event_type(fields: &Fields<'_, '_, '_>, reserved: Reserved, found: &mut Violations) -> Option<EventType> {
    let field = match (fields.get("type"), fields.get("event_type")) {
        (Some(field), Some(other)) if field.value != other.value => {
            let message = "`type` and `event_type` are one field with two names and differ";
            found.report(other.path, ViolationCode::ValueNotAllowed, message);
            field
        }
        (Some(field), _) | (None, Some(field)) => field,
        (None, None) => fields.required("type", found)?,
    };
    let event_type = text::parsed(field, found)?;
    if reserved == Reserved::Refused {
        refuse_reserved(&event_type, field.path, found);
    }
    Some(event_type)
}

fn source(field: Field<'_, '_, '_>, reserved: Reserved, found: &mut Violations) -> Option<EventSource> {
    let source: EventSource = text::parsed(field, found)?;
    if reserved == Reserved::Refused {
        refuse_reserved_source(&source, field.path, found);
    }
    Some(source)
}

/// Reports a source that only the tower itself has.
pub(crate) fn refuse_reserved_source(source: &EventSource, path: Path<'_>, found: &mut Violations) {
    if source.is_reserved() {
        let message = "sources that begin with `urn:jct:` are the tower's own; choose another name";
        found.report(path, ViolationCode::ValueNotAllowed, message);
    }
}

/// Reports a type that only the tower itself may say.
pub(crate) fn refuse_reserved(event_type: &EventType, path: Path<'_>, found: &mut Violations) {
    if event_type.is_reserved() {
        let domain = event_type.domain();
        let message = format!("types of the domain `{domain}` are the tower's own; choose another domain");
        found.report(path, ViolationCode::ValueNotAllowed, message);
    }
}

fn printable(
    fields: &Fields<'_, '_, '_>,
    name: &'static str,
    chars: std::ops::RangeInclusive<usize>,
    found: &mut Violations,
) -> Option<String> {
    let field = fields.get(name)?;
    let written = door::any_text(field, found)?;
    Some(text::printable(written, field.path, &chars, found))
}

fn data(fields: &Fields<'_, '_, '_>, found: &mut Violations) -> EventData {
    match (fields.get("data"), fields.get("data_base64")) {
        (None, None) => EventData::None,
        (Some(field), None) => EventData::read_json(field.value, field.path, found),
        (None, Some(field)) => match door::any_text(field, found) {
            Some(written) => EventData::read_base64(written, field.path, found),
            None => EventData::None,
        },
        (Some(_), Some(field)) => {
            let message = "`data` and `data_base64` exclude each other";
            found.report(field.path, ViolationCode::ValueNotAllowed, message);
            EventData::None
        }
    }
}

fn extensions(field: Field<'_, '_, '_>, found: &mut Violations) -> BTreeMap<String, ExtensionValue> {
    let JsonValue::Object(object) = field.value else {
        door::wrong_type(field, "an object", found);
        return BTreeMap::new();
    };
    if object.len() > EXTENSIONS_MAX_ITEMS {
        let message = format!("must have at most {EXTENSIONS_MAX_ITEMS} entries, has {}", object.len());
        found.report(field.path, ViolationCode::TooManyItems, message);
    }
    for name in object.repeated_names() {
        found.report(field.path.name(name), ViolationCode::DuplicateKey, "the name is written more than once");
    }
    let read = object.iter().filter_map(|(name, value)| {
        let path = field.path.name(name);
        Some((name.to_owned(), ExtensionValue::read(name, Field { value, path }, found)?))
    });
    read.collect()
}
