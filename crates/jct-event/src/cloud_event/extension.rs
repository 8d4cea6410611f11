//! Extension attributes: what others say about an event beyond the attributes of the specification.

use jct_contract::door::{self, Field, Path, Violations};
use jct_contract::{JsonValue, ViolationCode};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::limits::{EXTENSION_NAME_MAX_CHARS, EXTENSION_VALUE_MAX_CHARS};
use crate::text;

/// Names that mean something else in one of the forms.
const TAKEN: [&str; 9] =
    ["specversion", "type", "source", "id", "subject", "time", "datacontenttype", "dataschema", "data"];

/// The value of an extension attribute. Bytes, URIs and moments are texts in both forms and stay texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of 32 bits, the only numbers that CloudEvents has.
    Integer(i32),
    /// A text without control characters.
    Text(String),
}

impl ExtensionValue {
    /// The value as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Integer(value) => Value::from(*value),
            Self::Text(value) => Value::from(value.as_str()),
        }
    }

    /// The value as the text of a header.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }

    /// Reads the value of the attribute `name`; `None` if there is none, or it is not one.
    pub(crate) fn read(name: &str, field: Field<'_, '_, '_>, violations: &mut Violations) -> Option<Self> {
        check_name(name, field.path, violations);
        match field.value {
            JsonValue::Null => None,
            JsonValue::Bool(value) => Some(Self::Bool(*value)),
            JsonValue::Number(_) => {
                let integer = door::integer(field, violations)?;
                let small = i32::try_from(integer).ok();
                if small.is_none() {
                    violations.report(field.path, ViolationCode::OutOfRange, "must be an integer of 32 bits");
                }
                small.map(Self::Integer)
            }
            JsonValue::String(text) => Some(Self::of_text(text, field.path, violations)),
            JsonValue::Array(_) | JsonValue::Object(_) | JsonValue::TooDeep => {
                door::wrong_type(field, "a string, a boolean or an integer", violations);
                None
            }
        }
    }

    /// A text, as headers have it.
    pub(super) fn of_text(value: &str, path: Path<'_>, violations: &mut Violations) -> Self {
        Self::Text(text::printable(value, path, &(0..=EXTENSION_VALUE_MAX_CHARS), violations))
    }
}

/// Reports a name that is none.
pub(super) fn check_name(name: &str, path: Path<'_>, violations: &mut Violations) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = (1..=EXTENSION_NAME_MAX_CHARS).contains(&name.len()) && name.bytes().all(plain);
    if !fits || TAKEN.contains(&name) {
        let message = format!(
            "the name of an extension attribute has 1 to {EXTENSION_NAME_MAX_CHARS} characters of `a-z 0-9` and is \
             none of the specification's own"
        );
        violations.report(path, ViolationCode::UnknownField, message);
    }
}

impl Serialize for ExtensionValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}
