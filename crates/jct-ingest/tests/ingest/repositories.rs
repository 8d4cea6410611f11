//! Documents of a repository, at one commit.

use std::fs;
use std::os::unix::fs::symlink;

use jct_exec::FailureReason;
use serde_json::json;

use crate::support::{Bench, git, manifest};

fn source(params: &str) -> String {
    manifest(&format!("  - id: code\n    type: GithubRepositoryReader\n    params:\n{params}"), "")
}

fn bench() -> Bench {
    let bench = Bench::new();
    for name in ["README.md", "docs/a.md", "docs/deep/b.md", "docs/c.txt", "vendor/d.md", ".github/e.md"] {
        bench.write(&format!("source/{name}"), name);
    }
    bench.write("secret.md", "outside");
    symlink(bench.path("secret.md"), bench.path("source/docs/out.md")).unwrap();
    bench
}

#[tokio::test]
async fn documents_are_those_of_the_commit() {
    let bench = bench();
    let commit = bench.commit();
    bench.write("source/docs/later.md", "not committed");
    let manifest = source("      owner: Org\n      repo: Demo\n      filterExtensions: [.md]\n");
    let left = bench.run(&manifest, json!({}), None).await;
    let expect = [".github/e.md", "README.md", "docs/a.md", "docs/deep/b.md", "vendor/d.md"];
    assert_eq!(left.column("chunks.jsonl", "document"), expect);
    let checkpoint = left.json("checkpoint.json");
    assert_eq!(checkpoint["sources"][0]["commit"], json!(commit));
    assert_eq!(checkpoint["state"]["sources"]["code"]["commit"], json!(commit));
    assert!(bench.is_tidy());

    git(&bench.path("source"), &["rm", "--quiet", "README.md"]);
    bench.commit();
    let second = bench.run(&manifest, json!({}), left.state.as_deref()).await;
    assert_eq!(second.numbers(&["unchanged", "changed", "deleted"]), [4, 1, 1]);
}

#[tokio::test]
async fn patterns_say_which_files_and_a_branch_says_when() {
    let bench = bench();
    bench.commit();
    git(&bench.path("source"), &["branch", "old"]);
    fs::remove_file(bench.path("source/docs/a.md")).unwrap();
    bench.commit();
    let params = "      repo: org/demo\n      branch: old\n      include: ['docs/**', '*.md']\n      exclude: [vendor, 'docs/*.txt']\n";
    let left = bench.run(&source(params), json!({}), None).await;
    assert_eq!(left.column("chunks.jsonl", "document"), [".github/e.md", "README.md", "docs/a.md", "docs/deep/b.md"]);
}

#[tokio::test]
async fn a_limit_on_files_is_no_complete_list() {
    let bench = bench();
    bench.commit();
    let first = bench.run(&source("      repo: org/demo\n"), json!({}), None).await;
    let second =
        bench.run(&source("      repo: org/demo\n      maxFiles: 2\n"), json!({}), first.state.as_deref()).await;
    assert_eq!(second.numbers(&["documents", "unchanged", "deleted"]), [2, 2, 0]);
}

#[tokio::test]
async fn a_repository_that_nobody_configured_is_refused() {
    let bench = bench();
    bench.commit();
    let refused = bench.run(&source("      owner: org\n      repo: demo-evil\n"), json!({}), None).await;
    assert_eq!(refused.failure().0, FailureReason::InvalidInput);
    assert!(refused.failure().1.contains("`org/demo-evil`") && refused.is_empty(), "{:?}", refused.failure());
    let no_branch = bench.run(&source("      repo: org/demo\n      branch: none\n"), json!({}), None).await;
    assert_eq!(no_branch.failure().0, FailureReason::RefNotFound);
    assert!(bench.is_tidy());
}
