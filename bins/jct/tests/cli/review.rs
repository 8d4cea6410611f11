//! `jct review` and `jct runs` as their users meet them: what is shown, what is sent, and what a tower that lies gets.

use std::fs;

use jct_contract::Sha256Digest;
use serde_json::{Value, json};

use crate::support::{Server, git};

const RUN: &str = "0198c0de-0000-7000-8000-000000000001";
const TASK: &str = "0198c0de-0000-7000-8000-000000000002";
const ISSUE: &str = "0198c0de-0000-7000-8000-000000000003";
const PACK: &str = "0198c0de-0000-7000-8000-000000000004";
const REVIEW: &str = "0198c0de-0000-7000-8000-000000000005";
const PATCH: &str =
    "diff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n-a\n+b\n+\u{1b}[2J\n";

/// A tower with one run that waits for a review.
struct Case {
    server: Server,
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let case = Self { server: Server::start(), folder: tempfile::tempdir().expect("a folder") };
        case.json(&format!("GET /tasks/{TASK}"), &json!({"task_id": TASK, "cwom_issue_id": ISSUE}));
        case.json(&format!("GET /cwom/issues/{ISSUE}/runs"), &json!([{"id": "other"}, {"id": RUN}]));
        case.pack(&json!(Sha256Digest::of(PATCH.as_bytes())));
        case.server.answer(&format!("GET /runs/{RUN}/diff"), 200, PATCH);
        let waits = json!([{
            "run_id": RUN, "task_id": TASK, "issue_title": "Say hello", "verdict": "partial",
            "verdict_reason": "1 criterion is unverified", "waiting_since": "2026-01-01T00:00:00Z",
            "you_may_decide": false, "why_not": "you handed it in", "enqueued_by": {"kind": "human", "name": "ana"},
        }]);
        case.json("GET /reviews/pending", &waits);
        case
    }

    fn pack(&self, diff_digest: &Value) {
        let pack = json!({
            "kind": "EvidencePack", "id": PACK, "digest": "sha256:pack", "verdict": "partial",
            "verdict_reason": "1 criterion is unverified", "reasons": ["no check names `it greets`"],
            "for_run": {"kind": "Run", "id": RUN}, "for_issue": {"kind": "Issue", "id": ISSUE},
            "evaluated_by": {"actor_kind": "system", "actor_id": "jct"},
            "criteria_results": [{"criterion": "it greets", "index": 0, "status": "unverified"}],
            "check_results": [{
                "name": "unit", "command": ["make"], "exit_code": 0, "ended": "exited", "duration_ms": 1500,
                "tests": {"passed": 3, "failed": 0, "skipped": 1},
            }],
            "checks_passed": 1, "checks_failed": 0, "checks_skipped": 1,
            "subject": {"base_commit": "aaa", "head_commit": "bbb", "diff_digest": diff_digest},
            "isolation": {"effective": "L3"},
        });
        self.json(&format!("GET /cwom/evidence-packs/{PACK}"), &pack);
        let view = json!({
            "run": {"kind": "Run", "id": RUN, "status": "under_review"}, "task_id": TASK, "attempt": 1,
            "issue": {"kind": "Issue", "id": ISSUE, "title": "Say hello"}, "evidence_pack": pack, "review": null,
        });
        self.json(&format!("GET /runs/{RUN}"), &view);
        self.json("GET /runs/other", &json!({"run": {"id": "other"}, "task_id": PACK}));
    }

    fn json(&self, request: &str, body: &Value) {
        self.server.answer(request, 200, body.to_string());
    }

    #[track_caller]
    fn run(&self, expect: i32, arguments: &[&str]) -> String {
        self.server.run(self.folder.path(), expect, arguments)
    }

    #[track_caller]
    fn run_json(&self, expect: i32, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(expect, &[&["--json"], arguments].concat())).expect("JSON")
    }

    fn decisions(&self) -> Vec<Value> {
        self.server.sent("POST /cwom/reviews")
    }
}

#[test]
fn what_waits_is_listed_and_shown_with_the_command_that_approves_exactly_that() {
    let case = Case::new();
    let list = case.run(0, &["review", "list"]);
    assert!(list.contains(RUN) && list.contains("no: you handed it in"), "{list}");
    assert_eq!(case.run_json(0, &["review", "list"])["pending"][0]["run_id"], RUN);
    for name in [RUN, TASK, PACK] {
        let shown = case.run(0, &["review", "show", name]);
        let approve = format!("jct review approve {RUN} --seen sha256:pack --reason 'WHY'");
        let parts = [
            &*approve,
            "no check names `it greets`",
            "1 held, 0 did not, 1 not looked at",
            "L3",
            "exited 0",
            "3 passed, 0 failed, 1 skipped",
            "1 file, 2 lines added, 1 deleted",
            "no: you handed it in",
            "jct (system)",
            "handed in by     ana",
        ];
        assert!(parts.iter().all(|part| shown.contains(part)), "{name}: {shown}");
    }
    let document = case.run_json(0, &["review", "show", RUN]);
    assert_eq!((&document["change"]["added"], &document["review"]), (&json!(2), &Value::Null));
    assert_eq!(document["pending"]["you_may_decide"], false);
    case.run(4, &["review", "show", "0198c0de-0000-7000-8000-00000000ffff"]);
}

