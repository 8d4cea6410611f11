//! Replays the corpora of the fuzz targets, and what they must hold for each entry, in the ordinary tests.

use std::path::PathBuf;

use jct_manifest::{RawManifest, ViolationCode};

use crate::support::random;

fn entries(corpus: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(corpus);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 10, "the corpus was not found");
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
    paths.into_iter().map(read).collect()
}

#[test]
fn every_manifest_of_the_corpus_is_answered_as_its_name_says() {
    for (name, bytes) in entries("manifest_yaml") {
        let answer = RawManifest::new(bytes).validate();
        let found = answer.as_ref().map_or_else(|refused| refused.as_slice()[0].code.as_str(), |_| "taken");
        assert_eq!(name.split('-').next(), Some(found), "{name}: {answer:?}");
    }
}

#[test]
fn a_token_in_any_place_of_the_corpus_is_refused_and_never_told() {
    let token = random(36);
    for (name, bytes) in entries("manifest_secrets") {
        let text = String::from_utf8(bytes).unwrap().replace('§', &format!("ghp_{token}"));
        let refused = RawManifest::new(text.into_bytes()).validate().unwrap_err();
        assert!(refused.has(ViolationCode::RawSecret), "{name}: {refused}");
        assert!(!format!("{refused} {refused:?}").contains(&token[..10]), "{name}");
    }
}
