//! The written description against the code.

use jct_manifest::{ViolationClass, ViolationCode, limits};

const TEXT: &str = include_str!("../../../../docs/manifests.md");

#[test]
fn every_code_is_described_and_no_other() {
    for code in ViolationCode::ALL {
        let status = match code.class() {
            ViolationClass::Malformed | ViolationClass::Mismatch => 400,
            ViolationClass::Invalid => 422,
        };
        let row = format!("| `{code}` | {status} | {} |", code.meaning());
        assert!(TEXT.contains(&row), "docs/manifests.md lacks: {row}");
    }
    let (_, errors) = TEXT.split_once("### Errors\n").unwrap();
    let errors = errors.split("\n## ").next().unwrap();
    let rows = errors.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ViolationCode::ALL.len());
}

#[test]
fn codes_are_different_and_have_one_form() {
    let mut texts: Vec<_> = ViolationCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(texts.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')));
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), ViolationCode::ALL.len());
}

#[test]
fn limits_are_those_that_are_described() {
    let meaning = |code: ViolationCode| code.meaning();
    assert!(meaning(ViolationCode::YamlTooLarge).contains(&limits::MANIFEST_MAX_BYTES.to_string()));
    assert!(meaning(ViolationCode::YamlTooDeep).contains(&limits::MANIFEST_MAX_DEPTH.to_string()));
    assert!(meaning(ViolationCode::YamlTooManyNodes).contains(&limits::MANIFEST_MAX_NODES.to_string()));
    for number in [limits::MANIFEST_MAX_BYTES, limits::MANIFEST_MAX_DEPTH, limits::MANIFEST_MAX_NODES] {
        assert!(TEXT.contains(&format!("| {number} |")), "{number}");
    }
}

#[test]
fn the_sample_in_the_description_is_a_manifest() {
    let (_, rest) = TEXT.split_once("```yaml\n").unwrap();
    let (sample, _) = rest.split_once("```").unwrap();
    crate::support::check(sample, &[]);
}
