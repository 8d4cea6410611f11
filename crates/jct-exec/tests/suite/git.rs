//! The cache and checkouts, against repositories that try things.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jct_exec::git::{FileAnswer, RefName};
use jct_exec::process::Bounds;
use jct_exec::{GitError, Prober, RepoCache, RepoSource, RepoSources};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{Bench, bounds, git};

async fn checkout(bench: &Bench, reference: &str, name: &str) -> Result<String, GitError> {
    bench.cache.checkout("org/demo", reference, &bench.path(name), &bounds()).await
}

#[tokio::test]
async fn branches_tags_and_commits_are_found() {
    let bench = Bench::new();
    let first = bench.commit("one");
    git(&bench.source(), &["tag", "--annotate", "--message=x", "v1"]);
    git(&bench.source(), &["branch", "side"]);
    let second = bench.commit("two");

    assert_eq!(checkout(&bench, "main", "a").await.unwrap(), second);
    assert_eq!(checkout(&bench, "v1", "b").await.unwrap(), first);
    assert_eq!(checkout(&bench, "refs/tags/v1", "c").await.unwrap(), first);
    assert_eq!(checkout(&bench, "side", "d").await.unwrap(), first);
    assert_eq!(checkout(&bench, &first, "e").await.unwrap(), first);
    assert_eq!(checkout(&bench, &first[..10], "f").await.unwrap(), first);
    assert_eq!(checkout(&bench, "HEAD", "g").await.unwrap(), second);
    assert_eq!(fs::read_to_string(bench.path("a/README.md")).unwrap(), "# demo\n");
    assert_eq!(git(&bench.path("a"), &["rev-parse", "HEAD"]), second);
}

#[tokio::test]
async fn the_cache_follows_the_source() {
    let bench = Bench::new();
    checkout(&bench, "main", "a").await.unwrap();
    git(&bench.source(), &["branch", "gone"]);
    checkout(&bench, "gone", "b").await.unwrap();
    let newer = bench.commit("newer");
    git(&bench.source(), &["branch", "--delete", "gone"]);
    assert_eq!(checkout(&bench, "main", "c").await.unwrap(), newer);
    assert!(matches!(checkout(&bench, "gone", "d").await, Err(GitError::RefNotFound { .. })));
    // A history that was rewritten.
    git(&bench.source(), &["commit", "--quiet", "--amend", "--allow-empty", "--message=rewritten"]);
    let rewritten = git(&bench.source(), &["rev-parse", "HEAD"]);
    assert_eq!(checkout(&bench, "main", "e").await.unwrap(), rewritten);
}

#[tokio::test]
async fn a_commit_that_no_branch_leads_to_is_fetched_by_its_id() {
    let bench = Bench::new();
    git(&bench.source(), &["checkout", "--quiet", "--detach"]);
    let detached = bench.commit("detached");
    assert_eq!(checkout(&bench, &detached, "a").await.unwrap(), detached);
    assert_eq!(checkout(&bench, "HEAD", "b").await.unwrap(), detached);
}

#[tokio::test]
async fn a_cached_commit_needs_no_remote() {
    let bench = Bench::new();
    let commit = checkout(&bench, "main", "a").await.unwrap();
    fs::rename(bench.source(), bench.path("moved")).unwrap();
    assert_eq!(checkout(&bench, &commit, "b").await.unwrap(), commit);
    assert!(matches!(checkout(&bench, "main", "c").await, Err(GitError::FetchFailed { .. })));
}

#[tokio::test]
async fn one_file_is_read_without_a_checkout_byte_by_byte() {
    let bench = Bench::new();
    bench.write("notes/a.yaml", b"a: 1\r\n\xff\0");
    bench.write("notes/empty", "");
    // Filters of the repository must not run.
    bench.write(".gitattributes", "* text eol=lf ident filter=evil export-subst\n");
    std::os::unix::fs::symlink("a.yaml", bench.source().join("notes/link")).unwrap();
    git(&bench.source(), &["config", "filter.evil.smudge", "touch owned"]);
    git(&bench.source(), &["-c", "core.autocrlf=false", "add", "--all"]);
    bench.commit("files");
    let snapshot = bench.cache.snapshot("org/demo", "HEAD", &bounds()).await.unwrap();
    let stored = git(&bench.source(), &["cat-file", "-s", "HEAD:notes/a.yaml"]).parse::<usize>().unwrap();
    let read = async |path: &str, most| snapshot.file(path, most, &bounds()).await.unwrap();

    let FileAnswer::Bytes(bytes) = read("notes/a.yaml", stored).await else { panic!("not read") };
    assert_eq!((bytes.len(), bytes.ends_with(b"\xff\0")), (stored, true));
    assert_eq!(read("notes/a.yaml", stored - 1).await, FileAnswer::TooLarge { bytes: stored as u64 });
    assert_eq!(read("notes/empty", 0).await, FileAnswer::Bytes(Vec::new()));
    for path in [
        "",
        "notes",
        "notes/",
        "notes/link",
        "notes/none",
        "../demo",
        "/etc/passwd",
        "*",
        ":(top)notes/a.yaml",
        "--help",
    ] {
        let answer = snapshot.file(path, 100, &bounds()).await;
        assert!(matches!(answer, Ok(FileAnswer::NotFound) | Err(GitError::GitFailed { .. })), "{path}: {answer:?}");
    }
    assert!(!bench.source().join("owned").exists());
}

