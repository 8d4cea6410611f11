//! The canonical encoding: RFC 8785 (JSON Canonicalization Scheme), the bytes every digest is taken over.
//!
//! Written here, not taken from a library, because it cannot fail for the values it is given and therefore needs no
//! error that nobody can ever see. The tests compare it with an independent implementation.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

/// Where encoded text goes: a string, or only its length.
trait Sink {
    fn put(&mut self, text: &str);
}

impl Sink for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

struct Length(usize);

impl Sink for Length {
    fn put(&mut self, text: &str) {
        self.0 = self.0.saturating_add(text.len());
    }
}

/// Encodes a value by RFC 8785: names sorted by UTF-16 code units, no white space, shortest numbers.
///
/// The encoding carries numbers as doubles; integers beyond 2^53 are written as the nearest double, as the RFC says.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    put_value(&mut text, value);
    text
}

/// Bytes of the canonical encoding of an object, without building it.
#[must_use]
pub fn canonical_len(members: &Map<String, Value>) -> usize {
    let mut length = Length(0);
    put_map(&mut length, members);
    length.0
}

/// Writes one object member by member; the caller gives the names in canonical order.
pub(crate) struct ObjectWriter<'s> {
    text: &'s mut String,
    started: bool,
}

impl<'s> ObjectWriter<'s> {
    pub(crate) fn new(text: &'s mut String) -> Self {
        text.push('{');
        Self { text, started: false }
    }

    /// Writes `"name":` and hands out the text to put the value into.
    pub(crate) fn name(&mut self, name: &str) -> &mut String {
        if self.started {
            self.text.push(',');
        }
        self.started = true;
        put_string(self.text, name);
        self.text.push(':');
        self.text
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        put_string(self.name(name), value);
    }

    pub(crate) fn optional_string(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.string(name, value),
            None => self.name(name).push_str("null"),
        }
    }

    pub(crate) fn strings(&mut self, name: &str, values: &[String]) {
        let text = self.name(name);
        put_array(text, values.iter(), |text, value| put_string(text, value));
    }

    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.name(name).push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn number(&mut self, name: &str, value: &Number) {
        put_number(self.name(name), value);
    }

    pub(crate) fn map(&mut self, name: &str, value: &Map<String, Value>) {
        put_map(self.name(name), value);
    }

    pub(crate) fn end(self) {
        self.text.push('}');
    }
}

fn put_value(sink: &mut impl Sink, value: &Value) {
    match value {
        Value::Null => sink.put("null"),
        Value::Bool(value) => sink.put(if *value { "true" } else { "false" }),
        Value::Number(number) => put_number(sink, number),
        Value::String(text) => put_string(sink, text),
        Value::Array(items) => put_array(sink, items.iter(), put_value),
        Value::Object(members) => put_map(sink, members),
    }
}

fn put_array<S: Sink, T>(sink: &mut S, items: impl Iterator<Item = T>, put: impl Fn(&mut S, T)) {
    sink.put("[");
    for (index, item) in items.enumerate() {
        if index > 0 {
            sink.put(",");
        }
        put(sink, item);
    }
    sink.put("]");
}

fn put_map(sink: &mut impl Sink, members: &Map<String, Value>) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    sink.put("{");
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            sink.put(",");
        }
        put_string(sink, name);
        sink.put(":");
        put_value(sink, value);
    }
    sink.put("}");
}

fn put_string(sink: &mut impl Sink, text: &str) {
    sink.put("\"");
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // The byte found is ASCII, so both cuts lie between two characters.
        let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        sink.put(plain);
        let mut characters = tail.chars();
        if let Some(special) = characters.next() {
            put_escape(sink, special);
        }
        rest = characters.as_str();
    }
    sink.put(rest);
    sink.put("\"");
}

fn put_escape(sink: &mut impl Sink, special: char) {
    match special {
        '"' => sink.put("\\\""),
        '\\' => sink.put("\\\\"),
        '\u{8}' => sink.put("\\b"),
        '\u{c}' => sink.put("\\f"),
        '\n' => sink.put("\\n"),
        '\r' => sink.put("\\r"),
        '\t' => sink.put("\\t"),
        _ => sink.put(&format!("\\u{:04x}", u32::from(special))),
    }
}