#[test]
fn a_decision_carries_the_digests_of_what_was_read() {
    let case = Case::new();
    let made = json!({
        "id": REVIEW, "decision": "needs_changes", "self_review": false, "follow_up_task_id": TASK,
    });
    case.server.answer("POST /cwom/reviews", 201, made.to_string());
    let said =
        case.run(0, &["review", "request-changes", TASK, "--reason", "Shorter", "--criterion", "0=not_satisfied"]);
    assert_eq!(said, format!("review {REVIEW}: needs_changes\nfollow-up task {TASK}\n"));
    let expect = json!({
        "for_evidence_pack": {"kind": "EvidencePack", "id": PACK},
        "for_run": {"kind": "Run", "id": RUN},
        "for_issue": {"kind": "Issue", "id": ISSUE},
        "decision": "needs_changes",
        "decision_reason": "Shorter",
        "criteria_overrides": [{
            "criterion_index": 0, "original_status": "unverified", "override_status": "not_satisfied", "reason": "Shorter",
        }],
        "evidence_pack_digest": "sha256:pack",
        "diff_digest": Sha256Digest::of(PATCH.as_bytes()),
    });
    assert_eq!(case.decisions(), [expect]);
    assert_eq!(case.run_json(0, &["review", "approve", RUN, "--reason", "x", "--seen", "sha256:pack"]), made);
    assert_eq!(case.decisions()[1]["decision"], "approved");
}

#[test]
fn nothing_is_decided_without_a_reason_about_other_evidence_or_about_an_unknown_criterion() {
    let case = Case::new();
    case.run(2, &["review", "approve", RUN]);
    case.run(2, &["review", "approve", RUN, "--reason", "x", "--criterion", "1=satisfied"]);
    case.run(2, &["review", "approve", RUN, "--reason", "x", "--criterion", "0=fine"]);
    case.run(7, &["review", "reject", RUN, "--reason", "x", "--seen", "sha256:other"]);
    assert_eq!(case.decisions(), [Value::Null; 0]);
    let own = json!({"code": "OWN_WORK", "message": "`ana` handed the task in"});
    case.server.answer("POST /cwom/reviews", 403, own.to_string());
    let output = case.server.output(case.folder.path(), &["review", "approve", RUN, "--reason", "x"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), told.contains("JCT_REVIEW_ALLOW_SELF_APPROVAL")), (Some(6), true), "{told}");
}

#[test]
fn the_change_comes_byte_by_byte_or_in_numbers() {
    let case = Case::new();
    assert_eq!(case.run(0, &["runs", "diff", TASK]), PATCH);
    assert!(case.run(0, &["runs", "diff", RUN, "--stat"]).contains("1 file, 2 lines added, 1 deleted"));
    let document = case.run_json(0, &["runs", "diff", RUN]);
    let digest = json!(Sha256Digest::of(PATCH.as_bytes()));
    assert_eq!((&document["run_id"], &document["diff_digest"]), (&json!(RUN), &digest));
    let file = json!({"path": "a.txt", "change": "modified", "added": 2, "deleted": 1, "binary": false});
    assert_eq!(document["files"], json!([file]));
    assert!(case.run(0, &["runs", "show", RUN]).contains("under_review"));
    case.server.answer(&format!("GET /runs/{RUN}/diff"), 404, r#"{"code": "NO_CHANGES", "message": "nothing"}"#);
    case.run(4, &["runs", "diff", RUN]);
    let shown = case.run(0, &["review", "show", RUN]);
    assert!(shown.contains("files were changed, but the change was not preserved"), "{shown}");
}

#[test]
fn another_change_than_the_evidence_names_goes_nowhere() {
    let case = Case::new();
    case.pack(&json!(Sha256Digest::of(b"another")));
    git(case.folder.path(), &["init", "--quiet"]);
    for command in [&["runs", "diff"][..], &["runs", "apply"], &["review", "show"]] {
        let printed = case.run(7, &[command, &[RUN]].concat());
        assert!(!printed.contains("+b"), "{printed}");
    }
}

#[test]
fn a_change_is_applied_to_a_clean_checkout_and_never_committed() {
    let case = Case::new();
    let checkout = tempfile::tempdir().expect("a folder");
    let folder = checkout.path();
    case.server.run(folder, 2, &["runs", "apply", RUN]);
    git(folder, &["init", "--quiet"]);
    fs::write(folder.join("a.txt"), "a\n").expect("written");
    fs::write(folder.join("own.txt"), "own\n").expect("written");
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "first"]);
    fs::write(folder.join("own.txt"), "changed\n").expect("written");
    case.server.run(folder, 7, &["runs", "apply", RUN]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("text"), "a\n");
    let said = case.server.run(folder, 0, &["runs", "apply", RUN, "--force"]);
    assert!(said.contains("1 file, 2 lines added, 1 deleted"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("text"), "b\n\u{1b}[2J\n");
    assert_eq!(fs::read_to_string(folder.join("own.txt")).expect("text"), "changed\n");
    case.server.run(folder, 7, &["runs", "apply", RUN, "--force"]);
}

#[test]
fn a_push_names_what_is_where_now() {
    let case = Case::new();
    let pushed = json!({"run_id": RUN, "repo": "myorg/app", "branch": format!("jct/{TASK}"), "commit": "bbb"});
    let request = format!("POST /runs/{RUN}/push");
    case.json(&request, &pushed);
    let said = case.run(0, &["runs", "push", TASK]);
    assert!(said.contains(&format!("jct/{TASK}")) && said.contains("bbb"), "{said}");
    assert_eq!(case.run_json(0, &["runs", "push", RUN, "--branch", "jct/x"]), pushed);
    assert_eq!(case.server.sent(&request), [json!({}), json!({"branch": "jct/x"})]);
    case.server.answer(&request, 409, r#"{"code": "NOT_APPROVED", "message": "nobody approved it"}"#);
    case.run(7, &["runs", "push", RUN]);
}