#[tokio::test]
async fn references_never_become_options_or_expressions() {
    let bench = Bench::new();
    for reference in ["-x", "--upload-pack=touch owned", "main^{tree}", "main~0", "@{-1}", "HEAD:README.md"] {
        let result = checkout(&bench, reference, "a").await;
        assert!(matches!(result, Err(GitError::InvalidRef(_))), "{reference}: {result:?}");
    }
    for reference in ["none", "0123456789012345678901234567890123456789", "abcdef1", "refs/heads/none"] {
        let result = checkout(&bench, reference, "a").await;
        assert!(matches!(result, Err(GitError::RefNotFound { .. })), "{reference}: {result:?}");
    }
}

/// git itself is the judge; only a leading dash is refused beyond its rules.
#[test]
fn reference_rules_are_gits() {
    let folder = TempDir::new().unwrap();
    let parts = [
        "a", "b.c", ".x", "x.", "x.lock", "@", "@{", "..", "~", "^", ":", "?", "*", "[", "\\", " ", "/", "é", "\u{7f}",
        "HEAD",
    ];
    for first in parts {
        for second in parts {
            for name in [format!("{first}{second}"), format!("{first}/{second}"), first.to_owned()] {
                let judged = std::process::Command::new("git")
                    .args(["check-ref-format", "--allow-onelevel", &name])
                    .current_dir(folder.path())
                    .status()
                    .unwrap();
                assert_eq!(RefName::parse(&name).is_ok(), judged.success(), "{name:?}");
            }
        }
    }
}