fn put_number(sink: &mut impl Sink, number: &Number) {
    /// Beyond this magnitude an integer may have no double of its own.
    const MAX_EXACT: u64 = 1 << 53;
    match number.as_i64() {
        Some(integer) if integer.unsigned_abs() <= MAX_EXACT => sink.put(&integer.to_string()),
        _ => put_double(sink, number.as_f64().unwrap_or_default()),
    }
}

/// Writes a double as ECMAScript does (RFC 8785, section 3.2.2.3).
///
/// The layout is ours; the digits come from [`shortest`].
fn put_double(sink: &mut impl Sink, value: f64) {
    if value == 0.0 {
        return sink.put("0");
    }
    let (digits, point) = shortest(value.abs());
    let count = int(digits.len());
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or_default()).unwrap_or((&digits, ""));

    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    // Writing to a string cannot fail.
    let _ = match point {
        _ if count <= point && point <= 21 => write!(text, "{digits}{}", zeros(point - count)),
        1..=21 => write!(text, "{}.{}", split(point).0, split(point).1),
        -5..=0 => write!(text, "0.{}{digits}", zeros(-point)),
        _ if count == 1 => write!(text, "{digits}e{:+}", point - 1),
        _ => write!(text, "{}.{}e{:+}", split(1).0, split(1).1, point - 1),
    };
    sink.put(&text);
}

/// The shortest digits that read back as the same positive double, and after how many of them the point stands.
///
/// They are taken from the text that `serde_json` writes. The standard library's will not do: where two texts are
/// equally short and equally close (2132090654217233.25), it rounds up, and ECMAScript wants the even digit.
fn shortest(value: f64) -> (String, i32) {
    let text = Number::from_f64(value).map_or_else(String::new, |number| number.to_string());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let leading_zeros = int(all.len() - digits.len());
    let point = exponent.parse::<i32>().unwrap_or_default().saturating_add(int(whole.len()) - leading_zeros);
    (digits.trim_end_matches('0').to_owned(), point)
}

fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &str) {
        assert_eq!(canonical_json(value), expected);
        assert_eq!(serde_json_canonicalizer::to_string(value).unwrap(), expected);
    }

    #[test]
    fn names_are_sorted_by_utf16_code_units() {
        // U+FB33 sorts after U+1F600 by code unit, before it by scalar value.
        check(
            &json!({"\u{fb33}": 1, "\u{1f600}": 2, "b": 3, "a": {"d": 4, "c": 5}}),
            "{\"a\":{\"c\":5,\"d\":4},\"b\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}",
        );
    }

    #[test]
    fn strings_escape_only_what_json_requires() {
        check(
            &json!("\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\"\\/é\u{2028}"),
            "\"\\u0000\\b\\t\\n\\f\\r\\u001f\u{7f}\\\"\\\\/é\u{2028}\"",
        );
    }

    #[test]
    fn numbers_look_as_ecmascript_writes_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e21, "1.5e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-7, "1.25e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (333_333_333.333_333_3, "333333333.3333333"),
            // Halfway between two texts of the same length: the even digit.
            (8_528_362_616_868_933.0 / 4.0, "2132090654217233.2"),
            (8_528_362_616_868_935.0 / 4.0, "2132090654217233.8"),
        ] {
            check(&json!(value), expected);
        }
        check(&json!(-9_007_199_254_740_991_i64), "-9007199254740991");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |double| Number::from_f64(double).map(Value::from)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_encoding_is_that_of_an_independent_implementation(value in any_json()) {
            prop_assert_eq!(canonical_json(&value), serde_json_canonicalizer::to_string(&value).unwrap());
        }

        #[test]
        fn the_length_is_that_of_the_encoding(value in any_json()) {
            let object = Map::from_iter([("value".to_owned(), value)]);
            prop_assert_eq!(canonical_len(&object), canonical_json(&Value::Object(object)).len());
        }
    }
}
