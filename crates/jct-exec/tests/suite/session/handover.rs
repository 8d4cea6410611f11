//! Honest work, in every state in which it may be left.

use jct_exec::sandbox::{IsolationLevel, Launcher, Network};
use jct_exec::session::BUNDLE_FILE;
use jct_exec::{FailureReason, IsolationReport, Sandbox, SandboxOptions, Session, Stop};
use serde_json::json;

use super::{Work, bundle, exists, received, refused, worked};
use crate::sandbox::best_sandbox;
use crate::support::{Bench, bounds, git, request};

#[tokio::test]
async fn work_without_a_change_hands_over_where_it_began() {
    let bench = Bench::new();
    let base = bench.commit("base");
    let handed = worked(&bench, "git status; git gc --quiet; touch ignored; rm ignored").await.unwrap();
    assert!(handed.is_empty());
    assert_eq!((handed.base_commit.as_str(), handed.head_commit.as_str()), (base.as_str(), base.as_str()));
    assert!(!exists(bundle(&bench)));
    let work = received(&bench).await;
    assert!(work.is_empty());
    assert_eq!(work.changes(&bounds()).await.unwrap(), jct_exec::git::Changes::default());
}

#[tokio::test]
async fn what_is_not_committed_is_committed_by_the_worker() {
    let bench = Bench::new();
    bench.write(".gitignore", "target/\n");
    let base = bench.commit("base");
    let script = "echo more >> README.md; mkdir -p new/deep target; echo x > new/deep/file; echo y > target/junk";
    let handed = worked(&bench, script).await.unwrap();
    assert_eq!(handed.base_commit, base);
    let changes = received(&bench).await.changes(&bounds()).await.unwrap();
    let paths: Vec<_> = changes.stat.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["README.md", "new/deep/file"]);
    assert_eq!(changes.commits.len(), 1);
    assert_eq!(changes.commits[0].author, "JCT worker");
    assert_eq!(changes.commits[0].subject, "Work of task 0190-task");
    assert_eq!(changes.commits[0].id, handed.head_commit);
}

#[tokio::test]
async fn commits_count_on_whatever_branch_they_are() {
    let commit = "git commit --quiet --all --message=mine";
    for (script, subjects) in [
        (format!("echo a > README.md; {commit}"), vec!["mine"]),
        (format!("git checkout --quiet -b feature; echo a > README.md; {commit}"), vec!["mine"]),
        // Committed, and something left over.
        (format!("echo a > README.md; {commit}; echo b > b"), vec!["Work of task 0190-task", "mine"]),
        // A branch that was left behind is not handed over.
        (format!("git checkout --quiet -b side; echo a > README.md; {commit}; git checkout --quiet -"), vec![]),
        // A merge.
        (
            format!(
                "git checkout --quiet -b one; echo a > README.md; {commit}; git checkout --quiet --detach HEAD~; \
                 echo b > b; git add b; {commit}; git merge --quiet --no-edit one"
            ),
            vec!["Merge branch 'one' into HEAD", "mine", "mine"],
        ),
    ] {
        let bench = Bench::new();
        worked(&bench, &script).await.unwrap();
        let commits = received(&bench).await.changes(&bounds()).await.unwrap().commits;
        assert_eq!(commits.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), subjects, "{script}");
    }
}

#[tokio::test]
async fn a_merge_of_another_branch_of_the_source_is_work() {
    let bench = Bench::new();
    git(&bench.source(), &["checkout", "--quiet", "-b", "side"]);
    bench.write("side", "x");
    let side = bench.commit("side");
    git(&bench.source(), &["checkout", "--quiet", "main"]);
    bench.write("main", "x");
    bench.commit("main");
    worked(&bench, "git merge --quiet --no-edit origin/side").await.unwrap();
    let changes = received(&bench).await.changes(&bounds()).await.unwrap();
    assert_eq!(changes.stat.files.len(), 1);
    assert!(changes.commits.iter().any(|commit| commit.id == side));
}

#[tokio::test]
async fn the_bundle_is_among_the_artifacts_and_whole() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    git(&bench.source(), &["bundle", "verify", "--quiet", bundle(&bench).to_str().unwrap()]);
    git(&bench.source(), &["fetch", "--quiet", bundle(&bench).to_str().unwrap(), "HEAD:refs/heads/got"]);
    assert_eq!(git(&bench.source(), &["rev-parse", "got"]), handed.head_commit);
    assert_eq!(BUNDLE_FILE, "changes.bundle");
}

