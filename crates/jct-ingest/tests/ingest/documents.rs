//! Which files are documents, and what is made of them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::support::{Bench, manifest, over_notes};

#[tokio::test]
async fn documents_become_chunks_in_the_order_of_their_names() {
    let bench = Bench::new();
    bench.note("b.md", "second");
    bench.note("a/z.txt", "first of all");
    bench.note("a.md", "\u{feff}first");
    let left = bench.run(&over_notes(""), json!({}), None).await;
    assert_eq!(left.column("chunks.jsonl", "document"), ["a.md", "a/z.txt", "b.md"]);
    assert_eq!(left.column("chunks.jsonl", "text"), ["first", "first of all", "second"]);
    assert_eq!(left.column("chunks.jsonl", "source"), ["disk", "disk", "disk"]);
    assert_eq!(left.numbers(&["documents", "changed", "chunks", "chunks_embedded"]), [3, 3, 3, 0]);
    assert!(!left.has("points.jsonl"), "there are no vectors");
    assert_eq!(left.output()["vectors"], json!(false));
    let summary = "3 documents: 3 changed, 0 unchanged, 0 deleted, 0 skipped, 0 failed; 3 chunks";
    assert_eq!(left.output()["summary"], json!(summary));
    // Nothing is told about a document that the manifest does not allow.
    assert!(left.lines("chunks.jsonl").iter().all(|line| line["metadata"] == json!({})));
    let heard = bench.heard.text();
    for stage in ["validate", "fetch", "transform", "write"] {
        assert!(heard.contains(&format!("manifest.{stage}: ")), "{stage}: {heard}");
    }
}

#[tokio::test]
async fn what_is_no_document_is_counted_with_the_reason() {
    let bench = Bench::new();
    bench.note("good.md", "x");
    bench.note("binary.bin", b"a\0b");
    bench.note("latin.txt", b"caf\xe9");
    bench.note(".env", "KEY=1");
    bench.note(".git/config", "x");
    bench.write("secret/outside.md", "outside");
    symlink(bench.path("secret/outside.md"), bench.path("data/notes/link.md")).unwrap();
    symlink(bench.path("secret"), bench.path("data/notes/linked")).unwrap();
    symlink(".", bench.path("data/notes/loop")).unwrap();
    fs::write(bench.path("data/notes").join(std::ffi::OsStr::from_bytes(b"na\xffme.md")), "x").unwrap();
    let left = bench.run(&over_notes(""), json!({}), None).await;
    assert_eq!(left.column("chunks.jsonl", "document"), ["good.md"]);
    let summary = left.json("run_summary.json");
    let expect = json!({ "binary": 1, "hidden": 2, "link": 3, "name_not_utf8": 1, "not_utf8": 1 });
    assert_eq!(summary["report"]["sources"][0]["skipped"], expect);
    assert_eq!(left.numbers(&["skipped"]), [8]);
    assert!(!left.text("chunks.jsonl").contains("outside"));
}

#[tokio::test]
async fn hostile_names_stay_names() {
    let bench = Bench::new();
    for name in ["a\nb.md", "a\tb|0.md", "'; DROP TABLE x; --.md", "$(id).md", "..."] {
        bench.note(name, "x");
    }
    let left = bench.run(&over_notes(""), json!({}), None).await;
    let expect = ["$(id).md", "'; DROP TABLE x; --.md", "a\tb|0.md", "a\nb.md"];
    assert_eq!(left.column("chunks.jsonl", "document"), expect);
}

#[tokio::test]
async fn endings_and_depth_are_the_manifests() {
    let bench = Bench::new();
    for name in ["a.md", "b.TXT", "c.rst", "deep/d.md"] {
        bench.note(name, "x");
    }
    let source = |rest: &str| {
        let head = "  - id: disk\n    type: simpledirectoryreader\n    params:\n      inputDir: ./notes\n";
        manifest(&format!("{head}{rest}"), "")
    };
    let flat = bench.run(&source(""), json!({}), None).await;
    assert_eq!(flat.column("chunks.jsonl", "document"), ["a.md", "b.TXT", "c.rst"]);
    let some = source("      recursive: true\n      requiredExts: ['.md', txt]\n");
    let some = bench.run(&some, json!({}), None).await;
    assert_eq!(some.column("chunks.jsonl", "document"), ["a.md", "b.TXT", "deep/d.md"]);
}

#[tokio::test]
async fn the_manifest_says_how_texts_are_cut_and_what_is_told_about_them() {
    let bench = Bench::new();
    bench.note("page.html", "<html><body><p>One two.</p><script>alert(1)</script><p>Three four.</p></body></html>");
    let rest = "transforms:\n  htmlToText: true\n  splitter:\n    type: SentenceSplitter\n    chunkSize: 12\n    \
                chunkOverlap: 0\n  enrichMetadata: [path]\nsecurity:\n  allowlistMetadata: [path, fileName, extension]\n";
    let left = bench.run(&over_notes(rest), json!({}), None).await;
    assert_eq!(left.column("chunks.jsonl", "text"), ["One two.", "Three four."]);
    assert_eq!(left.column("chunks.jsonl", "chunk"), ["0", "1"]);
    let metadata = json!({ "path": "page.html", "file_name": "page.html", "extension": "html" });
    assert_eq!(left.lines("chunks.jsonl")[1]["metadata"], metadata);
}

#[tokio::test]
async fn the_limit_on_documents_holds_over_all_sources() {
    let bench = Bench::new();
    for name in ["notes/a.md", "notes/b.md", "other/c.md", "other/d.md", "third/e.md"] {
        bench.write(&format!("data/{name}"), "x");
    }
    let source =
        |id: &str| format!("  - id: {id}\n    type: SimpleDirectoryReader\n    params:\n      inputDir: {id}\n");
    let manifest = manifest(&["notes", "other", "third"].map(source).concat(), "run:\n  maxDocs: 4\n");
    let left = bench.run(&manifest, json!({ "maxDocs": 3 }), None).await;
    assert_eq!(left.column("chunks.jsonl", "document"), ["a.md", "b.md", "c.md"]);
    assert_eq!(left.output()["cut_by_max_docs"], json!(true));
    let complete: Vec<_> =
        left.output()["sources"].as_array().unwrap().iter().map(|source| source["complete"].clone()).collect();
    assert_eq!(complete, [json!(true), json!(false), json!(false)]);
    let all = bench.run(&manifest, json!({}), left.state.as_deref()).await;
    assert_eq!(all.numbers(&["documents", "unchanged", "changed"]), [4, 3, 1]);
}
