//! What an event says about what happened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jct_contract::canonical_json;
use jct_contract::door::{Path, Violations};
use jct_contract::{JsonValue, ViolationCode, door};
use serde_json::Value;

use crate::limits::DATA_MAX_BYTES;

/// What an event says about what happened: JSON, or bytes that are kept as base64 and never looked into.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum EventData {
    /// Nothing beyond the attributes.
    #[default]
    None,
    /// A JSON value; texts of other content types are JSON strings.
    Json(Value),
    /// Bytes, in standard base64 with padding.
    Base64(String),
}

impl EventData {
    /// The JSON value, if it is one.
    #[must_use]
    pub const fn json(&self) -> Option<&Value> {
        if let Self::Json(value) = self { Some(value) } else { None }
    }

    /// The base64 text, if it is bytes.
    #[must_use]
    pub fn base64(&self) -> Option<&str> {
        if let Self::Base64(text) = self { Some(text) } else { None }
    }

    /// Reads a JSON value, reporting what cannot be carried.
    pub(crate) fn read_json(value: &JsonValue<'_>, path: Path<'_>, violations: &mut Violations) -> Self {
        let value = door::free_form_value(value, path, violations);
        let length = canonical_json(&value).len();
        too_large(length, path, violations);
        Self::Json(value)
    }

    /// Reads base64 text.
    pub(crate) fn read_base64(text: &str, path: Path<'_>, violations: &mut Violations) -> Self {
        match STANDARD.decode(text) {
            Ok(bytes) => too_large(bytes.len(), path, violations),
            Err(_) => violations.report(path, ViolationCode::ValueNotAllowed, "must be base64 with padding"),
        }
        Self::Base64(text.to_owned())
    }

    /// Keeps bytes.
    pub(crate) fn of_bytes(bytes: &[u8], path: Path<'_>, violations: &mut Violations) -> Self {
        too_large(bytes.len(), path, violations);
        Self::Base64(STANDARD.encode(bytes))
    }

    /// The bytes; empty if there are none or the text is no base64, which the doors do not let in.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.base64().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
    }
}

fn too_large(bytes: usize, path: Path<'_>, violations: &mut Violations) {
    if bytes > DATA_MAX_BYTES {
        let message = format!("must take at most {DATA_MAX_BYTES} bytes, takes {bytes}");
        violations.report(path, ViolationCode::TooLarge, message);
    }
}
