//! A second run does what has changed, and deletes only what is certainly gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Bench, manifest, over_notes};

const COUNTS: [&str; 4] = ["changed", "unchanged", "deleted", "chunks"];

#[tokio::test]
async fn only_what_has_changed_is_done_again() {
    let bench = Bench::new();
    for name in ["same.md", "changes.md", "goes.md"] {
        bench.note(name, name);
    }
    let manifest = over_notes("");
    let first = bench.run(&manifest, json!({}), None).await;
    assert_eq!(first.numbers(&COUNTS), [3, 0, 0, 3]);
    assert!(first.lines("deletions.jsonl").is_empty());

    let again = bench.run(&manifest, json!({}), first.state.as_deref()).await;
    assert_eq!(again.numbers(&COUNTS), [0, 3, 0, 0]);
    assert!(again.lines("chunks.jsonl").is_empty());

    bench.note("changes.md", "otherwise");
    bench.note("new.md", "new");
    fs::remove_file(bench.path("data/notes/goes.md")).unwrap();
    let second = bench.run(&manifest, json!({}), again.state.as_deref()).await;
    assert_eq!(second.numbers(&COUNTS), [2, 1, 1, 2]);
    assert_eq!(second.column("chunks.jsonl", "document"), ["changes.md", "new.md"]);
    assert_eq!(second.column("deletions.jsonl", "document"), ["changes.md", "goes.md"]);
    assert_eq!(second.column("deletions.jsonl", "reason"), ["changed", "deleted"]);
    // The same piece of the same document is the same point in every run.
    let point = |left: &crate::support::Left| left.lines("chunks.jsonl")[0]["id"].clone();
    assert_eq!(point(&first), point(&second));

    let third = bench.run(&manifest, json!({}), second.state.as_deref()).await;
    assert_eq!(third.numbers(&COUNTS), [0, 3, 0, 0]);
}

