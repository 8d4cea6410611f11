//! The limits and the refusals of the notation itself.

use jct_manifest::{RawManifest, ViolationClass, limits};

use crate::support::{MINIMAL, check, connection, plus, told, validate, with};

#[test]
fn constructs_that_hide_something_are_refused() {
    check(&plus("llm: &a {provider: p, model: m}"), &["YAML_ANCHOR /llm"]);
    check(&with("name: notes", "name: &n notes"), &["YAML_ANCHOR /metadata/name"]);
    check(&plus("indices: *gone"), &["YAML_ALIAS /indices"]);
    check(&connection("<<: {host: h}"), &["YAML_MERGE_KEY /vectorStore/connection"]);
    check(&connection("blob: !!binary aGVsbG8="), &["YAML_TAG /vectorStore/connection/blob"]);
    check(&connection("blob: !mine x"), &["YAML_TAG /vectorStore/connection/blob"]);
    check(&connection("blob: !!python/object:os.system {}"), &["YAML_TAG /vectorStore/connection/blob"]);
    check(&connection("blob: !!set {a, b}"), &["YAML_TAG /vectorStore/connection/blob"]);
    check(&connection("when: !!timestamp 2024-01-01"), &["YAML_TAG /vectorStore/connection/when"]);
    check(&connection("port: !!int many"), &["YAML_TAG /vectorStore/connection/port"]);
    check(&connection("1: x"), &["YAML_KEY_NOT_TEXT /vectorStore/connection"]);
    check(&connection("? [a, b]\n    : x"), &["YAML_KEY_NOT_TEXT /vectorStore/connection"]);
    check(&connection("weight: .nan"), &["NUMBER_NOT_EXACT /vectorStore/connection/weight"]);
    check(&connection("weight: -.inf"), &["NUMBER_NOT_EXACT /vectorStore/connection/weight"]);
    check(&connection("weight: 99999999999999999999"), &["NUMBER_NOT_EXACT /vectorStore/connection/weight"]);
    check(&connection("host: \"a\\0b\""), &["NUL_CHARACTER /vectorStore/connection/host"]);
    check(&format!("%YAML 1.1\n---\n{MINIMAL}"), &["YAML_DIRECTIVE "]);
    check(&plus("---\nversion: v0"), &["YAML_SEVERAL_DOCUMENTS "]);
}

#[test]
fn repeated_keys_are_refused_wherever_they_are() {
    check(&plus("version: v0"), &["DUPLICATE_KEY /version"]);
    check(&with("name: notes", "name: notes\n  \"name\": other"), &["DUPLICATE_KEY /metadata/name"]);
    check(&connection("{host: a, port: 1, host: b}"), &["DUPLICATE_KEY /vectorStore/connection/host"]);
}

