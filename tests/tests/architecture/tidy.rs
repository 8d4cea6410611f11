//! House style that a machine can check.

use std::path::{Path, PathBuf};

/// A file longer than this fails the test; one beyond 400 lines is named in its output.
const MOST_LINES: usize = 500;
const MANY_LINES: usize = 400;

/// Files that should only list modules and hold logic all the same. This list only shrinks.
const KNOWN: [&str; 0] = [];

/// A source file of the workspace: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ["crates", "bins", "tests"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().display().to_string();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "the sources were not found");
    found
}

/// Fails with every offender at once.
#[track_caller]
fn none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n  {}", offenders.join("\n  "));
}

/// Lines that contain one of the words, as `path:line: text`.
fn lines_with(words: &[String], applies: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut offenders = Vec::new();
    for source in sources().iter().filter(|source| applies(source)) {
        for (number, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                offenders.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    offenders
}

/// A word that this file must not contain itself.
fn word(parts: [&str; 2]) -> String {
    parts.concat()
}

#[test]
fn every_module_says_why_it_exists() {
    let silent =
        |source: &Source| !["//!", "#![doc = include_str!"].iter().any(|opening| source.text.starts_with(opening));
    let offenders: Vec<String> =
        sources().iter().filter(|source| silent(source)).map(|source| source.path.clone()).collect();
    none("modules without a `//!` at their top", &offenders);
}

#[test]
fn crate_roots_and_mod_files_hold_no_logic() {
    let is_list = |path: &str| path.ends_with("/lib.rs") || path.ends_with("/mod.rs");
    let (mut offenders, mut known) = (Vec::new(), Vec::new());
    for source in sources().iter().filter(|source| is_list(&source.path)) {
        for (number, line) in source.text.lines().enumerate() {
            let code = line.trim_start();
            let code = code.strip_prefix("pub ").or_else(|| code.strip_prefix("pub(crate) ")).unwrap_or(code);
            let code = code.strip_prefix("async ").or_else(|| code.strip_prefix("const ")).unwrap_or(code);
            if code.starts_with("fn ") || code.starts_with("impl ") || code.starts_with("impl<") {
                match KNOWN.into_iter().find(|known| *known == source.path) {
                    Some(path) => known.push(path),
                    None => offenders.push(format!("{}:{}", source.path, number + 1)),
                }
            }
        }
    }
    known.dedup();
    assert_eq!(known, KNOWN, "a known offender is tidy now: take it off the list");
    none("logic in a file that should only list modules", &offenders);
}

#[test]
fn files_stay_short() {
    let mut offenders = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            offenders.push(format!("{}: {lines}", source.path));
        } else if lines > MANY_LINES {
            println!("wants splitting: {} has {lines} lines", source.path);
        }
    }
    none("files that are too long", &offenders);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let words = [word(["#[al", "low("]), word(["#![al", "low("])];
    none("lints that are switched off", &lines_with(&words, |_| true));
}

#[test]
fn nothing_is_left_to_do() {
    let words = [
        word(["TO", "DO"]),
        word(["FIX", "ME"]),
        word(["XX", "X:"]),
        word(["unimplemen", "ted!("]),
        word(["to", "do!("]),
    ];
    // The survey finds such notes in other people's code, so its own names them.
    none("notes to self", &lines_with(&words, |source| !source.path.contains("survey")));
}

#[test]
fn no_source_names_a_machine() {
    let words = [word(["/ho", "me/"]), word(["/ro", "ot/"]), word(["/wo", "rk/"]), word(["/Us", "ers/"])];
    none("paths of one machine", &lines_with(&words, |_| true));
}

#[test]
fn processes_are_started_in_one_crate_only() {
    let words = [word(["process::Com", "mand"]), word(["Command::n", "ew("])];
    let elsewhere = |source: &Source| {
        let is_test =
            source.path.starts_with("tests/") || source.path.contains("/tests/") || source.path.contains("tests.rs");
        // What runs inside a sandbox already starts what it was confined for.
        let is_inside = source.path.starts_with("crates/jct-agent/src/inside/");
        !is_test && !is_inside && !source.path.starts_with("crates/jct-exec/")
    };
    none("processes started outside jct-exec", &lines_with(&words, elsewhere));
}

#[test]
fn every_crate_introduces_itself() {
    let mut offenders = Vec::new();
    for krate in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        let lib = std::fs::read_to_string(krate.path().join("src/lib.rs")).unwrap_or_default();
        if !krate.path().join("README.md").exists() || !lib.contains("include_str!(\"../README.md\")") {
            offenders.push(krate.path().display().to_string());
        }
    }
    none("crates whose documentation is not their README", &offenders);
}
