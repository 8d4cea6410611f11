//! Verifying finds every change, and reading never leaves the folder.

use std::os::unix::fs::symlink;
use std::path::Path;

use jct_contract::Sha256Digest;
use jct_trace::{Finding, OpenError, OpenFileError, TraceFolder, verify, verify_path};

use proptest::prelude::*;

use crate::support::{FINISHED, Tower, result, task_id};

fn sealed_with_artifact(tower: &Tower) -> Sha256Digest {
    let trace = tower.begin(1);
    std::fs::create_dir(trace.artifacts_dir().join("sub")).unwrap();
    std::fs::write(trace.artifacts_dir().join("sub/report.md"), "42").unwrap();
    trace.finish(result(), FINISHED).seal().unwrap().manifest_digest
}

/// Changes a sealed folder and compares what verifying finds, given as text.
#[track_caller]
fn check(change: impl FnOnce(&Path), expected: &[&str]) {
    let tower = Tower::new();
    let digest = sealed_with_artifact(&tower);
    change(&tower.attempt(1));
    let report = verify(&tower.root, task_id(), 1, Some(digest)).unwrap();
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}: expected {expected}");
    }
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn an_untouched_folder_is_clean() {
    check(|_| {}, &[]);
}

#[test]
fn every_kind_of_change_is_found() {
    check(|folder| std::fs::write(folder.join("output.json"), "{}").unwrap(), &["`output.json` was altered"]);
    check(
        |folder| edit(&folder.join("artifacts/sub/report.md"), "42", "43"),
        &["`artifacts/sub/report.md` was altered"],
    );
    check(|folder| edit(&folder.join("log.txt"), "\n", "\nand more\n"), &["`log.txt` was altered"]);
    check(|folder| std::fs::remove_file(folder.join("events.jsonl")).unwrap(), &["`events.jsonl` is missing"]);
    check(
        |folder| std::fs::write(folder.join("artifacts/new"), "").unwrap(),
        &["`artifacts/new` is not in the manifest"],
    );
    check(|folder| std::fs::write(folder.join("a\nb"), "").unwrap(), &["`a%0Ab` is not in the manifest"]);
    check(|folder| edit(&folder.join("manifest.json"), "build-7", "build-8"), &["the manifest was altered"]);
    check(|folder| std::fs::remove_file(folder.join("manifest.json")).unwrap(), &["the manifest cannot be read"]);
    check(
        |folder| std::fs::write(folder.join("manifest.json"), "{").unwrap(),
        &["the manifest was altered", "the manifest is not valid"],
    );
    check(
        |folder| edit(&folder.join("manifest.json"), "\"log.txt\"", "\"../../log.txt\""),
        &["the manifest was altered", "the manifest is not valid: not a relative path"],
    );
    check(
        |folder| edit(&folder.join("manifest.json"), "\"attempt\": 1", "\"attempt\": 2"),
        &["the manifest was altered", "the manifest belongs to task"],
    );
}

#[test]
fn a_file_that_became_a_link_is_missing_and_never_followed() {
    let replace = |folder: &Path| {
        let log = folder.join("log.txt");
        std::fs::rename(&log, folder.join("../elsewhere")).unwrap();
        symlink("../elsewhere", log).unwrap();
    };
    check(replace, &["`log.txt` is missing"]);
    let replace_folder = |folder: &Path| {
        let sub = folder.join("artifacts/sub");
        std::fs::rename(&sub, folder.join("../elsewhere")).unwrap();
        symlink("../../elsewhere", sub).unwrap();
    };
    check(replace_folder, &["`artifacts/sub/report.md` is missing", "`artifacts/sub` is not in the manifest"]);
}

#[test]
fn findings_are_limited() {
    let tower = Tower::new();
    sealed_with_artifact(&tower);
    for number in 0..1_100 {
        std::fs::write(tower.attempt(1).join(format!("{number}")), "").unwrap();
    }
    let report = verify(&tower.root, task_id(), 1, None).unwrap();
    assert_eq!(report.findings.len(), 1_001);
    assert_eq!(report.findings.last(), Some(&Finding::More));
}

