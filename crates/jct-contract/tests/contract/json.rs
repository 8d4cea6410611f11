//! The strict reader agrees with an independent one about what JSON is, and keeps what that one forgets.

use jct_contract::{DocumentLimits, JsonValue, parse_document};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn read(text: &str) -> Option<JsonValue<'_>> {
    parse_document(text.as_bytes(), DocumentLimits::default()).ok().map(|document| document.root().clone())
}

/// The same tree as the other reader makes of it: last member wins, numbers are doubles where they must be.
fn lossy(value: &JsonValue<'_>) -> Value {
    match value {
        JsonValue::Null | JsonValue::TooDeep => Value::Null,
        JsonValue::Bool(value) => Value::from(*value),
        JsonValue::Number(number) => serde_json::from_str(number.text()).unwrap(),
        JsonValue::String(text) => Value::from(text.as_ref()),
        JsonValue::Array(items) => items.iter().map(lossy).collect(),
        JsonValue::Object(object) => {
            Value::Object(object.iter().map(|(name, value)| (name.to_owned(), lossy(value))).collect::<Map<_, _>>())
        }
    }
}

#[track_caller]
fn check(text: &str) {
    let ours = read(text);
    match serde_json::from_str::<Value>(text) {
        Ok(theirs) => assert_eq!(ours.as_ref().map(lossy), Some(theirs), "{text:?}"),
        // JSON all the same; whether a number can be carried is judged elsewhere.
        Err(error) if error.to_string().contains("number out of range") => {}
        Err(error) => assert_eq!(ours, None, "{text:?}: {error}"),
    }
}

#[test]
fn the_grammar_is_that_of_json() {
    for text in [
        "",
        " ",
        "null",
        " null ",
        "nul",
        "nulll",
        "true",
        "True",
        "0",
        "-0",
        "-",
        "+1",
        "01",
        "1.",
        ".5",
        "1.5",
        "1e",
        "1e+",
        "1E-2",
        "1e5",
        "--1",
        "0x1",
        "1_000",
        "NaN",
        "Infinity",
        "\"\"",
        "\"a",
        "a\"",
        "'a'",
        "\"\\n\"",
        "\"\\x\"",
        "\"\\u00e9\"",
        "\"\\u00E\"",
        "\"\\u+0e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
        "\"\u{1f600}\"",
        "\"\t\"",
        "\"\u{7f}\"",
        "\"\\\"",
        "[",
        "]",
        "[]",
        "[ ]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2]",
        "{}",
        "{ }",
        "{\"a\":1}",
        "{\"a\" : 1 }",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\"}",
        "{\"a\":}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}}",
        "[1]]",
        "{\"a\":[{\"b\":[]}]}",
        "\u{feff}1",
        "// c\n1",
        "1 // c",
        "\u{a0}1",
        "\u{b}1",
        "[\"\\/\"]",
    ] {
        check(text);
    }
}

#[test]
fn what_lies_too_deep_is_checked_but_not_kept() {
    let limits = DocumentLimits::with_max_depth(2);
    let parse = |text: &'static str| parse_document(text.as_bytes(), limits).map(|document| document.root().clone());
    let kept = parse(r#"{"a":[1,"x"],"b":[[[{"k":[]}],{}],2],"c":{"d":{"e":1}}}"#).unwrap();
    let object = kept.as_object().unwrap();
    assert_eq!(object.get("a").unwrap().as_array().unwrap().len(), 2);
    let b = object.get("b").unwrap().as_array().unwrap();
    assert_eq!((b[0].clone(), b[1].kind()), (JsonValue::TooDeep, "a number"));
    assert_eq!(object.get("c").unwrap().as_object().unwrap().get("d"), Some(&JsonValue::TooDeep));
    for broken in [
        r#"[[[1,]]]"#,
        r#"[[{"a"}]]"#,
        r#"[[{"a":1,}]]"#,
        r#"[[[1}]]"#,
        r#"[[[tru]]]"#,
        r#"[[[["a]]]]"#,
        "[[[[",
        r#"[[{1:2}]]"#,
    ] {
        assert!(parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn every_member_of_an_object_is_kept() {
    let read = |text: &'static str| read(text).unwrap();
    let twice = read(r#"{"a":1,"b":2,"a":3}"#);
    let object = twice.as_object().unwrap();
    assert_eq!((object.len(), object.repeated_names()), (3, vec!["a"]));
    assert_eq!(object.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b", "a"]);

    let many: String = (0..40).map(|index| format!("\"k{}\":1,", index % 39)).collect();
    let many = format!("{{{}}}", many.trim_end_matches(','));
    let document = parse_document(many.as_bytes(), DocumentLimits::default()).unwrap();
    assert_eq!(document.root().as_object().unwrap().repeated_names(), ["k0"]);
}

const TOKENS: [&str; 30] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"a\"",
    "\"b\"",
    "\"\\u00e9\\n\"",
    "\"\\ud83d\\ude00\"",
    "\"é\"",
    "\"",
    "\\",
    "\"\\ud800\"",
    "0",
    "-1",
    "1.5",
    "2e3",
    "-0.0",
    "01",
    "1e",
    "true",
    "false",
    "null",
    "nul",
    " ",
    "\n",
    "\t",
    "\u{1}",
    "9007199254740993",
];

proptest! {
    #[test]
    fn any_text_is_json_for_both_readers_or_for_none(text in ".{0,40}") {
        check(&text);
    }

    #[test]
    fn any_row_of_tokens_is_json_for_both_readers_or_for_none(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..16)) {
        check(&tokens.concat());
    }

    #[test]
    fn any_value_reads_back(value in any_value()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        check(&text);
        prop_assert_eq!(read(&text).as_ref().map(lossy), Some(value));
    }

    #[test]
    fn a_cut_or_changed_text_is_judged_alike(value in any_value(), at in any::<prop::sample::Index>(), token in prop::sample::select(&TOKENS[..])) {
        let text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        check(&text[..at].iter().collect::<String>());
        check(&format!("{}{token}{}", text[..at].iter().collect::<String>(), text[at..].iter().collect::<String>()));
    }
}

pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
        any::<i32>().prop_map(|int| Value::from(f64::from(int) / 8.0)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