/// Puts a program that leaves a file behind wherever a repository's settings could start one.
fn arm(repository: &Path, proof: &Path) {
    let program = repository.join("run-me");
    fs::write(&program, format!("#!/bin/sh\necho ran >> {}\ncat\n", proof.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let hooks = repository.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-checkout", "reference-transaction", "pre-auto-gc", "post-upload-pack"] {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    let program = program.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "uploadpack.packObjectsHook",
        "filter.evil.smudge",
        "filter.evil.process",
        "core.sshCommand",
        "core.pager",
        "gpg.program",
        "core.alternateRefsCommand",
    ] {
        git(repository, &["config", key, program]);
    }
    git(repository, &["config", "core.hooksPath", hooks.to_str().unwrap()]);
    git(repository, &["config", "filter.evil.required", "true"]);
}

#[tokio::test]
async fn a_source_with_hostile_settings_runs_nothing() {
    let bench = Bench::new();
    bench.write(".gitattributes", "*.bin filter=evil diff=evil\n");
    bench.write("data.bin", "data\n");
    bench.write(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c id\n\tupdate = !id\n");
    bench.commit("hostile content");
    let proof = bench.path("proof");
    arm(&bench.source(), &proof);
    let snapshot = bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap();
    snapshot.checkout(&bench.path("a"), &bounds()).await.unwrap();
    fs::create_dir(bench.path("b")).unwrap();
    snapshot.export(&bench.path("b"), &bench.path("index"), &bounds()).await.unwrap();
    snapshot.history("", 5, &bounds()).await.unwrap();
    snapshot.authors("", &bounds()).await.unwrap();
    assert!(!proof.exists(), "something of the source ran");
    assert_eq!(fs::read_to_string(bench.path("a/data.bin")).unwrap(), "data\n");
    assert_eq!(fs::read_to_string(bench.path("b/data.bin")).unwrap(), "data\n");
}

/// Not even settings of the cache itself, should something have written there, start a program.
#[tokio::test]
async fn hooks_and_monitors_in_the_cache_do_not_run() {
    let bench = Bench::new();
    checkout(&bench, "main", "a").await.unwrap();
    let cache = cache_folder(&bench);
    let proof = bench.path("proof");
    let program = cache.join("run-me");
    fs::write(&program, format!("#!/bin/sh\necho ran >> {}\n", proof.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(cache.join("hooks")).unwrap();
    for hook in ["reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"] {
        fs::copy(&program, cache.join("hooks").join(hook)).unwrap();
    }
    git(&cache, &["config", "core.hooksPath", cache.join("hooks").to_str().unwrap()]);
    git(&cache, &["config", "core.fsmonitor", program.to_str().unwrap()]);
    git(&cache, &["config", "gc.auto", "1"]);
    bench.commit("newer");
    let snapshot = bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap();
    fs::create_dir(bench.path("b")).unwrap();
    snapshot.export(&bench.path("b"), &bench.path("index"), &bounds()).await.unwrap();
    snapshot.checkout(&bench.path("c"), &bounds()).await.unwrap();
    assert!(!proof.exists(), "something in the cache ran");
}

fn cache_folder(bench: &Bench) -> std::path::PathBuf {
    let mut entries = fs::read_dir(bench.path("cache")).unwrap().map(|e| e.unwrap().path());
    entries.find(|path| path.extension().is_some_and(|e| e == "git")).unwrap()
}

#[tokio::test]
async fn a_prefix_finds_a_repository_by_file_address() {
    let bench = Bench::new();
    let commit = bench.commit("x");
    let template = format!("file://{}/{{name}}", bench.path("").display());
    let source = RepoSource::new(Some("any/"), None, &template).unwrap();
    let sources = RepoSources::new([source]).unwrap();
    let cache = RepoCache::new(&bench.path("other-cache"), sources).unwrap();
    let found = cache.checkout("any/source", "main", &bench.path("a"), &bounds()).await.unwrap();
    assert_eq!(found, commit);
}

#[tokio::test]
async fn a_checkout_shares_nothing_with_the_cache() {
    let bench = Bench::new();
    checkout(&bench, "main", "a").await.unwrap();
    let config = fs::read_to_string(bench.path("a/.git/config")).unwrap();
    assert!(!config.contains("remote"), "{config}");
    assert!(!bench.path("a/.git/objects/info/alternates").exists());
    assert!(!bench.path("a/.git/hooks").exists());
    for file in files_below(&bench.path("a/.git/objects")) {
        assert_eq!(std::os::unix::fs::MetadataExt::nlink(&fs::metadata(&file).unwrap()), 1, "{file:?}");
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn history_and_authors_of_a_path() {
    let bench = Bench::new();
    bench.write("sub/x", "1");
    let touched = bench.commit("touch sub");
    bench.write("other", "1");
    bench.commit("touch other");
    let snapshot = bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap();
    let all = snapshot.history("", 10, &bounds()).await.unwrap();
    assert_eq!(all.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["touch other", "touch sub", "first"]);
    let sub = snapshot.history("sub", 10, &bounds()).await.unwrap();
    assert_eq!(sub.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), [touched]);
    assert_eq!((all[0].author.as_str(), all[0].authored_at), ("Ada", 1_714_564_800));
    let authors = snapshot.authors("", &bounds()).await.unwrap();
    assert_eq!((authors[0].name.as_str(), authors[0].commits), ("Ada", 3));
}

#[tokio::test]
async fn invariant_7_no_error_leaks_a_folder_or_a_secret() {
    let folder = TempDir::new().unwrap();
    let entries = [
        RepoSource::new(None, Some("a/missing"), folder.path().join("missing").to_str().unwrap()).unwrap(),
        RepoSource::new(None, Some("a/refused"), "https://user:s3cret@127.0.0.1:1/x.git").unwrap(),
    ];
    let cache = RepoCache::new(&folder.path().join("cache"), RepoSources::new(entries).unwrap()).unwrap();
    for repo in ["a/missing", "a/refused"] {
        let error = cache.snapshot(repo, "main", &bounds()).await.unwrap_err();
        assert!(matches!(error, GitError::FetchFailed { .. }), "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret") && !shown.contains(folder.path().to_str().unwrap()), "{shown}");
    }
    let error = cache.snapshot("b/unknown", "main", &bounds()).await.unwrap_err();
    assert!(matches!(error, GitError::RepoNotConfigured { .. }), "{error:?}");
    for file in files_below(&folder.path().join("cache")) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains("s3cret"), "{file:?}");
    }
}

#[tokio::test]
async fn a_lock_that_a_crash_left_heals() {
    let bench = Bench::new();
    checkout(&bench, "main", "a").await.unwrap();
    let cache = cache_folder(&bench);
    fs::write(cache.join("refs/heads/main.lock"), "").unwrap();
    let newer = bench.commit("newer");
    assert_eq!(checkout(&bench, "main", "b").await.unwrap(), newer);
}

/// A cache that a crash left damaged is made anew, but not under the feet of somebody who needs what is good of it.
#[tokio::test]
async fn a_damaged_cache_is_made_anew_once_nobody_needs_it() {
    let bench = Bench::new();
    let held = bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap();
    let newer = bench.commit("newer");
    let damaged = cache_folder(&bench).join("objects").join(&held.commit()[..2]).join(&held.commit()[2..]);
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, "").unwrap();
    let error = bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap_err();
    assert!(matches!(error, GitError::FetchFailed { .. } | GitError::GitFailed { .. }), "{error:?}");
    assert!(damaged.exists());
    drop(held);
    // A process that another test has just forked may still hold the lease for a moment.
    let healed = loop {
        match bench.cache.snapshot("org/demo", "main", &bounds()).await {
            Ok(healed) => break healed,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!(healed.commit(), newer);
}

#[tokio::test]
async fn a_fetch_keeps_to_its_limit_and_to_the_budget() {
    let bench = Bench::new();
    checkout(&bench, "main", "a").await.unwrap();
    let lock = fs::read_dir(bench.path("cache")).unwrap().map(|e| e.unwrap().path());
    let lock = lock.into_iter().find(|path| path.extension().is_some_and(|e| e == "lock")).unwrap();
    // Stands for another worker in the middle of a long fetch.
    let other = fs::File::open(lock).unwrap();
    other.lock().unwrap();

    let source = RepoSource::new(None, Some("org/demo"), bench.source().to_str().unwrap()).unwrap();
    let cache = RepoCache::new(&bench.path("cache"), RepoSources::new([source]).unwrap()).unwrap();
    let cache = cache.with_fetch_limit(Duration::from_millis(100));
    let error = cache.snapshot("org/demo", "main", &bounds()).await.unwrap_err();
    assert!(matches!(error, GitError::FetchTimedOut { .. }), "{error:?}");

    let budget = Bounds::new(Duration::from_millis(100), CancellationToken::new());
    let error = bench.cache.snapshot("org/demo", "main", &budget).await.unwrap_err();
    assert!(matches!(error, GitError::TimedOut), "{error:?}");

    let cancel = CancellationToken::new();
    cancel.cancel();
    let cancelled = Bounds::new(crate::support::LONG, cancel);
    let error = bench.cache.snapshot("org/demo", "main", &cancelled).await.unwrap_err();
    assert!(matches!(error, GitError::Cancelled), "{error:?}");
}

#[tokio::test]
async fn many_at_once_get_their_own_checkouts() {
    let bench = Arc::new(Bench::new());
    let commit = bench.commit("x");
    let mut all = tokio::task::JoinSet::new();
    for index in 0..8 {
        let bench = bench.clone();
        all.spawn(async move { checkout(&bench, "main", &format!("c{index}")).await.unwrap() });
    }
    let commits = all.join_all().await;
    assert_eq!(commits, vec![commit; 8]);
}

#[tokio::test]
async fn a_source_can_be_probed() {
    let bench = Bench::new();
    let sources = bench.cache.sources();
    Prober.repository(sources, "org/demo").await.unwrap();
    fs::rename(bench.source(), bench.path("moved")).unwrap();
    let error = Prober.repository(sources, "org/demo").await.unwrap_err();
    assert!(matches!(error, GitError::FetchFailed { .. }), "{error:?}");
    let error = Prober.repository(sources, "org/other").await.unwrap_err();
    assert!(matches!(error, GitError::RepoNotConfigured { .. }), "{error:?}");
}

#[tokio::test]
async fn a_repository_without_commits_has_no_reference() {
    let bench = Bench::new();
    git(&bench.path(""), &["init", "--quiet", "--bare", "empty"]);
    let source = RepoSource::new(None, Some("org/empty"), bench.path("empty").to_str().unwrap());
    let sources = RepoSources::new([source.unwrap()]).unwrap();
    let cache = RepoCache::new(&bench.path("cache"), sources).unwrap();
    for reference in ["HEAD", "main"] {
        let error = cache.snapshot("org/empty", reference, &bounds()).await.unwrap_err();
        assert!(matches!(error, GitError::RefNotFound { .. }), "{reference}: {error:?}");
    }
}