#[test]
fn without_a_digest_from_elsewhere_the_report_is_not_anchored() {
    let tower = Tower::new();
    let digest = sealed_with_artifact(&tower);
    let report = verify_path(&tower.attempt(1), None).unwrap();
    assert!(report.is_clean() && !report.anchored);
    assert_eq!(report.manifest_digest, Some(digest));
    assert!(verify_path(&tower.attempt(1), Some(digest)).unwrap().anchored);
}

#[test]
fn another_version_is_named_and_not_called_damaged() {
    let tower = Tower::new();
    sealed_with_artifact(&tower);
    edit(&tower.attempt(1).join("manifest.json"), "\"format_version\": 1", "\"format_version\": 2");
    let error = verify(&tower.root, task_id(), 1, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the manifest has format `jct-trace` version 2; this program reads `jct-trace` version 1"
    );
}

#[test]
fn only_files_of_the_manifest_are_opened() {
    let tower = Tower::new();
    sealed_with_artifact(&tower);
    std::fs::write(tower.attempt(1).join("extra"), "x").unwrap();
    let folder = TraceFolder::open(&tower.root, task_id(), 1).unwrap();
    let listed: Vec<_> = folder.list_files().map(|entry| entry.path.as_str()).collect();
    let expected = ["artifacts/sub/report.md", "events.jsonl", "input.json", "log.txt", "output.json", "manifest.json"];
    assert_eq!(listed, expected);
    for path in listed {
        let opened = folder.open_file(path).unwrap();
        let content = std::io::read_to_string(opened.file).unwrap();
        assert_eq!(Sha256Digest::of(content.as_bytes()), opened.entry.digest, "{path}");
    }
    for path in [
        "extra",
        "../attempt-1/log.txt",
        "./log.txt",
        "artifacts",
        "artifacts/",
        "",
        "/etc/passwd",
        "log.txt\0",
        "LOG.TXT",
    ] {
        assert!(matches!(folder.open_file(path), Err(OpenFileError::NotFound)), "{path:?}");
    }
    std::fs::remove_file(tower.attempt(1).join("log.txt")).unwrap();
    symlink("/etc/passwd", tower.attempt(1).join("log.txt")).unwrap();
    assert!(matches!(folder.open_file("log.txt"), Err(OpenFileError::Io(_))));
}

#[test]
fn an_unknown_folder_is_not_found() {
    let tower = Tower::new();
    sealed_with_artifact(&tower);
    assert!(matches!(TraceFolder::open(&tower.root, task_id(), 2), Err(OpenError::NotFound)));
    let other = "019b7859-0400-7000-8000-000000000002".parse().unwrap();
    assert!(matches!(verify(&tower.root, other, 1, None), Err(OpenError::NotFound)));
    assert!(matches!(verify_path(&tower.path().join("nothing"), None), Err(OpenError::NotFound)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_changed_byte_is_found(file in 0usize..6, position in any::<prop::sample::Index>(), mask in 1u8..) {
        let tower = Tower::new();
        let digest = sealed_with_artifact(&tower);
        let files = ["artifacts/sub/report.md", "events.jsonl", "input.json", "log.txt", "manifest.json", "output.json"];
        let path = tower.attempt(1).join(files[file]);
        let mut content = std::fs::read(&path).unwrap();
        let changed = position.index(content.len());
        content[changed] ^= mask;
        std::fs::write(&path, content).unwrap();
        // A manifest may name another version after the change, which is told as an error.
        let report = verify(&tower.root, task_id(), 1, Some(digest));
        prop_assert!(report.is_err() || !report.unwrap().is_clean());
    }

    #[test]
    fn any_manifest_is_read_or_refused(manifest in prop_oneof!["\\PC{0,200}", "\\{\"format\": ?\"jct-trace\", ?\"format_version\": ?1.{0,60}\\}"]) {
        let tower = Tower::new();
        let digest = sealed_with_artifact(&tower);
        std::fs::write(tower.attempt(1).join("manifest.json"), &manifest).unwrap();
        prop_assert!(TraceFolder::open(&tower.root, task_id(), 1).is_err());
        prop_assert!(!verify(&tower.root, task_id(), 1, Some(digest)).is_ok_and(|report| report.is_clean()));
    }
}
