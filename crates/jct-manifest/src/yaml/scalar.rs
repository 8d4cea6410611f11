//! What a plain word means: the core schema of YAML 1.2 and nothing of YAML 1.1.

use granit_parser::Tag;

use crate::code::ViolationCode;
use crate::node::Value;

/// Why a scalar is refused.
pub(super) type Refusal = (ViolationCode, &'static str);

/// The value of a scalar. Quoted ones are texts; of plain ones, the words of the core schema are not.
pub(super) fn resolve(text: &str, is_plain: bool, tag: Option<&Tag>) -> Result<Value, Refusal> {
    let value = match tag.map(|tag| (tag, tag.core_suffix())) {
        Some((_, Some("str"))) => Value::Text(text.to_owned()),
        // The tag `!` by itself says that a scalar is a text.
        Some((tag, None)) if tag.handle() == "!" && tag.suffix().is_empty() => Value::Text(text.to_owned()),
        Some((_, Some(suffix))) => {
            let value = plain(text)?;
            let agrees = matches!(
                (suffix, &value),
                ("null", Value::Null)
                    | ("bool", Value::Bool(_))
                    | ("int", Value::Integer(_))
                    | ("float", Value::Float(_))
            );
            if !agrees {
                return Err((ViolationCode::YamlTag, "the tag contradicts its value"));
            }
            value
        }
        Some((_, None)) => {
            return Err((ViolationCode::YamlTag, "this tag is not taken; only those of the core schema are"));
        }
        None if is_plain => plain(text)?,
        None => Value::Text(text.to_owned()),
    };
    if matches!(&value, Value::Text(text) if text.contains('\0')) {
        return Err((ViolationCode::NulCharacter, "the text contains U+0000"));
    }
    Ok(value)
}

fn plain(text: &str) -> Result<Value, Refusal> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err((ViolationCode::NumberNotExact, "must be a finite number; quote it if it is meant as text"));
    }
    if let Some(integer) = integer(text, unsigned) {
        let exact = integer.ok_or((
            ViolationCode::NumberNotExact,
            "the integer does not fit 64 bits; quote it if it is meant as text",
        ));
        return exact.map(Value::Integer);
    }
    if is_float(unsigned) {
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
        let finite =
            number.ok_or((ViolationCode::NumberNotExact, "the number is too large; quote it if it is meant as text"));
        return finite.map(Value::Float);
    }
    Ok(Value::Text(text.to_owned()))
}

/// `None` if the text is no integer; `Some(None)` if it is one that is too large.
fn integer(text: &str, unsigned: &str) -> Option<Option<i64>> {
    let in_base = |digits: &str, base: u32| {
        let all = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
        all.then(|| i64::from_str_radix(digits, base).ok())
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return in_base(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return in_base(digits, 16);
    }
    let all = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())
}

/// `[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?` or the same beginning with a point and a digit.
fn is_float(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Result<Value, ViolationCode>) {
        assert_eq!(&resolve(text, true, None).map_err(|(code, _)| code), expected, "{text:?}");
    }

    #[test]
    fn words_of_the_core_schema_are_values() {
        for text in ["", "~", "null", "Null", "NULL"] {
            check(text, &Ok(Value::Null));
        }
        for (text, value) in [("true", true), ("True", true), ("FALSE", false)] {
            check(text, &Ok(Value::Bool(value)));
        }
        for (text, value) in [
            ("0", 0),
            ("-7", -7),
            ("+7", 7),
            ("007", 7),
            ("0o17", 15),
            ("0xfF", 255),
            ("9223372036854775807", i64::MAX),
        ] {
            check(text, &Ok(Value::Integer(value)));
        }
        for (text, value) in [("1.5", 1.5), ("-.5", -0.5), ("2.", 2.0), ("1e3", 1000.0), ("1.5E-1", 0.15)] {
            check(text, &Ok(Value::Float(value)));
        }
    }

    #[test]
    fn words_of_yaml_1_1_are_texts() {
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "tRue",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "1_000",
            "12:30",
            "0b1",
            ".",
            "-",
            "e1",
            "1e",
            "-0x1",
            "nan",
            "inf",
        ] {
            check(text, &Ok(Value::Text(text.to_owned())));
        }
    }

    #[test]
    fn numbers_that_no_json_carries_are_refused() {
        for text in [".inf", "-.INF", "+.Inf", ".nan", ".NaN", "9223372036854775808", "0xffffffffffffffffff", "1e999"] {
            check(text, &Err(ViolationCode::NumberNotExact));
        }
    }

    #[test]
    fn quoted_words_are_texts() {
        assert_eq!(resolve("true", false, None), Ok(Value::Text("true".to_owned())));
        assert_eq!(resolve("a\0b", false, None).map_err(|(code, _)| code), Err(ViolationCode::NulCharacter));
    }
}
