//! What an event is once the door has let it through.

use std::collections::BTreeMap;
use std::fmt;

use jct_contract::{DocumentLimits, Sha256Digest, Timestamp, canonical_json, parse_document};
use serde_json::{Map, Value};

use super::{query, read};
use crate::tower_event::TowerEvent;
use crate::{EventData, EventError, EventPriority, EventSource, EventType, ExtensionValue};

/// Something that happened, as it was handed in and before the tower has given it an id.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent(Parts);

/// What makes a repeated event the same event: the id that its source gave it, within that source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// Who gave the id.
    pub source: EventSource,
    /// The id, as it was given.
    pub id: String,
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of `{}`", self.id, self.source)
    }
}

/// The members of an event, each of them checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) event_type: EventType,
    pub(crate) source: EventSource,
    pub(crate) id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) data: EventData,
    pub(crate) content_type: Option<String>,
    pub(crate) data_schema: Option<String>,
    pub(crate) extensions: BTreeMap<String, ExtensionValue>,
    pub(crate) priority: EventPriority,
    pub(crate) tags: BTreeMap<String, String>,
}

impl NewEvent {
    /// The door for a JSON body. Only `type` (or `event_type`) and `source` are required.
    ///
    /// # Errors
    /// [`EventError::Malformed`] if the bytes are not one JSON text, else [`EventError::Violations`] with all of them.
    /// A type that is reserved for the tower is a violation.
    pub fn from_json(bytes: &[u8]) -> Result<Self, EventError> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        read::event(document.root(), read::Reserved::Refused).map(Self).map_err(EventError::Violations)
    }

    /// The door for the query form: `event_type`, `source` and `priority` as parameters, in any letter case for the
    /// priority; `data`, which is required, and `tags` in the body. Parameters come decoded.
    ///
    /// # Errors
    /// As [`Self::from_json`]; a parameter stands in a violation as `/name`.
    pub fn from_query(parameters: &[(String, String)], body: &[u8]) -> Result<Self, EventError> {
        let document = parse_document(body, DocumentLimits::default())?;
        query::event(parameters, document.root()).map(Self).map_err(EventError::Violations)
    }

    /// Reads back what [`Self::to_document`] wrote, reserved types included: for a database, never for a caller.
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn from_stored(bytes: &[u8]) -> Result<Self, EventError> {
        let document = parse_document(bytes, DocumentLimits::default())?;
        read::event(document.root(), read::Reserved::Taken).map(Self).map_err(EventError::Violations)
    }

    /// What the tower itself has to say. `id` makes it the same event however often it is emitted: the audit entry or
    /// the transition that it tells of.
    #[must_use]
    pub fn of_tower(event: &TowerEvent, id: String, time: Timestamp) -> Self {
        Self(Parts {
            event_type: event.kind().event_type(),
            source: EventSource::of_tower(),
            id: Some(id),
            subject: Some(event.subject()),
            time: Some(time),
            data: EventData::Json(event.data()),
            content_type: None,
            data_schema: None,
            extensions: BTreeMap::new(),
            priority: event.priority(),
            tags: BTreeMap::new(),
        })
    }

    pub(crate) const fn of_parts(parts: Parts) -> Self {
        Self(parts)
    }

    pub(crate) const fn parts(&self) -> &Parts {
        &self.0
    }

    /// What kind of thing happened.
    #[must_use]
    pub const fn event_type(&self) -> &EventType {
        &self.0.event_type
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> &EventSource {
        &self.0.source
    }

    /// The id that the source gave it, 1 to 256 characters.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// What makes a repetition the same event; `None` if the source gave it no id, and each is then an event of its
    /// own.
    #[must_use]
    pub fn key(&self) -> Option<EventKey> {
        let id = self.0.id.clone()?;
        Some(EventKey { source: self.0.source.clone(), id })
    }

    /// What it is about, within its source.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// When it happened, as its source says.
    #[must_use]
    pub const fn time(&self) -> Option<Timestamp> {
        self.0.time
    }

    /// What it says about what happened.
    #[must_use]
    pub const fn data(&self) -> &EventData {
        &self.0.data
    }

    /// The content type of the data, if its source named one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    /// The address of the data's schema; nothing fetches it.
    #[must_use]
    pub fn data_schema(&self) -> Option<&str> {
        self.0.data_schema.as_deref()
    }

    /// The extension attributes that it came with as a CloudEvent.
    #[must_use]
    pub const fn extensions(&self) -> &BTreeMap<String, ExtensionValue> {
        &self.0.extensions
    }

    /// How urgent it is.
    #[must_use]
    pub const fn priority(&self) -> EventPriority {
        self.0.priority
    }

    /// Its tags.
    #[must_use]
    pub const fn tags(&self) -> &BTreeMap<String, String> {
        &self.0.tags
    }

    /// The event as an object of the body form. What is absent is left out, so that equal events are equal documents.
    #[must_use]
    pub fn to_document(&self) -> Map<String, Value> {
        let Parts { event_type, source, id, subject, time, data, content_type, data_schema, .. } = &self.0;
        let mut document = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                document.insert(name.to_owned(), value);
            }
        };
        let text = |text: &Option<String>| text.clone().map(Value::String);
        put("type", Some(event_type.as_str().into()));
        put("source", Some(source.as_str().into()));
        put("id", text(id));
        put("subject", text(subject));
        put("time", time.map(|at| at.to_string().into()));
        put("data", data.json().cloned());
        put("data_base64", data.base64().map(Into::into));
        put("data_content_type", text(content_type));
        put("data_schema", text(data_schema));
        let extensions: Map<_, _> =
            self.0.extensions.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        put("extensions", (!extensions.is_empty()).then_some(Value::Object(extensions)));
        put("priority", Some(self.0.priority.as_str().into()));
        let tags: Map<_, _> =
            self.0.tags.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        put("tags", (!tags.is_empty()).then_some(Value::Object(tags)));
        document
    }

    /// The digest of the canonical encoding of [`Self::to_document`]: whether a repetition under the same [`EventKey`]
    /// says the same.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(canonical_json(&Value::Object(self.to_document())).as_bytes())
    }
}
