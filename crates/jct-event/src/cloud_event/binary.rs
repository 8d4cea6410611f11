//! The binary form: attributes in headers that begin with `ce-`, the data as the body.

use std::collections::BTreeMap;

use jct_contract::door::{Path, Violations};
use jct_contract::{DocumentLimits, ViolationCode, parse_document};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::event::SPEC_VERSION;
use super::{CloudEvent, ExtensionValue, extension, mode};
use crate::limits::{DATA_SCHEMA_MAX_CHARS, EXTENSIONS_MAX_ITEMS, ID_MAX_CHARS, SUBJECT_MAX_CHARS};
use crate::{EventData, EventError, text};

const PREFIX: &str = "ce-";
/// What a header's value cannot hold as it is (HTTP binding 1.0.2, section 3.1.3.2); beyond ASCII all is encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(0x7f);

/// A message in binary form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryMessage {
    /// Names in lower case with their values, `content-type` among them if there is data.
    pub headers: Vec<(String, String)>,
    /// The data.
    pub body: Vec<u8>,
}

impl CloudEvent {
    /// Reads an event in binary form. `headers` are all headers of the message, in any letter case; those that neither
    /// begin with `ce-` nor are the content type are passed over.
    ///
    /// # Errors
    /// [`EventError::Malformed`] if the content type says JSON and the body is not, else [`EventError::Violations`]
    /// with all of them; an attribute stands in them as `/name`, without the `ce-`.
    pub fn from_binary<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: &[u8],
    ) -> Result<Self, EventError> {
        let (root, mut found) = (Path::Root, Violations::default());
        let attributes = Attributes::gather(headers, &mut found);
        let content_type = attributes.content_type.as_deref();
        let content_type =
            content_type.map(|written| text::content_type(written, root.name("datacontenttype"), &mut found));
        let data = data(content_type.as_deref(), body, &mut found)?;
        attributes
            .read(content_type, data, &mut found)
            .filter(|_| found.is_empty())
            .ok_or_else(|| EventError::Violations(found.into_vec()))
    }

    /// The event in binary form.
    #[must_use]
    pub fn to_binary(&self) -> BinaryMessage {
        let mut headers = Vec::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                headers.push((format!("{PREFIX}{name}"), utf8_percent_encode(value, ENCODED).to_string()));
            }
        };
        put("specversion", Some(SPEC_VERSION));
        put("id", Some(&self.id));
        put("source", Some(self.source.as_str()));
        put("type", Some(self.event_type.as_str()));
        put("subject", self.subject.as_deref());
        put("time", self.time.map(|at| at.to_string()).as_deref());
        put("dataschema", self.data_schema.as_deref());
        for (name, value) in &self.extensions {
            put(name, Some(&value.to_text()));
        }
        let is_json = mode::is_json(self.content_type.as_deref());
        let body = match &self.data {
            EventData::None => Vec::new(),
            // A text that is no JSON is the text itself.
            EventData::Json(Value::String(text)) if !is_json => text.as_bytes().to_vec(),
            EventData::Json(value) => value.to_string().into_bytes(),
            EventData::Base64(_) => self.data.bytes(),
        };
        let implied = match self.data {
            EventData::None => None,
            EventData::Json(_) => Some("application/json"),
            EventData::Base64(_) => Some("application/octet-stream"),
        };
        if let Some(content_type) = self.content_type.as_deref().or(implied) {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        BinaryMessage { headers, body }
    }
}

fn data(content_type: Option<&str>, body: &[u8], found: &mut Violations) -> Result<EventData, EventError> {
    let root = Path::Root;
    let path = root.name("data");
    if body.is_empty() {
        return Ok(EventData::None);
    }
    if mode::is_json(content_type) {
        let document = parse_document(body, DocumentLimits::default())?;
        return Ok(EventData::read_json(document.root(), path, found));
    }
    Ok(EventData::of_bytes(body, path, found))
}

/// The attributes by name, decoded.
struct Attributes {
    values: BTreeMap<String, String>,
    content_type: Option<String>,
}

impl Attributes {
    fn gather<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>, found: &mut Violations) -> Self {
        let mut gathered = Self { values: BTreeMap::new(), content_type: None };
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            if name == "content-type" {
                gathered.content_type = Some(value.trim().to_owned());
            }
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let path = Path::Root;
            let path = path.name(name);
            let Some(value) = decoded(value) else {
                found.report(path, ViolationCode::ValueNotAllowed, "the header is no percent-encoded UTF-8");
                continue;
            };
            if gathered.values.insert(name.to_owned(), value).is_some() {
                found.report(path, ViolationCode::DuplicateKey, "the header is given more than once");
            }
        }
        gathered
    }

    fn read(mut self, content_type: Option<String>, data: EventData, found: &mut Violations) -> Option<CloudEvent> {
        let root = Path::Root;
        let mut take = |name: &'static str| self.values.remove(name);
        let spec_version = take("specversion");
        if required(spec_version, "specversion", found).is_some_and(|version| version != SPEC_VERSION) {
            found.report(root.name("specversion"), ViolationCode::ValueNotAllowed, "must be `1.0`");
        }
        let id = required(take("id"), "id", found)
            .map(|written| text::printable(&written, root.name("id"), &(1..=ID_MAX_CHARS), found));
        let source = required(take("source"), "source", found)
            .and_then(|written| text::parsed_text(&written, root.name("source"), found));
        let event_type = required(take("type"), "type", found)
            .and_then(|written| text::parsed_text(&written, root.name("type"), found));
        let subject = take("subject")
            .map(|written| text::printable(&written, root.name("subject"), &(1..=SUBJECT_MAX_CHARS), found));
        let time = take("time").and_then(|written| text::moment(&written, root.name("time"), found));
        let data_schema = take("dataschema")
            .map(|written| text::printable(&written, root.name("dataschema"), &(1..=DATA_SCHEMA_MAX_CHARS), found));
        let extensions = extensions(self.values, found);
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
}

fn extensions(values: BTreeMap<String, String>, found: &mut Violations) -> BTreeMap<String, ExtensionValue> {
    let root = Path::Root;
    if values.len() > EXTENSIONS_MAX_ITEMS {
        let message = format!("must have at most {EXTENSIONS_MAX_ITEMS} extension attributes, has {}", values.len());
        found.report(root, ViolationCode::TooManyItems, message);
        return BTreeMap::new();
    }
    let read = values.into_iter().map(|(name, value)| {
        extension::check_name(&name, root.name(&name), found);
        let value = ExtensionValue::of_text(&value, root.name(&name), found);
        (name, value)
    });
    read.collect()
}

fn required(value: Option<String>, name: &str, found: &mut Violations) -> Option<String> {
    if value.is_none() {
        let root = Path::Root;
        found.report(root.name(name), ViolationCode::Required, "the header is required");
    }
    value
}

/// Takes the value of a header out of its quotes and its percent-encoding, in this order.
fn decoded(value: &str) -> Option<String> {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = match inner {
        Some(inner) => unescaped(inner),
        None => value.to_owned(),
    };
    percent_decode_str(&value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn unescaped(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}
