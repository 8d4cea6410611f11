//! `jct review` and `jct evidence` on what a real tower did: judged by somebody else, exported, verified without it.

use std::fs;
use std::path::Path;

use jct_audit::SigningKey;
use serde_json::Value;

use crate::support::{Tower, checked, jct};

const SAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/jct-evidence/tests/evidence/sample.bundle.json");

/// Verifies a file in a folder where there is no tower.
#[track_caller]
fn verify(folder: &Path, expect: i32, arguments: &[&str]) -> String {
    let all = [&["evidence", "verify"], arguments].concat();
    checked(&jct(folder, &all).output().expect("run"), expect, &all)
}

#[test]
fn each_answer_about_a_statement_has_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = SigningKey::from_entropy(&[7; 32]).public().to_string();
    let other = SigningKey::from_entropy(&[8; 32]).public().to_string();
    fs::write(folder.path().join("tower.pub"), format!("{key}\n")).expect("written");
    let verify = |expect, arguments: &[&str]| verify(folder.path(), expect, arguments);

    let said = verify(0, &[SAMPLE, "--key", "tower.pub"]);
    let parts = ["verified: ", "Say hello in the README", "myorg/service", "the tests pass", "approved"];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    verify(0, &[SAMPLE, "--key", &other, "--key", &key]);
    assert!(verify(10, &[SAMPLE]).starts_with("not pinned: "));
    let said = verify(14, &[SAMPLE, "--key", &other]);
    assert!(said.starts_with("unknown key: ") && !said.contains("Say hello"), "{said}");
    verify(2, &[SAMPLE, "--key", "ed25519:short"]);
    verify(8, &["nowhere"]);

    let document: Value = serde_json::from_str(&verify(0, &["--json", SAMPLE, "--key", &key])).expect("JSON");
    assert_eq!((&document["verdict"], &document["problem"]), (&"verified".into(), &Value::Null));
    assert_eq!(document["statement"]["predicate"]["review"]["decision"]["decision"], "approved");

    let whole = fs::read_to_string(SAMPLE).expect("the sample");
    let sig = whole.find(r#""sig":""#).expect("a signature") + 8;
    let mut forged = whole.clone();
    forged.replace_range(sig..=sig, if &whole[sig..=sig] == "A" { "B" } else { "A" });
    for (name, text) in [("forged", &*forged), ("cut", &whole[..whole.len() / 2]), ("empty", ""), ("other", "{}\n")] {
        fs::write(folder.path().join(name), text).expect("written");
        let said = verify(11, &[name, "--key", &key]);
        assert!(said.starts_with("altered: ") && !said.contains("Say hello"), "{name}: {said}");
    }
    let document: Value = serde_json::from_str(&verify(11, &["--json", "cut"])).expect("JSON");
    assert_eq!((&document["verdict"], &document["statement"]), (&"altered".into(), &Value::Null));
}

#[test]
fn work_is_judged_by_somebody_else_and_what_was_judged_leaves_the_tower_signed() {
    let mut tower = Tower::start();
    let task = tower.demo_task();
    let id = task["task_id"].as_str().expect("an id");
    let pending = tower.run_json(0, &["review", "list"]);
    assert_eq!((&pending["pending"][0]["task_id"], &pending["next_cursor"]), (&task["task_id"], &Value::Null));
    let run = pending["pending"][0]["run_id"].as_str().expect("a run").to_owned();
    assert!(tower.run(0, &["review", "show", id]).contains(&run));
    assert!(tower.run(0, &["runs", "list", "--status", "under_review"]).contains(&run));
    assert!(tower.run(0, &["runs", "show", id]).contains(&run));
    tower.run(4, &["runs", "diff", &run]);

    // Without any key everybody is `operator`, who handed the task in.
    tower.run(6, &["review", "approve", id, "--reason", "Mine"]);
    let key = |name| {
        let made = tower.run_json(0, &["keys", "create", name, "--kind", "human", "--all-scopes"]);
        made["key"].as_str().expect("a key").to_owned()
    };
    let ana = key("ana");
    let shown = tower.run_json(0, &["review", "show", id, "--api-key", &ana]);
    assert_eq!(shown["pending"]["you_may_decide"], true, "{shown}");
    let seen = shown["evidence_pack"]["digest"].as_str().expect("a digest");
    let decided = ["review", "approve", &run, "--seen", seen, "--reason", "Says what is there", "--api-key", &ana];
    let review = tower.run_json(0, &decided);
    assert_eq!((&review["decision"], &review["reviewer"]["actor_id"]), (&"approved".into(), &"ana".into()));
    assert_eq!(tower.run_json(0, &decided)["id"], review["id"], "twice is once");
    tower.run(7, &["review", "reject", &run, "--reason", "No", "--api-key", &ana]);
    assert_eq!(tower.run_json(0, &["review", "list", "--api-key", &ana])["pending"], Value::Array(Vec::new()));
    let issue = task["cwom_issue_id"].as_str().expect("an issue");
    assert!(tower.run(0, &["issues", "graph", issue, "--api-key", &ana]).contains("approved"));

    exported(&tower, id, &run);
    tower.stop();
}

/// Exports the evidence of a run by either name and verifies it elsewhere.
fn exported(tower: &Tower, task: &str, run: &str) {
    let public = tower.run_json(0, &["audit", "key", "show"]);
    let public = public["keys"][0]["public_key"].as_str().expect("a key").to_owned();
    let written = tower.run_json(0, &["evidence", "export", task, "--out", "run.json"]);
    assert_eq!(written["run_id"], run);
    let file = fs::read_to_string(tower.folder.path().join("run.json")).expect("written");
    assert_eq!(tower.run(0, &["evidence", "export", run]), file);
    tower.run(4, &["evidence", "export", "00000000-0000-7000-8000-000000000000"]);
    tower.run(2, &["evidence", "export", "x"]);

    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("run.json"), file).expect("written");
    let said = verify(elsewhere.path(), 0, &["run.json", "--key", &public]);
    assert!(said.contains("ana (human)") && said.contains("Says what is there"), "{said}");
    verify(elsewhere.path(), 10, &["run.json"]);
}
