//! The whole way of a change by the command line alone: asked for, made in the sandbox, checked, judged, pushed to a real
//! repository, applied in a checkout, exported and verified.

use std::fs;

use serde_json::Value;

use crate::support::{Tower, checked, git, jct};

const SCRIPT: &str =
    r#"script:=[{"append": {"path": "a.txt", "content": "world\n"}}, {"commit": {"message": "Greet"}}]"#;
const CHECKS: &str =
    r#"checks:=[{"name": "greets", "command": ["grep", "-q", "world", "a.txt"], "criterion": "it greets"}]"#;

/// A tower on a bare repository, somebody who judges, and a checkout.
struct Place {
    tower: Tower,
    folder: tempfile::TempDir,
    key: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (checkout, remote) = (folder.path().join("checkout"), folder.path().join("remote.git"));
        fs::create_dir(&checkout).expect("made");
        git(&checkout, &["init", "--quiet", "--initial-branch=main"]);
        fs::write(checkout.join("a.txt"), "hello\n").expect("written");
        git(&checkout, &["add", "--all"]);
        git(&checkout, &["commit", "--quiet", "--message", "first"]);
        git(folder.path(), &["clone", "--quiet", "--bare", "checkout", "remote.git"]);
        let tower = Tower::with_repository(&remote);
        let made = tower.run_json(0, &["keys", "create", "ana", "--kind", "human", "--all-scopes"]);
        let key = made["key"].as_str().expect("a key").to_owned();
        Self { tower, folder, key }
    }

    fn remote(&self, arguments: &[&str]) -> String {
        git(&self.folder.path().join("remote.git"), arguments)
    }

    /// As `ana`.
    #[track_caller]
    fn judge(&self, expect: i32, arguments: &[&str]) -> Value {
        self.tower.run_json(expect, &[arguments, &["--api-key", &self.key]].concat())
    }

    /// The task, once it has completed.
    fn change(&self) -> String {
        let enqueue = ["enqueue", "--repo", "team/app", "--operation", "code_change", "--objective", "Greet the world"];
        let inputs = ["--input", "executor=script", "--input", SCRIPT, "--input", CHECKS, "--accept", "it greets"];
        let task = self.tower.run_json(0, &[&enqueue[..], &inputs, &["--watch"]].concat());
        assert_eq!(task["status"], "completed", "{task}");
        task["task_id"].as_str().expect("an id").to_owned()
    }
}

#[test]
fn approved_work_reaches_the_repository_and_a_checkout() {
    let place = Place::new();
    let task = &*place.change();
    let shown = place.judge(0, &["review", "show", task]);
    assert_eq!((&shown["evidence_pack"]["verdict"], &shown["run"]["status"]), (&"pass".into(), &"under_review".into()));
    assert_eq!((&shown["change"]["added"], &shown["pending"]["you_may_decide"]), (&1.into(), &true.into()));
    let patch = place.tower.run(0, &["runs", "diff", task, "--api-key", &place.key]);
    assert!(patch.contains("+world\n"), "{patch}");

    place.tower.run(7, &["runs", "push", task, "--api-key", &place.key]);
    let seen = shown["evidence_pack"]["digest"].as_str().expect("a digest");
    place.judge(0, &["review", "approve", task, "--seen", seen, "--reason", "It greets"]);
    let pushed = place.judge(0, &["runs", "push", task]);
    let branch = format!("jct/{task}");
    assert_eq!((pushed["branch"].as_str(), &pushed["created"]), (Some(&*branch), &true.into()));
    assert_eq!(place.remote(&["rev-parse", &branch]), pushed["commit"].as_str().expect("a commit"));
    assert_eq!(place.remote(&["show", &format!("{branch}:a.txt")]), "hello\nworld");
    assert_eq!(place.judge(0, &["runs", "push", task])["created"], false);
    place.tower.run(3, &["runs", "push", task, "--branch", "main", "--api-key", &place.key]);
    assert_eq!(place.remote(&["rev-list", "--count", "main"]), "1");

    let checkout = place.folder.path().join("checkout");
    let apply = ["runs", "apply", task, "--url", &place.tower.url, "--api-key", &place.key];
    checked(&jct(&checkout, &apply).output().expect("run"), 0, &apply);
    assert_eq!(fs::read_to_string(checkout.join("a.txt")).expect("text"), "hello\nworld\n");
    assert_eq!(git(&checkout, &["diff", "--cached", "--name-only"]), "a.txt");
    exported(&place, task, pushed["commit"].as_str().expect("a commit"));
    place.tower.stop();
}

/// The statement names the commit that was pushed.
fn exported(place: &Place, task: &str, commit: &str) {
    place.tower.run(0, &["evidence", "export", task, "--out", "run.json"]);
    let keys = place.tower.run_json(0, &["audit", "key", "show"]);
    let key = keys["keys"][0]["public_key"].as_str().expect("a key");
    let verified = place.tower.run_json(0, &["evidence", "verify", "run.json", "--key", key]);
    let statement = &verified["statement"];
    assert_eq!(statement["subject"][0]["digest"]["gitCommit"], commit, "{statement}");
    assert_eq!(statement["predicate"]["review"]["record"]["reviewer"]["actor_id"], "ana");
    let said = place.tower.run(0, &["evidence", "verify", "run.json", "--key", key]);
    assert!(said.contains("Greet the world") && said.contains(commit), "{said}");
}

#[test]
fn work_that_is_sent_back_is_done_again_and_work_that_is_refused_goes_nowhere() {
    let place = Place::new();
    let task = &*place.change();
    let review = place.judge(0, &["review", "request-changes", task, "--reason", "Greet the moon as well"]);
    let next = review["follow_up_task_id"].as_str().expect("a task").to_owned();
    let followed = place.judge(0, &["watch", &next]);
    assert_eq!(followed["inputs"]["review"]["reason"], "Greet the moon as well");
    assert_eq!(followed["inputs"]["follows"]["task_id"], task);
    let (first, second) = (place.judge(0, &["runs", "show", task]), place.judge(0, &["runs", "show", &next]));
    assert_eq!((&first["run"]["status"], &second["run"]["status"]), (&"failed".into(), &"under_review".into()));
    assert_eq!(first["issue"]["id"], second["issue"]["id"]);
    place.judge(0, &["review", "reject", &next, "--reason", "Not at all"]);
    for refused in [task, &next] {
        place.tower.run(7, &["runs", "push", refused, "--api-key", &place.key]);
    }
    assert_eq!(place.remote(&["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main");
    place.tower.stop();
}
