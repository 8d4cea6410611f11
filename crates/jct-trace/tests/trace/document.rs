//! The examples of `docs/trace-format.md` are the files of a real folder.
//!
//! With `JCT_TEST_UPDATE_DOCS=1` the test writes the examples instead of comparing them.

use std::path::Path;

use jct_contract::{Sha256Digest, canonical_json};
use jct_trace::{ArtifactLimits, EntryPath, FORMAT_VERSION, LogStream};
use serde_json::json;

use crate::support::{FINISHED, STARTED, Tower, identity};

#[test]
fn the_examples_of_the_document_are_real() {
    let tower = Tower::new();
    let task = json!({ "version": "1.0", "objective": "count the lines", "operation": "analysis" });
    let mut identity = identity(1);
    if let Some(admission) = &mut identity.admission {
        admission.task_digest = Sha256Digest::of(canonical_json(&task).as_bytes());
    }
    let mut trace = tower.root.begin(identity, &task).unwrap();
    trace.event(STARTED, "checkout", &json!({ "commit": "9fceb02d0ae598e95dc970b74767f19372d61af8" }));
    trace.log_line(STARTED, LogStream::Stdout, "42 lines");
    std::fs::write(trace.artifacts_dir().join("report.md"), "# 42 lines\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", trace.artifacts_dir().join("link")).unwrap();
    trace.finish(crate::support::result(), FINISHED).seal().unwrap();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/trace-format.md");
    let mut document = std::fs::read_to_string(&path).unwrap();
    for name in ["manifest.json", "input.json", "output.json", "events.jsonl", "log.txt"] {
        let content = std::fs::read_to_string(tower.attempt(1).join(name)).unwrap();
        document = with_example(&document, name, &content);
    }
    if std::env::var_os("JCT_TEST_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), document);
}

#[test]
fn the_limits_of_the_document_are_the_default_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/trace-format.md");
    let document = std::fs::read_to_string(path).unwrap().replace('\n', " ");
    assert_eq!(
        ArtifactLimits::default(),
        ArtifactLimits { max_entries: 10_000, max_depth: 16, max_total_bytes: 1 << 30 }
    );
    assert!(document.contains("10,000 files and folders, 16 levels, 1 GiB together"));
    assert!(document.contains(&format!("a path has at most {} bytes", EntryPath::MAX_BYTES)));
    assert!(document.starts_with(&format!("# Trace folders, format version {FORMAT_VERSION} ")));
}

/// The document with the fenced block behind `<!-- example: name -->` replaced.
fn with_example(document: &str, name: &str, content: &str) -> String {
    let marker = format!("<!-- example: {name} -->\n```");
    let (before, rest) = document.split_once(&marker).unwrap_or_else(|| panic!("no example of {name}"));
    let (language, rest) = rest.split_once('\n').unwrap();
    let (_, after) = rest.split_once("\n```\n").unwrap();
    format!("{before}{marker}{language}\n{}\n```\n{after}", content.trim_end())
}
