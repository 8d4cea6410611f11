//! Bodies that somebody made on purpose: the answer is a refusal of bounded size, never a panic.

use jct_cwom::{NewContextPacket, NewIssue, NewRepo, ObjectError, limits, parse};
use serde_json::{Value, json};

use crate::support::{check, check_text, context_packet, repo, violations, with};

#[track_caller]
fn malformed(bytes: &[u8], reason: &str) {
    match parse::<NewRepo>(bytes) {
        Err(ObjectError::Malformed(error)) => assert!(error.to_string().contains(reason), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_json_in_utf8_is_malformed() {
    malformed(b"", "end of the text");
    malformed(b"{\"name\": \"\xff\"}", "not UTF-8");
    malformed(b"\xef\xbb\xbf{}", "expected a value");
    malformed(b"{\"name\": \"\\ud800\"}", "surrogate");
    malformed(b"{} {}", "expected the end");
    malformed(&[b'['; 1_000_000], "end of the text");
}

#[test]
fn repeated_names_are_refused_at_every_depth() {
    check_text::<NewRepo>(
        r#"{"name": "a", "name": "b", "slug": "s", "source": {"system": "x", "system": "y"}, "meta": {"a": {"k": 1, "k": 2}}}"#,
        &[("/name", "DUPLICATE_KEY"), ("/source/system", "DUPLICATE_KEY"), ("/meta/a/k", "DUPLICATE_KEY")],
    );
}

#[test]
fn nul_is_refused_in_texts_and_names() {
    check::<NewRepo>(&with(repo(), "/name", json!("a\0b")), &[("/name", "NUL_CHARACTER")]);
    check::<NewRepo>(&with(repo(), "/tags", json!(["\0"])), &[("/tags/0", "NUL_CHARACTER")]);
    check::<NewRepo>(&with(repo(), "/meta", json!({"x": {"y": "\0"}})), &[("/meta/x/y", "NUL_CHARACTER")]);
    check::<NewRepo>(&with(repo(), "/meta", json!({"a\0": 1})), &[("/meta/a\0", "NUL_CHARACTER")]);
    let blobs = json!([{"name": "a", "media_type": "text/plain", "inline": "\0"}]);
    check::<NewContextPacket>(
        &with(context_packet(), "/inputs/data_blobs", blobs),
        &[("/inputs/data_blobs/0/inline", "NUL_CHARACTER")],
    );
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}

#[test]
fn meta_nests_at_most_64_levels() {
    check::<NewRepo>(&with(repo(), "/meta", nested(limits::FREE_FORM_MAX_DEPTH)), &[]);
    let found = violations::<NewRepo>(&with(repo(), "/meta", nested(limits::FREE_FORM_MAX_DEPTH + 1)).to_string());
    assert_eq!((found.len(), found[0].code.as_str()), (1, "TOO_DEEP"));
    let deep = format!(r#"{{"meta": {}{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert!(violations::<NewRepo>(&deep).iter().any(|violation| violation.pointer == "/meta"));
    let deep = format!(r#"{{"meta": {{"a": {}{}}}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert!(violations::<NewRepo>(&deep).iter().any(|violation| violation.code.as_str() == "TOO_DEEP"));
}

#[test]
fn meta_and_inline_data_together_have_a_size() {
    // `{"k":"..."}` has eight bytes beside the text.
    let meta = |bytes: usize| json!({"k": "x".repeat(bytes - 8)});
    check::<NewRepo>(&with(repo(), "/meta", meta(limits::FREE_FORM_MAX_BYTES)), &[]);
    check::<NewRepo>(&with(repo(), "/meta", meta(limits::FREE_FORM_MAX_BYTES + 1)), &[("/meta", "TOO_LARGE")]);
    let half = limits::FREE_FORM_MAX_BYTES / 2;
    let packet = |inline: usize| {
        let blob = json!({"name": "a", "media_type": "text/plain", "inline": "x".repeat(inline)});
        with(with(context_packet(), "/meta", meta(half)), "/inputs/data_blobs", json!([blob]))
    };
    check::<NewContextPacket>(&packet(half), &[]);
    check::<NewContextPacket>(&packet(half + 1), &[("/inputs", "TOO_LARGE")]);
}

#[test]
fn numbers_in_meta_are_carried_exactly_or_refused() {
    check::<NewRepo>(&with(repo(), "/meta", json!({"a": [1, 0.1, 1e300]})), &[]);
    check_text::<NewRepo>(
        r#"{"name": "a", "slug": "s", "source": {"system": "x"}, "meta": {"n": 9007199254740993}}"#,
        &[("/meta/n", "NUMBER_NOT_EXACT")],
    );
}

#[test]
fn the_answer_to_a_giant_body_is_small() {
    let tags = vec![""; 200_000];
    let found = violations::<NewIssue>(&json!({"tags": tags}).to_string());
    assert!(found.len() <= jct_contract::limits::MAX_VIOLATIONS + 1, "{}", found.len());
    assert_eq!(found.last().unwrap().code.as_str(), "TOO_MANY_VIOLATIONS");
    let names = (0..100_000).map(|number| (format!("unknown{number}"), json!(1)));
    let found = violations::<NewIssue>(&Value::Object(names.collect()).to_string());
    let bytes: usize = found.iter().map(|violation| violation.pointer.len() + violation.message.len()).sum();
    assert!(bytes < 2 * jct_contract::limits::MAX_VIOLATIONS_BYTES, "{bytes}");
    let references = vec![json!({"kind": "DoctrineRef", "id": crate::support::ID}); 100_000];
    let found = violations::<NewIssue>(&json!({"doctrine_refs": references}).to_string());
    assert!(found.iter().any(|violation| violation.code.as_str() == "TOO_MANY_ITEMS"));
}
