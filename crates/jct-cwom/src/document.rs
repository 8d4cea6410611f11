//! The part of an object that is stored as one text: what is neither a reference nor a state has no column of its own.

use jct_contract::{DocumentError, DocumentLimits, JsonValue, canonical_json, parse_document};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A stored text is not the document of an object of that kind.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDocument {
    /// It is not JSON.
    #[error("the stored document is not JSON")]
    Malformed(#[source] DocumentError),
    /// It nests deeper, or has a number with more digits, than any document that was written here.
    #[error("the stored document has a value that cannot be carried")]
    NotCarried,
    /// It is the document of something else.
    #[error("the stored document does not fit its kind of object")]
    Kind(#[source] serde_json::Error),
}

/// The canonical encoding (RFC 8785).
pub(crate) fn write(document: &impl Serialize) -> String {
    // The conversion fails only for maps whose keys are no strings, and no object has one.
    canonical_json(&serde_json::to_value(document).unwrap_or_default())
}

/// Reads with the strict reader of the contract: the usual ones take a whole number beyond 2^53 for another number than
/// the one that was written.
pub(crate) fn read<T: DeserializeOwned>(document: &str) -> Result<T, InvalidDocument> {
    let document =
        parse_document(document.as_bytes(), DocumentLimits::default()).map_err(InvalidDocument::Malformed)?;
    let value = carried(document.root()).ok_or(InvalidDocument::NotCarried)?;
    serde_json::from_value(value).map_err(InvalidDocument::Kind)
}

fn carried(value: &JsonValue<'_>) -> Option<Value> {
    Some(match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Bool(*value),
        JsonValue::Number(number) => Value::Number(number.exact()?),
        JsonValue::String(text) => Value::String(text.clone().into_owned()),
        JsonValue::Array(items) => Value::Array(items.iter().map(carried).collect::<Option<_>>()?),
        JsonValue::Object(object) => {
            let members = object.iter().map(|(name, value)| Some((name.to_owned(), carried(value)?)));
            Value::Object(members.collect::<Option<Map<_, _>>>()?)
        }
        JsonValue::TooDeep => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_comes_back_as_it_was_written() {
        for number in [json!(5.028_153_967_223_099e17), json!(0.1), json!(-3), json!(1e300), json!(5e-324)] {
            assert_eq!(read::<Value>(&write(&json!({"n": number}))).unwrap(), json!({"n": number}));
        }
    }

    #[test]
    fn what_was_never_written_here_is_refused() {
        assert!(matches!(read::<Value>("{"), Err(InvalidDocument::Malformed(_))));
        assert!(matches!(read::<Value>("9007199254740993"), Err(InvalidDocument::NotCarried)));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(matches!(read::<Value>(&deep), Err(InvalidDocument::NotCarried)));
        assert!(matches!(read::<Vec<u8>>("{}"), Err(InvalidDocument::Kind(_))));
    }
}
