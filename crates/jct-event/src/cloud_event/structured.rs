//! The structured form: attributes and data in one JSON object, alone or in an array.

use std::collections::BTreeMap;

use jct_contract::door::{self, Field, Path, Violations};
use jct_contract::{DocumentLimits, JsonObject, JsonValue, ViolationCode, parse_document};
use serde_json::{Map, Value};

use super::event::SPEC_VERSION;
use super::{CloudEvent, ExtensionValue};
use crate::limits::{BATCH_MAX_EVENTS, DATA_SCHEMA_MAX_CHARS, EXTENSIONS_MAX_ITEMS, ID_MAX_CHARS, SUBJECT_MAX_CHARS};
use crate::{EventData, EventError, text};

/// The members that are no extension attributes.
const NAMES: [&str; 10] =
    ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"];

impl CloudEvent {
    /// Reads one event in structured form.
    ///
    /// # Errors
    /// [`EventError::Malformed`] if the bytes are not one JSON text, else [`EventError::Violations`] with all of them.
    pub fn from_structured(bytes: &[u8]) -> Result<Self, EventError> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        let mut found = Violations::default();
        let event = read(Field { value: document.root(), path: Path::Root }, &mut found);
        event.filter(|_| found.is_empty()).ok_or_else(|| EventError::Violations(found.into_vec()))
    }

    /// Reads an array of events, 1 to 100. One bad event refuses the batch, so that a caller never has to find out how
    /// much of it was taken.
    ///
    /// # Errors
    /// As [`Self::from_structured`]; pointers begin with the place in the array.
    pub fn from_batch(bytes: &[u8]) -> Result<Vec<Self>, EventError> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        let (root, mut found) = (Path::Root, Violations::default());
        let Some(items) = document.root().as_array() else {
            door::wrong_type(Field { value: document.root(), path: root }, "an array of events", &mut found);
            return Err(EventError::Violations(found.into_vec()));
        };
        if items.is_empty() {
            found.report(root, ViolationCode::Required, "a batch has at least one event");
        }
        if items.len() > BATCH_MAX_EVENTS {
            let message = format!("must have at most {BATCH_MAX_EVENTS} events, has {}", items.len());
            found.report(root, ViolationCode::TooManyItems, message);
            return Err(EventError::Violations(found.into_vec()));
        }
        let items = items.iter().enumerate();
        let events: Vec<_> =
            items.filter_map(|(index, value)| read(Field { value, path: root.index(index) }, &mut found)).collect();
        if found.is_empty() { Ok(events) } else { Err(EventError::Violations(found.into_vec())) }
    }

    /// The event in structured form; its content type is [`super::STRUCTURED_CONTENT_TYPE`].
    #[must_use]
    pub fn to_structured(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let text = |text: &Option<String>| text.clone().map(Value::String);
        put("specversion", Some(SPEC_VERSION.into()));
        put("id", Some(self.id.as_str().into()));
        put("source", Some(self.source.as_str().into()));
        put("type", Some(self.event_type.as_str().into()));
        put("subject", text(&self.subject));
        put("time", self.time.map(|at| at.to_string().into()));
        put("datacontenttype", text(&self.content_type));
        put("dataschema", text(&self.data_schema));
        for (name, value) in &self.extensions {
            put(name, Some(value.to_json()));
        }
        put("data", self.data.json().cloned());
        put("data_base64", self.data.base64().map(Into::into));
        members
    }
}

fn read(field: Field<'_, '_, '_>, found: &mut Violations) -> Option<CloudEvent> {
    let JsonValue::Object(object) = field.value else {
        door::wrong_type(field, "an object", found);
        return None;
    };
    for name in object.repeated_names() {
        found.report(field.path.name(name), ViolationCode::DuplicateKey, "the name is written more than once");
    }
    let read = Members { object, path: field.path };
    read.spec_version(found);
    let id = read.required("id", found).and_then(|field| {
        let written = door::any_text(field, found)?;
        Some(text::printable(written, field.path, &(1..=ID_MAX_CHARS), found))
    });
    let source = read.required("source", found).and_then(|field| text::parsed(field, found));
    let event_type = read.required("type", found).and_then(|field| text::parsed(field, found));
    let subject = read.printable("subject", 1..=SUBJECT_MAX_CHARS, found);
    let time = read.get("time").and_then(|field| {
        let written = door::any_text(field, found)?;
        text::moment(written, field.path, found)
    });
    let content_type = read.get("datacontenttype").and_then(|field| {
        let written = door::any_text(field, found)?;
        Some(text::content_type(written, field.path, found))
    });
    let data_schema = read.printable("dataschema", 1..=DATA_SCHEMA_MAX_CHARS, found);
    let data = read.data(found);
    let extensions = read.extensions(found);
    Some(CloudEvent {
        id: id?,
        source: source?,
        event_type: event_type?,
        subject,
        time,
        content_type,
        data_schema,
        extensions,
        data,
    })
}

/// The members of one event. Unlike those of the tower's own objects, names that are not known are extensions.
struct Members<'p, 'd, 'a> {
    object: &'d JsonObject<'a>,
    path: Path<'p>,
}

impl<'d, 'a> Members<'_, 'd, 'a> {
    fn get<'s>(&'s self, name: &'s str) -> Option<Field<'s, 'd, 'a>> {
        let value = self.object.get(name).filter(|value| !matches!(value, JsonValue::Null))?;
        Some(Field { value, path: self.path.name(name) })
    }

    fn required<'s>(&'s self, name: &'s str, found: &mut Violations) -> Option<Field<'s, 'd, 'a>> {
        let field = self.get(name);
        if field.is_none() {
            found.report(self.path.name(name), ViolationCode::Required, "the attribute is required");
        }
        field
    }

    fn printable(&self, name: &str, chars: std::ops::RangeInclusive<usize>, found: &mut Violations) -> Option<String> {
        let field = self.get(name)?;
        let written = door::any_text(field, found)?;
        Some(text::printable(written, field.path, &chars, found))
    }

    fn spec_version(&self, found: &mut Violations) {
        let Some(field) = self.required("specversion", found) else { return };
        if field.value.as_str() != Some(SPEC_VERSION) {
            found.report(field.path, ViolationCode::ValueNotAllowed, "must be `1.0`");
        }
    }

    fn data(&self, found: &mut Violations) -> EventData {
        // `null` is a value that data may have, unlike an attribute; it says as much as no data.
        match (self.get("data"), self.get("data_base64")) {
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

    fn extensions(&self, found: &mut Violations) -> BTreeMap<String, ExtensionValue> {
        let others = || self.object.iter().filter(|(name, _)| !NAMES.contains(name));
        let count = others().count();
        if count > EXTENSIONS_MAX_ITEMS {
            let message = format!("must have at most {EXTENSIONS_MAX_ITEMS} extension attributes, has {count}");
            found.report(self.path, ViolationCode::TooManyItems, message);
            return BTreeMap::new();
        }
        let read = others().filter_map(|(name, value)| {
            let path = self.path.name(name);
            Some((name.to_owned(), ExtensionValue::read(name, Field { value, path }, found)?))
        });
        read.collect()
    }
}
