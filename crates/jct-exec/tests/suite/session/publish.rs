//! Approved work reaches its source, as a new branch and never otherwise.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use jct_exec::git::{Publication, Published, Publisher, PushError};
use jct_exec::{GitError, Handover, RepoCache, RepoSource, RepoSources};

use super::{RUN, bundle, worked};
use crate::support::{Bench, bounds, git};

fn publication<'a>(handed: &'a Handover, bundle: &'a Path) -> Publication<'a> {
    Publication {
        repo: &handed.repo,
        run_key: RUN,
        base_commit: &handed.base_commit,
        head_commit: &handed.head_commit,
        bundle,
        branch: "jct/0190-task",
    }
}

/// As another process with a cache of its own would publish.
fn elsewhere(bench: &Bench) -> Publisher {
    let source = RepoSource::new(None, Some("org/demo"), bench.source().to_str().unwrap()).unwrap();
    let cache = RepoCache::new(&bench.path("other-cache"), RepoSources::new([source]).unwrap()).unwrap();
    Publisher::new(Arc::new(cache))
}

#[tokio::test]
async fn a_new_branch_is_made_once() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    let bundle = bundle(&bench);
    let publication = publication(&handed, &bundle);
    let here = Publisher::new(bench.cache.clone());
    assert_eq!(here.publish(&publication, &bounds()).await.unwrap(), Published::Pushed);
    assert_eq!(git(&bench.source(), &["rev-parse", "refs/heads/jct/0190-task"]), handed.head_commit);
    for publisher in [here, elsewhere(&bench)] {
        assert_eq!(publisher.publish(&publication, &bounds()).await.unwrap(), Published::AlreadyThere);
    }
}

#[tokio::test]
async fn the_bundle_alone_is_enough() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    let bundle = bundle(&bench);
    let published = elsewhere(&bench).publish(&publication(&handed, &bundle), &bounds()).await.unwrap();
    assert_eq!(published, Published::Pushed);
    assert_eq!(git(&bench.source(), &["show", "jct/0190-task:a"]), "a");
}

#[tokio::test]
async fn a_branch_that_is_there_stays_as_it_is() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    let bundle = bundle(&bench);
    // The base: pushing without more care would fast-forward it.
    git(&bench.source(), &["branch", "jct/0190-task"]);
    let error = elsewhere(&bench).publish(&publication(&handed, &bundle), &bounds()).await.unwrap_err();
    assert!(matches!(&error, PushError::BranchExists { commit, .. } if *commit == handed.base_commit), "{error:?}");
    assert_eq!(git(&bench.source(), &["rev-parse", "jct/0190-task"]), handed.base_commit);
}

#[tokio::test]
async fn a_source_that_refuses_is_heard() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    let bundle = bundle(&bench);
    let hook = bench.source().join(".git/hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\necho not on my watch >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let error = elsewhere(&bench).publish(&publication(&handed, &bundle), &bounds()).await.unwrap_err();
    let shown = error.to_string();
    assert!(matches!(error, PushError::Refused { .. }) && shown.contains("not on my watch"), "{shown}");
    assert!(!shown.contains(bench.path("").to_str().unwrap()), "{shown}");
}

#[tokio::test]
async fn only_the_commit_that_was_approved_is_published() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    let bundle = bundle(&bench);
    let other = Handover { head_commit: handed.base_commit.clone(), ..handed.clone() };
    let error = elsewhere(&bench).publish(&publication(&other, &bundle), &bounds()).await.unwrap_err();
    assert!(matches!(&error, PushError::OtherCommit { found } if *found == handed.head_commit), "{error:?}");
    let missing = bench.path("missing");
    let error = elsewhere(&bench).publish(&publication(&handed, &missing), &bounds()).await;
    assert!(error.is_ok(), "the other cache has received it by now: {error:?}");
    for branch in ["-x", "a..b", "a b", ""] {
        let publication = Publication { branch, ..publication(&handed, &bundle) };
        let error = elsewhere(&bench).publish(&publication, &bounds()).await.unwrap_err();
        assert!(matches!(error, PushError::InvalidBranch(_)), "{branch}: {error:?}");
    }
    let lost = Bench::new();
    let lost_handed = worked(&lost, "echo a > a").await.unwrap();
    let error = elsewhere(&lost).publish(&publication(&lost_handed, &missing), &bounds()).await.unwrap_err();
    assert!(matches!(error, PushError::Git(GitError::Refused(_))), "{error:?}");
}
