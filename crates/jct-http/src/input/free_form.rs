//! Free-form JSON from outside, held to the rules of the contract's free-form fields: exact numbers, no repeated names,
//! no NUL, bounded nesting.

use jct_contract::JsonValue;
use serde_json::{Map, Value};

use crate::problem::{Place, Violation};

/// The value, or the first thing that is wrong with it. The parser bounds the nesting, and with it this recursion.
pub(super) fn value(json: &JsonValue<'_>, pointer: &str) -> Result<Value, Violation> {
    let refuse = |code, message: &str| {
        Err(Violation { place: Place::Body, pointer: pointer.to_owned(), code, message: message.to_owned() })
    };
    match json {
        JsonValue::Null => Ok(Value::Null),
        JsonValue::Bool(flag) => Ok(Value::Bool(*flag)),
        JsonValue::Number(number) => match number.exact() {
            Some(number) => Ok(Value::Number(number)),
            None => refuse("NUMBER_NOT_EXACT", "the number cannot be carried exactly; send it as a string"),
        },
        JsonValue::String(text) if text.contains('\0') => refuse("NUL_CHARACTER", "must not contain U+0000"),
        JsonValue::String(text) => Ok(Value::String(text.clone().into_owned())),
        JsonValue::Array(items) => {
            let items = items.iter().enumerate().map(|(index, item)| value(item, &format!("{pointer}/{index}")));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        JsonValue::Object(object) => {
            if !object.repeated_names().is_empty() {
                return refuse("DUPLICATE_KEY", "a name is there more than once");
            }
            let mut members = Map::new();
            for (name, item) in object.iter() {
                if name.contains('\0') {
                    return refuse("NUL_CHARACTER", "a name must not contain U+0000");
                }
                let step = name.replace('~', "~0").replace('/', "~1");
                members.insert(name.to_owned(), value(item, &format!("{pointer}/{step}"))?);
            }
            Ok(Value::Object(members))
        }
        JsonValue::TooDeep => refuse("TOO_DEEP", "nested too deep"),
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{DocumentLimits, parse_document};

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, (&str, &str)>) {
        let document = parse_document(text.as_bytes(), DocumentLimits::default()).unwrap();
        let found = value(document.root(), "/result").map(|value| value.to_string());
        let found = found.as_deref().map_err(|violation| (violation.pointer.as_str(), violation.code));
        assert_eq!(found, expect);
    }

    #[test]
    fn exact_values_pass_and_the_first_violation_is_placed() {
        check(r#"{"a": [1, 2.5, "x", null, true]}"#, Ok(r#"{"a":[1,2.5,"x",null,true]}"#));
        check(r#"{"a": {"b/c": 9007199254740993}}"#, Err(("/result/a/b~1c", "NUMBER_NOT_EXACT")));
        check(r#"{"a": 1, "a": 2}"#, Err(("/result", "DUPLICATE_KEY")));
        check("[\"\\u0000\"]", Err(("/result/0", "NUL_CHARACTER")));
    }
}