#[test]
fn tags_of_the_core_schema_are_taken() {
    let text =
        connection("port: !!int \"5432\"\n    host: !!str 5\n    pool: !!map {a: !!bool true}\n    list: !!seq [~]");
    let manifest = validate(&text).unwrap();
    let connection = serde_json::Value::Object(manifest.document().vector_store.connection.clone());
    assert_eq!(connection.to_string(), r#"{"port":5432,"host":"5","pool":{"a":true},"list":[null]}"#);
}

#[test]
fn dates_and_words_of_yaml_1_1_are_texts() {
    let manifest = validate(&connection("{a: 2024-01-01, b: yes, c: 1_000, d: 0o17, e: 12:30}")).unwrap();
    let connection = serde_json::Value::Object(manifest.document().vector_store.connection.clone());
    assert_eq!(connection.to_string(), r#"{"a":"2024-01-01","b":"yes","c":"1_000","d":15,"e":"12:30"}"#);
}

#[track_caller]
fn check_class(bytes: &[u8], class: ViolationClass, first: &str) {
    let refused = RawManifest::new(bytes.to_vec()).validate().unwrap_err();
    assert_eq!((refused.class(), told(&refused)[0].as_str()), (class, first));
}

#[test]
fn what_cannot_be_read_at_all_is_malformed() {
    check_class(b"version: [", ViolationClass::Malformed, "YAML_INVALID ");
    check_class(b"a: b: c", ViolationClass::Malformed, "YAML_INVALID ");
    check_class(b"version: \xff", ViolationClass::Malformed, "ENCODING_INVALID ");
    check_class(b"", ViolationClass::Invalid, "YAML_ROOT_NOT_MAPPING ");
    check_class(b"# only a comment", ViolationClass::Invalid, "YAML_ROOT_NOT_MAPPING ");
    check_class(b"- a", ViolationClass::Invalid, "YAML_ROOT_NOT_MAPPING ");
    check_class(b"just words", ViolationClass::Invalid, "YAML_ROOT_NOT_MAPPING ");
}

#[test]
fn what_is_not_yaml_is_told_by_its_place_alone() {
    let refused = validate("version: v0\nmetadata: {name: hushhush").unwrap_err();
    assert_eq!(refused.as_slice()[0].line, Some(2));
    assert!(!format!("{refused} {refused:?}").contains("hushhush"));
}

#[test]
fn sizes_have_limits() {
    let padding = "#".repeat(limits::MANIFEST_MAX_BYTES - MINIMAL.len() - 1);
    check(&plus(&padding), &[]);
    check(&plus(&format!("{padding}#")), &["YAML_TOO_LARGE "]);

    let nested = |levels: usize| connection(&format!("deep: {}1{}", "[".repeat(levels), "]".repeat(levels)));
    // Three levels are around it.
    check(&nested(limits::MANIFEST_MAX_DEPTH - 3), &[]);
    let refused = validate(&nested(limits::MANIFEST_MAX_DEPTH - 2)).unwrap_err();
    assert!(told(&refused)[0].starts_with("YAML_TOO_DEEP /vectorStore/connection/deep/0"), "{refused}");
    let refused = validate(&nested(300_000)).unwrap_err();
    assert!(told(&refused)[0].starts_with("YAML_TOO_DEEP"), "{refused}");

    let many = connection(&format!("list: [{}]", "1,".repeat(limits::MANIFEST_MAX_NODES)));
    check(&many, &["YAML_TOO_MANY_NODES "]);
    check(&plus(&"#\n".repeat(limits::MANIFEST_MAX_NODES)), &["YAML_TOO_MANY_NODES "]);
}

#[test]
fn hundreds_of_comment_lines_are_fine() {
    check(&plus(&"# a remark\n".repeat(500)), &[]);
    check(&format!("{}{MINIMAL}", "# a remark\n".repeat(500)), &[]);
    check(&with("dataSources:\n", &format!("dataSources:\n{}", "  # a remark\n".repeat(500))), &[]);
}

#[test]
fn everything_is_told_at_once() {
    let text = "version: v1\nmetadata: {name: a b, nam: x}\nembeddings: {provider: acme}\nextra: 1\nvectorStore: &x {type: q}\n";
    check(
        text,
        &[
            "YAML_ANCHOR /vectorStore",
            "UNKNOWN_FIELD /extra",
            "VERSION_UNSUPPORTED /version",
            "UNKNOWN_FIELD /metadata/nam",
            "NAME_INVALID /metadata/name",
            "PROVIDER_UNSUPPORTED /embeddings/provider",
            "REQUIRED /embeddings/model",
            "VECTOR_STORE_UNSUPPORTED /vectorStore/type",
            "SOURCES_EMPTY /dataSources",
        ],
    );
    let lines: Vec<_> = validate(text).unwrap_err().iter().map(|violation| violation.line).collect();
    assert!(lines.iter().all(Option::is_some), "{lines:?}");
}

#[test]
fn a_flood_of_violations_is_counted_not_listed() {
    let text = plus(&(0..5000).map(|index| format!("x{index}: 1\n")).collect::<String>());
    let refused = validate(&text).unwrap_err();
    assert!(refused.as_slice().len() < 300);
    assert_eq!(refused.as_slice().last().unwrap().code.as_str(), "TOO_MANY_VIOLATIONS");
}
