//! What cannot be done is refused by name, before anything is done.

use jct_exec::{FailureReason, ManifestInput};
use jct_manifest::ManifestHash;
use serde_json::json;

use crate::support::{Bench, manifest, over_notes};

#[track_caller]
fn refused(left: &crate::support::Left, words: &str) {
    let (reason, message) = left.failure();
    assert_eq!(reason, FailureReason::InvalidInput, "{message}");
    assert!(message.contains(words), "{message}");
    assert!(!left.has("chunks.jsonl"));
}

async fn check(manifest: &str, words: &str) {
    let bench = Bench::new();
    bench.note("a.md", "a");
    refused(&bench.run(manifest, json!({}), None).await, words);
}

#[tokio::test]
async fn what_the_manifest_asks_for_in_vain_is_named() {
    check(&over_notes("security:\n  piiRedaction: true\n"), "security.piiRedaction").await;
    check(&over_notes("transforms:\n  splitter:\n    type: CodeSplitter\n"), "`CodeSplitter`").await;
    check(&over_notes("transforms:\n  enrichMetadata: [sentiment]\n"), "`sentiment`").await;
    check(&over_notes("transforms:\n  enrichMetadata: [path]\nsecurity:\n  allowlistMetadata: [repo]\n"), "allow list")
        .await;
    check(&over_notes("vectorStore:\n  type: milvus\n"), "milvus").await;
    check(&over_notes("vectorStore:\n  type: qdrant\n  indexName: \"${INDEX}\"\n"), "vectorStore.indexName").await;
}

#[tokio::test]
async fn folders_outside_are_named_by_their_source_and_not_by_their_path() {
    let bench = Bench::new();
    bench.write("secret/a.md", "outside");
    std::os::unix::fs::symlink(bench.path("secret"), bench.path("data/out")).unwrap();
    let outside = bench.path("secret").display().to_string();
    for input_dir in [outside.as_str(), "out", "/"] {
        let source =
            format!("  - id: disk\n    type: SimpleDirectoryReader\n    params:\n      inputDir: {input_dir}\n");
        let left = bench.run(&manifest(&source, ""), json!({}), None).await;
        assert_eq!(left.failure().0, FailureReason::InvalidInput);
        assert!(left.failure().1.contains("`disk`") && !left.failure().1.contains("secret"), "{:?}", left.failure());
        assert!(left.is_empty());
    }
}

#[tokio::test]
async fn a_source_that_is_not_served_ends_the_run_before_anything_is_made() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    bench.commit_nothing();
    let source = |id: &str, reader: &str| format!("  - id: {id}\n    type: {reader}\n");
    let sources = [
        source("good", "SimpleDirectoryReader\n    params: {inputDir: notes}"),
        source("foreign", "GithubRepositoryReader\n    params: {owner: nobody, repo: nothing}"),
        source("outside", "SimpleDirectoryReader\n    params: {inputDir: /etc}"),
        source("known", "GithubRepositoryReader\n    params: {owner: Org, repo: Demo}"),
    ];
    for policy in ["continue", "stopOnFirstError"] {
        for (action, options) in [("run", json!({})), ("run", json!({ "dryRun": true })), ("plan", json!({}))] {
            let manifest = manifest(&sources.concat(), &format!("run:\n  errorPolicy: {policy}\n"));
            let left = bench.act(&manifest, action, options, None).await;
            refused(&left, "`foreign`");
            let (_, message) = left.failure();
            assert!(message.contains("nobody/nothing") && message.contains("`outside`"), "all are named: {message}");
            assert!(!message.contains("`good`") && !message.contains("`known`"), "{message}");
            assert!(!message.contains("/etc"), "{message}");
            assert!(left.is_empty() && left.state.is_none() && bench.is_tidy(), "{policy}");
        }
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_makes_nothing_either() {
    let bench = Bench::new();
    let left = bench.run(&over_notes("").replace("inputDir: notes", "inputDir: nowhere"), json!({}), None).await;
    refused(&left, "`disk`");
    assert_eq!(left.json("run_summary.json")["status"], json!("failed"));
}

#[tokio::test]
async fn a_worker_without_an_endpoint_makes_no_vectors_unless_it_is_told_to_do_without() {
    let mut bench = Bench::new();
    bench.options.chunks_only = false;
    refused(&bench.run(&over_notes(""), json!({}), None).await, "no endpoint");
    let other = Bench::with_endpoint("http://127.0.0.1:9/v1");
    let openai = over_notes("embeddings:\n  provider: openai\n  model: m\n");
    refused(&other.run(&openai, json!({}), None).await, "`openai`");
}

#[tokio::test]
async fn a_manifest_that_is_not_the_queued_one_is_refused() {
    let bench = Bench::new();
    let content = over_notes("");
    let hash = ManifestHash::of(content.as_bytes()).to_string();
    let input = |name: &str, hash: &str, content: &str| {
        Some(ManifestInput { name: name.to_owned(), hash: hash.to_owned(), content: content.to_owned(), state: None })
    };
    let job = |name: &str, hash: &str| json!({ "manifest_job": { "manifest": { "name": name, "action": "run" }, "manifestHash": hash } });
    let good = job("harbor-notes", &hash);
    refused(&bench.execute(None, good.clone()).await, "without its manifest");
    let drifted = input("harbor-notes", &hash, &format!("{content}\n"));
    refused(&bench.execute(drifted, good.clone()).await, "hash differs");
    let other = ManifestHash::of(b"x").to_string();
    refused(&bench.execute(input("harbor-notes", &hash, &content), job("harbor-notes", &other)).await, "hash differs");
    refused(&bench.execute(input("harbor-notes", &hash, &content), job("other", &hash)).await, "name differs");
    refused(&bench.execute(input("other", &hash, &content), good.clone()).await, "name differs");
    refused(&bench.execute(input("harbor-notes", &hash, &content), json!({})).await, "manifest_job");
    let broken = content.replace("v0", "v9");
    let hash = ManifestHash::of(broken.as_bytes()).to_string();
    refused(&bench.execute(input("harbor-notes", &hash, &broken), job("harbor-notes", &hash)).await, "not valid");
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_an_error_unless_everything_is_done_anew() {
    let bench = Bench::new();
    bench.note("a.md", "a");
    refused(&bench.run(&over_notes(""), json!({}), Some("{}")).await, "forceFull");
    let left = bench.run(&over_notes(""), json!({ "forceFull": true }), Some("{}")).await;
    assert_eq!(left.numbers(&["changed"]), [1]);
}
