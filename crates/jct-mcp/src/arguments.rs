//! From what an agent sends to the arguments of a tool: typed, without unknown names, without U+0000.

use std::fmt::Display;
use std::str::FromStr;

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// Most that one call lists.
pub(crate) const LIMIT_MAX: u32 = 500;

/// The arguments, or the first thing that is wrong with them and where.
pub(crate) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Failure> {
    let arguments = Value::Object(arguments);
    if let Some(path) = nul(&arguments) {
        return Err(Failure::arguments(format!("`{path}` has the character U+0000, which no text may have")));
    }
    typed(arguments).map_err(Failure::arguments)
}

/// A value as what it should be, or the first thing that is wrong with it and where.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        if path == "." { message } else { format!("`{path}`: {message}") }
    })
}

/// Where a text has U+0000.
fn nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| Some(format!("{at}/{}", nul(item)?))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            if name.contains('\0') {
                Some(name.replace('\0', "\u{2400}"))
            } else {
                Some(format!("{name}/{}", nul(member)?))
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
    .map(|path| path.trim_end_matches('/').to_owned())
}

/// A value that has a textual form, such as an id or a word of a list.
pub(crate) fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::arguments(format!("`{name}`: {error}")))
}

/// How many items a list shows at most.
pub(crate) fn limit(limit: u32) -> Result<u32, Failure> {
    if (1..=LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Failure::arguments(format!("`limit` is from 1 to {LIMIT_MAX}")))
    }
}

/// A text with at least one character that is no white space, within a length.
pub(crate) fn text(name: &str, text: &str, max_chars: usize) -> Result<(), Failure> {
    if text.trim().is_empty() || text.chars().count() > max_chars {
        return Err(Failure::arguments(format!(
            "`{name}` has 1 to {max_chars} characters, not all of them white space"
        )));
    }
    Ok(())
}

/// A short text for one line.
pub(crate) fn line(name: &str, value: &str, max_chars: usize) -> Result<(), Failure> {
    text(name, value, max_chars)?;
    if value.chars().any(char::is_control) {
        return Err(Failure::arguments(format!("`{name}` has no control characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Some {
        text: String,
        number: Option<u32>,
        any: Option<Value>,
    }

    #[track_caller]
    fn refused(arguments: &Value, expect: &str) {
        let failure = read::<Some>(arguments.as_object().cloned().unwrap_or_default()).err();
        let told = failure.map(|failure| failure.into_value("t", "T_ERROR", "trace")["error"]["message"].to_string());
        assert!(told.as_deref().is_some_and(|told| told.contains(expect)), "{told:?}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(read::<Some>(json!({"text": "a"}).as_object().cloned().unwrap_or_default()).is_ok());
        refused(&json!({}), "missing field `text`");
        refused(&json!({"text": 7}), "`text`: invalid type");
        refused(&json!({"text": "a", "number": "7"}), "`number`: invalid type");
        refused(&json!({"text": "a", "number": -1}), "`number`");
        refused(&json!({"text": "a", "txet": "b"}), "unknown field `txet`");
        refused(&json!({"text": "a\0b"}), "`text` has the character U+0000");
        refused(&json!({"text": "a", "any": {"x": ["fine", {"y": "\0"}]}}), "`any/x/1/y` has the character");
        refused(&json!({"text": "a", "any": {"\0": 1}}), "has the character U+0000");
    }

    #[test]
    fn limits_and_texts() {
        assert!(limit(1).is_ok() && limit(500).is_ok() && limit(0).is_err() && limit(501).is_err());
        assert!(text("t", "a\nb", 3).is_ok() && text("t", " ", 3).is_err() && text("t", "abcd", 3).is_err());
        assert!(line("t", "a b", 3).is_ok() && line("t", "a\nb", 3).is_err());
    }
}