#[tokio::test]
async fn everything_is_done_again_if_it_is_forced_or_done_otherwise() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    let first = bench.run(&over_notes(""), json!({}), None).await;
    let forced = bench.run(&over_notes(""), json!({ "forceFull": true }), first.state.as_deref()).await;
    assert_eq!(forced.numbers(&COUNTS), [1, 0, 0, 1]);
    assert_eq!(forced.column("deletions.jsonl", "reason"), ["changed"]);
    let otherwise = over_notes("transforms:\n  splitter:\n    chunkSize: 50\n");
    let otherwise = bench.run(&otherwise, json!({}), forced.state.as_deref()).await;
    assert_eq!(otherwise.numbers(&COUNTS), [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_plan_says_what_would_be_done_and_does_nothing() {
    let bench = Bench::new();
    bench.note("a.md", "one. ".repeat(500));
    bench.note("b.md", "b");
    let first = bench.run(&over_notes(""), json!({}), None).await;
    bench.note("b.md", "other");
    fs::remove_file(bench.path("data/notes/a.md")).unwrap();
    bench.note("c.md", "one. ".repeat(500));
    let manifest = over_notes("run:\n  batchSize: 2\n");
    for (action, options) in [("plan", json!({})), ("run", json!({ "dryRun": true }))] {
        let left = bench.act(&manifest, action, options, first.state.as_deref()).await;
        let plan = left.json("reports/plan.json");
        let counts = &plan["totals"];
        assert_eq!((&counts["changed"], &counts["unchanged"], &counts["deleted"]), (&json!(2), &json!(0), &json!(1)));
        let (chunks, calls) = (counts["chunks"].as_u64().unwrap(), plan["embedding_calls_estimated"].as_u64().unwrap());
        assert!(chunks > 2 && calls == chunks.div_ceil(2), "{plan}");
        assert_eq!(plan["capabilities"], json!(["manifest", "embeddings", "ollama", "qdrant", "local_fs"]));
        assert_eq!(left.state, None);
        assert!(!left.has("chunks.jsonl") && !left.has("run_summary.json"));
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_read_deletes_nothing() {
    let bench = Bench::new();
    bench.write("data/notes/a.md", "a");
    bench.write("data/other/b.md", "b");
    let source =
        |id: &str| format!("  - id: {id}\n    type: SimpleDirectoryReader\n    params:\n      inputDir: {id}\n");
    let both = manifest(&["notes", "other"].map(source).concat(), "");
    let first = bench.run(&both, json!({}), None).await;
    fs::rename(bench.path("data/other"), bench.path("data/away")).unwrap();

    let second = bench.run(&both, json!({}), first.state.as_deref()).await;
    assert_eq!(second.numbers(&["unchanged", "deleted", "problems"]), [1, 0, 1]);
    assert_eq!(second.json("errors.json")["problems"][0]["source"], json!("other"));
    let summary = "1 documents: 0 changed, 1 unchanged, 0 deleted, 0 skipped, 0 failed; 0 chunks; 1 problem";
    assert_eq!(second.output()["summary"], json!(summary));
    fs::rename(bench.path("data/away"), bench.path("data/other")).unwrap();
    let third = bench.run(&both, json!({}), second.state.as_deref()).await;
    assert_eq!(third.numbers(&COUNTS), [0, 2, 0, 0]);

    let strict = manifest(&["notes", "gone"].map(source).concat(), "run:\n  errorPolicy: stopOnFirstError\n");
    let stopped = bench.run(&strict, json!({}), first.state.as_deref()).await;
    assert!(stopped.failure().1.contains("`gone`"), "{:?}", stopped.failure());
    assert_eq!(stopped.state, None);
    assert_eq!(stopped.json("run_summary.json")["status"], json!("failed"));
    let none = manifest(&source("gone"), "");
    assert!(bench.run(&none, json!({}), None).await.failure().1.contains("`gone`"), "a run that read nothing");
}

#[tokio::test]
async fn a_limit_on_documents_deletes_nothing() {
    let bench = Bench::new();
    for name in ["a.md", "b.md", "c.md"] {
        bench.note(name, name);
    }
    let first = bench.run(&over_notes(""), json!({}), None).await;
    let second = bench.run(&over_notes(""), json!({ "maxDocs": 1 }), first.state.as_deref()).await;
    assert_eq!(second.numbers(&COUNTS), [0, 1, 0, 0]);
    let third = bench.run(&over_notes(""), json!({}), second.state.as_deref()).await;
    assert_eq!(third.numbers(&COUNTS), [0, 3, 0, 0]);
}

#[tokio::test]
async fn a_document_that_cannot_be_cut_is_noted_and_not_deleted() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    bench.note("b.md", "b");
    let small = "transforms:\n  splitter:\n    chunkSize: 1\n    chunkOverlap: 0\n";
    let first = bench.run(&over_notes(small), json!({}), None).await;
    bench.note("b.md", "a ".repeat(100_001));
    let second = bench.run(&over_notes(small), json!({}), first.state.as_deref()).await;
    assert_eq!(second.numbers(&["unchanged", "failed", "deleted"]), [1, 1, 0]);
    assert_eq!(second.json("errors.json")["problems"][0]["document"], json!("b.md"));
    bench.note("b.md", "b");
    let third = bench.run(&over_notes(small), json!({}), second.state.as_deref()).await;
    assert_eq!(third.numbers(&COUNTS), [0, 2, 0, 0]);
}

#[tokio::test]
async fn a_source_that_the_manifest_has_no_more_takes_its_documents_with_it() {
    let bench = Bench::new();
    bench.write("data/notes/a.md", "a");
    bench.write("data/other/b.md", "b");
    let source =
        |id: &str| format!("  - id: {id}\n    type: SimpleDirectoryReader\n    params:\n      inputDir: {id}\n");
    let first = bench.run(&manifest(&["notes", "other"].map(source).concat(), ""), json!({}), None).await;
    let second = bench.run(&manifest(&source("notes"), ""), json!({}), first.state.as_deref()).await;
    assert_eq!(second.numbers(&["unchanged", "deleted"]), [1, 1]);
    assert_eq!(second.column("deletions.jsonl", "source"), ["other"]);
    assert!(!second.state.unwrap().contains("other"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_listed_fails_its_source() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    bench.note("closed/b.md", "b");
    let closed = bench.path("data/notes/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let listed = fs::read_dir(&closed).is_ok();
    let left = bench.run(&over_notes(""), json!({}), None).await;
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    // Whoever may read everything cannot be kept out.
    if !listed {
        assert!(left.failure().1.contains("`closed`"), "{:?}", left.failure());
    }
}
