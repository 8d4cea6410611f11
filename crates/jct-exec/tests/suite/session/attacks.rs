//! Hostile work: nothing of it runs on the host, and nothing of it leaves the workspace that would harm a checkout.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jct_exec::git::HandoverLimits;
use jct_exec::{Fate, KeepRules};
use serde_json::json;

use super::{Work, bundle, exists, received, refused, worked};
use crate::support::{Bench, bounds, git, request};

/// Commits what no working tree can hold: the entries of `git mktree`, one a line.
fn tree(entries: &str) -> String {
    format!(
        "blob=$(echo x | git hash-object -w --stdin); up=$(printf ../../x | git hash-object -w --stdin)
        absolute=$(printf /etc/passwd | git hash-object -w --stdin); inside=$(printf sub/.GIT/config | git hash-object -w --stdin)
        empty=$(printf '' | git mktree); sub=$(printf \"120000 blob $up\\tlink\\n\" | git mktree)
        tree=$(printf \"{entries}\\n\" | git mktree --missing)
        git update-ref HEAD $(git commit-tree -p HEAD -m evil $tree); git reset --quiet --hard || git read-tree HEAD || true
        git update-index --refresh >/dev/null || true"
    )
}

/// Hands the commit over as it is: what a hostile tree does to the checkout inside is not the question.
async fn evil(entries: &str) -> Result<jct_exec::Handover, jct_exec::Stop> {
    let bench = Bench::new();
    let mut work = Work::open(&bench).await;
    work.sh(&tree(entries)).await;
    let handed = work.session.hand_over().await;
    work.session.close(Fate::Done).await;
    assert_eq!(exists(bundle(&bench)), handed.as_ref().is_ok_and(|handed| !handed.is_empty()));
    handed
}

#[tokio::test]
async fn names_that_a_file_system_takes_for_gits_own_are_refused() {
    for name in [".git", ".GIT", ".Git ", "git~1", ".git::x", ".g\u{200c}it", ".."] {
        let handed = evil(&format!("100644 blob $blob\\t{name}")).await;
        refused(handed, "not accepted");
    }
}

#[tokio::test]
async fn links_that_leave_the_tree_are_refused() {
    for entry in [
        "120000 blob $absolute\\tlink",
        "120000 blob $up\\tlink",
        "120000 blob $inside\\tlink",
        "040000 tree $sub\\tdeep",
    ] {
        refused(evil(entry).await, "is absolute or leads out of the tree");
    }
    let bench = Bench::new();
    bench.write("a/b/file", "x");
    bench.commit("base");
    refused(worked(&bench, "ln -s /etc/passwd planted").await, "the symbolic link `planted`");
    refused(worked(&bench, "ln -s a/../../x planted").await, "the symbolic link `planted`");
    worked(&bench, "ln -s ../../README.md a/b/good; ln -s a/b/file good").await.unwrap();
}

#[tokio::test]
async fn a_link_hidden_in_a_merge_or_in_the_middle_is_refused() {
    let bench = Bench::new();
    let hidden =
        "ln -s /etc x; git add x; git commit --quiet -m in; git rm --quiet x; git commit --quiet -m out; echo a > a";
    refused(worked(&bench, hidden).await, "the symbolic link `x`");
    let merge = "git checkout --quiet -b one; echo a > a; git add a; git commit --quiet -m one
        git checkout --quiet --detach HEAD~; echo b > b; git add b; git commit --quiet -m two
        git merge --quiet --no-commit one; ln -s /etc x; git add x; git commit --quiet -m evil";
    refused(worked(&bench, merge).await, "the symbolic link `x`");
}

#[tokio::test]
async fn submodules_are_refused() {
    let bench = Bench::new();
    let nested = "git init --quiet nested; cd nested; git config user.name x; git config user.email x; git commit --quiet --allow-empty -m x";
    refused(worked(&bench, nested).await, "the submodule `nested`");
    let head = "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; git commit --quiet -m sub";
    refused(worked(&bench, head).await, "the submodule `sub`");
}

#[tokio::test]
async fn unrelated_history_is_refused() {
    let bench = Bench::new();
    bench.commit("second");
    let orphan = "git checkout --quiet --orphan new; git commit --quiet -m new";
    refused(worked(&bench, orphan).await, "does not descend");
    let older = "git reset --quiet --hard HEAD~; echo a > a";
    refused(worked(&bench, older).await, "does not descend");
}

#[tokio::test]
async fn a_little_bundle_that_unpacks_to_a_lot_is_refused() {
    let bench = Bench::new();
    let limits =
        HandoverLimits { bundle_bytes: 1 << 20, content_bytes: 4 << 20, files: 1000, ..HandoverLimits::default() };
    let workshop = bench.workshop().accepting(limits);
    for (script, rule) in [
        ("head -c 8000000 /dev/zero > zeros", "new content has more than"),
        ("head -c 2000000 /dev/urandom > noise", "the bundle is larger than"),
        // Ten folders of ten folders ...: one tree of each depth, and ten to the tenth files.
        (
            "t=$(echo x | git hash-object -w --stdin); kind='100644 blob'
            for depth in 1 2 3 4 5 6 7 8 9 10; do
                list=''; for n in 0 1 2 3 4 5 6 7 8 9; do list=\"$list$kind $t\\t$n\\n\"; done
                t=$(printf \"$list\" | git mktree); kind='040000 tree'
            done
            git update-ref HEAD $(git commit-tree -p HEAD -m bomb $t); git read-tree --empty; git config core.bare true",
            "",
        ),
        ("for n in $(seq 1 1001); do echo $n > $n; done", "more than 1000 changed files"),
    ] {
        let work = Work::open_in(&workshop, &bench, &request(json!({}))).await.unwrap();
        work.sh(script).await;
        refused(work.hand_over().await, rule);
    }
}

/// The bundle itself is made by hand, so that it holds what git inside would never bundle.
#[tokio::test]
async fn a_bundle_that_is_no_plain_file_is_refused() {
    let bench = Bench::new();
    let host_file = bench.path("host-file");
    fs::write(&host_file, "# v2 git bundle\n\n").unwrap();
    for plant in [
        format!("ln -s {} ../out/changes.bundle", host_file.display()),
        "mkdir ../out/changes.bundle".to_owned(),
        "rmdir ../out; ln -s tmp ../out".to_owned(),
    ] {
        refused(worked(&bench, &format!("echo a > a; {plant}")).await, "not accepted");
        assert_eq!(fs::read_to_string(&host_file).unwrap(), "# v2 git bundle\n\n");
    }
}

/// Puts a program that leaves a file on the host wherever a repository's settings could start one.
fn armed(proof: &Path) -> String {
    format!(
        "printf '#!/bin/sh\\necho ran >> {proof}\\ncat\\n' > run-me; chmod +x run-me; program=$PWD/run-me
        mkdir -p .git/hooks
        for hook in pre-commit post-commit post-checkout reference-transaction pre-auto-gc post-index-change pre-push \
            post-upload-pack pre-receive update post-receive; do cp run-me .git/hooks/$hook; done
        printf '* filter=evil diff=evil merge=evil\\n' > .gitattributes
        printf '[core]\\n\\tfsmonitor = %s\\n' $program > .git/planted
        git config core.hooksPath $PWD/.git/hooks; git config filter.evil.required true
        for key in core.fsmonitor filter.evil.smudge filter.evil.clean diff.evil.textconv diff.evil.command \
            diff.external merge.evil.driver uploadpack.packObjectsHook core.sshCommand core.pager core.editor gpg.program \
            core.alternateRefsCommand credential.helper sequence.editor; do git config $key $program; done
        git config alias.bundle \"!$program\"; git config alias.status \"!$program\"; git config include.path planted
        git config filter.evil.clean cat; echo changed > README.md",
        proof = proof.display()
    )
}

#[tokio::test]
async fn nothing_that_a_workspace_says_runs_on_the_host() {
    let bench = Bench::new();
    bench.write("data.txt", "data\n");
    bench.commit("base");
    let proof = bench.path("proof");
    let workshop = bench.workshop().keeping(KeepRules::default());
    let mut work = Work::open_in(&workshop, &bench, &request(json!({}))).await.unwrap();
    work.sh(&armed(&proof)).await;
    let handed = work.session.hand_over().await.unwrap();
    let checkout = work.session.checkout();
    work.session.close(Fate::Failed).await;

    let received = received(&bench).await;
    let changes = received.changes(&bounds()).await.unwrap();
    received.snapshot().checkout(&bench.path("a"), &bounds()).await.unwrap();
    received.snapshot().workspace(&bench.path("b"), &bounds()).await.unwrap();
    fs::create_dir(bench.path("c")).unwrap();
    received.snapshot().export(&bench.path("c"), &bench.path("index"), &bounds()).await.unwrap();
    bench.cache.maintain(jct_exec::git::MaintenanceRules { packs: 0, ..Default::default() }, &bounds()).await.unwrap();
    assert!(!proof.exists(), "something of the workspace ran on the host");
    assert_eq!(received.head(), handed.head_commit);
    assert!(String::from_utf8(changes.patch).unwrap().contains("+changed"));
    for copy in ["a", "b", "c"] {
        assert_eq!(fs::read_to_string(bench.path(copy).join("README.md")).unwrap(), "changed\n");
        let mode = fs::metadata(bench.path(copy).join("run-me")).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "the program itself came over, as a file");
    }

    // The control: git as anybody would run it in that folder does run what was planted.
    let status = std::process::Command::new("git").args(["diff"]).current_dir(checkout).output().unwrap();
    assert!(proof.exists(), "the trap is no trap: {status:?}");
}

#[tokio::test]
async fn attributes_hide_no_text_from_the_patch() {
    let bench = Bench::new();
    worked(&bench, "printf '* -diff\\n* binary\\n' > .gitattributes; echo visible > README.md").await.unwrap();
    // As the branch to come, where a bare repository might look attributes up.
    git(&bench.source(), &["fetch", "--quiet", bundle(&bench).to_str().unwrap(), "+HEAD:refs/heads/next"]);
    git(&bench.source(), &["checkout", "--quiet", "next"]);
    bench.cache.snapshot("org/demo", "next", &bounds()).await.unwrap();
    let changes = received(&bench).await.changes(&bounds()).await.unwrap();
    assert!(String::from_utf8_lossy(&changes.patch).contains("+visible"));
    assert!(changes.stat.files.iter().all(|file| !file.binary));
}