#[tokio::test]
async fn a_fresh_checkout_shows_the_work_and_nothing_of_the_workspace() {
    let bench = Bench::new();
    bench.write(".gitignore", "secret\n");
    bench.commit("base");
    let script = "echo a > a; echo s > secret; git config core.fsmonitor /bin/false; chmod +x README.md";
    let handed = worked(&bench, script).await.unwrap();
    let (workshop, io) = (bench.workshop(), bench.io());
    let session = Session::open_handover(&workshop, &request(json!({})), &handed, &io, bounds()).await.unwrap();
    let command = session
        .command("sh", ["-c", "ls -A; git rev-parse HEAD; git config core.fsmonitor; test -x README.md && echo x"]);
    session.run(&command).await;
    let lines = bench.lines.of(jct_exec::LogStream::Stdout);
    assert_eq!(lines, [".git", ".gitignore", "README.md", "a", &handed.head_commit, "x"]);
    let other = jct_exec::Handover { head_commit: handed.base_commit.clone(), ..handed };
    let none = Session::open_handover(&workshop, &request(json!({})), &other, &io, bounds()).await;
    assert!(matches!(none, Err(Stop::Failed(FailureReason::CheckoutFailed, _))), "{none:?}");
}

#[tokio::test]
async fn work_that_cannot_be_bundled_is_refused() {
    let bench = Bench::new();
    for (script, rule) in [
        ("rm -rf .git", "git inside the workspace failed to look at the checkout"),
        ("cd ..; rm -rf repo", "git inside the workspace failed to look at the checkout"),
        ("rm .git/objects/info/alternates", "git inside the workspace failed to"),
        ("git checkout --quiet --orphan new; git rm -rfq .", "there is no commit"),
        ("echo x > a; rm -rf ../out; ln -s /nowhere ../out", "git inside the workspace failed to bundle"),
    ] {
        refused(worked(&bench, script).await, rule);
        assert!(!exists(bundle(&bench)));
    }
}

#[tokio::test]
async fn isolation_is_recorded_and_asked_for() {
    let bench = Bench::new();
    let work = Work::open(&bench).await;
    assert_eq!(work.io.record().isolation(), None);
    work.sh("true").await;
    let IsolationReport { effective, .. } = work.io.record().isolation().unwrap();
    assert_eq!(effective, best_sandbox().level());

    let unconfined = bench.workshop_in(Sandbox::unconfined());
    for (inputs, reason) in [
        (json!({"isolation": "L2"}), FailureReason::SandboxFailed),
        (json!({"network": "local"}), FailureReason::SandboxFailed),
        (json!({"network": "all"}), FailureReason::InvalidInput),
    ] {
        let opened = Work::open_in(&unconfined, &bench, &request(inputs)).await;
        assert!(matches!(opened, Err(Stop::Failed(found, _)) if found == reason));
    }
    let mut nameless = request(json!({}));
    nameless.run_key = "../x".to_owned();
    let opened = Work::open_in(&unconfined, &bench, &nameless).await;
    assert!(matches!(opened, Err(Stop::Failed(FailureReason::WorkspaceFailed, _))));
}

#[tokio::test]
async fn the_mirror_cannot_be_written_from_inside() {
    let bench = Bench::new();
    let work = Work::open(&bench).await;
    if best_sandbox().level() < IsolationLevel::L2 {
        println!("skipped: this machine confines no writing");
        return;
    }
    work.sh("objects=$(cat .git/objects/info/alternates); test -d $objects; ! touch $objects/x; ! rm -r $objects/*")
        .await;
    work.sh("git log --oneline; git fsck --full").await;
    assert!(work.hand_over().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_level_hands_the_same_over() {
    let launcher = || Launcher::program(env!("CARGO_BIN_EXE_jct-sandbox"));
    let mut trees = Vec::new();
    for level in IsolationLevel::ALL {
        if best_sandbox().level() < level {
            println!("skipped at {level}: this machine gives {}", best_sandbox().level());
            continue;
        }
        let options =
            SandboxOptions { level: Some(level), minimum: IsolationLevel::L0, ..SandboxOptions::new(launcher()) };
        let bench = Bench::new();
        let workshop = bench.workshop_in(Sandbox::new(options).unwrap());
        let work = Work::open_in(&workshop, &bench, &request(json!({}))).await.unwrap();
        work.sh("echo a > a; git mv README.md moved; mkdir b; mv a b").await;
        assert_eq!(work.io.record().isolation().unwrap().effective, level);
        work.hand_over().await.unwrap();
        let work = received(&bench).await;
        trees.push(work.changes(&bounds()).await.unwrap().patch);
    }
    assert!(trees.iter().all(|patch| !patch.is_empty() && *patch == trees[0]));
}

#[tokio::test]
async fn a_task_may_have_a_loopback_of_its_own() {
    let bench = Bench::new();
    if best_sandbox().level() < IsolationLevel::L3 {
        println!("skipped: this machine gives {}", best_sandbox().level());
        return;
    }
    let inputs = json!({"network": "local", "isolation": "L3"});
    let work = Work::open_in(&bench.workshop(), &bench, &request(inputs)).await.unwrap();
    work.sh("grep -q lo /proc/net/dev; test $(wc -l < /proc/net/dev) = 3; echo a > a").await;
    assert_eq!(work.io.record().isolation().unwrap().network, Network::Local);
    assert!(!work.hand_over().await.unwrap().is_empty());
}
