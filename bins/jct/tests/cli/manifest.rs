//! `jct manifest check` as its users meet it: without a tower, on the examples and on what people get wrong.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{checked, jct};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/manifests");

fn examples() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(EXAMPLES).expect("examples").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

#[track_caller]
fn check(expect: i32, folder: &Path, arguments: &[&str]) -> String {
    let arguments = [&["manifest", "check"], arguments].concat();
    checked(&jct(folder, &arguments).output().expect("run"), expect, &arguments)
}

#[test]
fn every_example_is_valid_and_says_what_it_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = examples();
    assert!(files.len() >= 2, "{files:?}");
    let names: Vec<_> = files.iter().map(|path| path.to_str().expect("text")).collect();
    let text = check(0, folder.path(), &names);
    assert!(text.contains("valid, local-notes sha256:") && text.contains("local_fs"), "{text}");
    let json = check(0, folder.path(), &[&["--json"], &names[..]].concat());
    let told: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(told.iter().all(|one| one["valid"] == true), "{json}");
    let needs = |one: &Value, what: &str| {
        one["requiredCapabilities"].as_array().expect("a list").iter().any(|capability| capability == what)
    };
    assert!(told.iter().any(|one| needs(one, "local_fs")) && told.iter().any(|one| needs(one, "github")), "{json}");
}

#[test]
fn every_violation_is_told_at_once_with_its_line_and_never_with_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let valid = fs::read_to_string(Path::new(EXAMPLES).join("local-notes.yaml")).expect("an example");
    let key = format!("ghp_{}", "Zx81Qw7Lk3Jh5Gf2Ds9A".repeat(2));
    let wrong = valid
        .replace("type: qdrant", "type: pinecone")
        .replace("${QDRANT_API_KEY}", &key)
        .replace("concurrency: 2", "concurrency: 0");
    fs::write(folder.path().join("wrong.yaml"), &wrong).expect("written");
    let json: Value = serde_json::from_str(&check(1, folder.path(), &["--json", "wrong.yaml"])).expect("JSON");
    let line_of = |text: &str| wrong.lines().position(|line| line.contains(text)).expect("a line") + 1;
    for (path, text) in [
        ("/vectorStore/type", "pinecone"),
        ("/vectorStore/connection/apiKey", "apiKey"),
        ("/run/concurrency", "concurrency: 0"),
    ] {
        let found = json["violations"].as_array().expect("a list").iter().find(|violation| violation["path"] == path);
        let found = found.unwrap_or_else(|| panic!("nothing at {path}: {json}"));
        assert_eq!(found["line"], line_of(text), "{found}");
        assert!(found["code"].is_string() && found["message"].is_string(), "{found}");
    }
    let text = check(1, folder.path(), &["wrong.yaml"]);
    assert!(text.contains(&format!("wrong.yaml:{}: /vectorStore/type: ", line_of("pinecone"))), "{text}");
    assert!(!text.contains(&key) && !json.to_string().contains(&key), "{text}");
}

#[test]
fn one_bad_file_among_good_ones_is_bad_news() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("empty.yaml"), "").expect("written");
    let good = examples();
    check(1, folder.path(), &[good[0].to_str().expect("text"), "empty.yaml"]);
    check(8, folder.path(), &["nowhere.yaml"]);
    check(2, folder.path(), &[]);
}

#[test]
fn the_schema_is_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema: Value = serde_json::from_str(&check(0, folder.path(), &["--schema"])).expect("JSON");
    assert!(schema["properties"]["dataSources"].is_object(), "{schema}");
    check(2, folder.path(), &["--schema", "a.yaml"]);
}
