//! An agent that does what it is asked to, up to the branch on the remote.

use jct_cwom::Verdict;
use jct_tests::{Engine, Setup, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{checked_task, decide, ended, graph, honest_steps, pending, trace_file};

on_both_engines![
    honest_work_is_proved_approved_and_pushed,
    a_verdict_may_approve_itself_if_the_operator_says_so,
    what_nobody_verified_never_approves_itself,
    leftovers_are_committed_for_the_agent,
    a_file_that_is_asked_for_is_left_in_the_output_folder,
    a_command_leaves_files_too_and_failing_keeps_them,
];

fn honest_work_is_proved_approved_and_pushed(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let task = ended(&client, &checked_task(&honest_steps()));
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["result"]["evidence"]["verdict"], "pass", "{task}");
    let id = task["task_id"].as_str().unwrap();

    let patch = trace_file(&client, &task, "artifacts/changes.patch");
    assert!(patch.contains("+Say hello first."), "{patch}");
    let found = graph(&client, &task);
    let (issue, run, pack) = (&found["issue"], &found["runs"][0], &found["evidence_packs"][0]);
    assert_eq!((&issue["status"], &run["status"]), (&json!("under_review"), &json!("under_review")), "{found}");
    assert_eq!(pack["verdict"], "pass", "{pack}");
    assert_eq!(pack["criteria_results"][0]["status"], "satisfied", "{pack}");
    assert_eq!(pack["check_results"][0]["exit_code"], 0, "{pack}");
    assert_eq!(pack["evidence_collected"][0]["found"], true, "{pack}");
    assert!(pack["isolation"]["effective"].is_string(), "{pack}");

    let reviewer = tower.reviewer("ada");
    let waiting = pending(&reviewer, id).unwrap();
    let run = run["id"].as_str().unwrap();
    let push = || reviewer.post(&format!("/runs/{run}/push"), &json!({}));
    push().problem(409, "NOT_APPROVED");
    let review = decide(&reviewer, &waiting, "approved", "it says hello").expect(201);
    assert_eq!((&review["reviewer"]["actor_id"], &review["self_review"]), (&json!("ada"), &json!(false)), "{review}");
    assert_eq!(pending(&reviewer, id), None);
    let found = graph(&client, &task);
    assert_eq!((&found["issue"]["status"], &found["runs"][0]["status"]), (&json!("done"), &json!("done")));

    let diff = reviewer.get(&format!("/runs/{run}/diff")).text();
    assert_eq!(diff, patch);
    let entries = || client.get(&format!("/audit/Run/{run}")).expect(200).as_array().unwrap().len();
    let before = entries();
    let pushed = push().expect(200);
    assert!(entries() > before, "a push has its entry");
    assert_eq!(pushed["branch"], format!("jct/{id}"), "{pushed}");
    let there = tower.repository().ask(&["rev-parse", &format!("refs/heads/jct/{id}")]);
    assert_eq!(Value::from(there), pushed["commit"]);
    assert_eq!(push().expect(200)["commit"], pushed["commit"], "twice is once");
    assert!(tower.repository().ask(&["show", &format!("jct/{id}:docs/guide.md")]).contains("hello"));
    assert!(!tower.repository().ask(&["show", "main:docs/guide.md"]).contains("hello"), "main is left alone");
}

fn a_verdict_may_approve_itself_if_the_operator_says_so(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { auto_approve: vec![Verdict::Pass], ..Setup::default() });
    let client = tower.operator();
    let task = ended(&client, &checked_task(&honest_steps()));
    let found = graph(&client, &task);
    assert_eq!((&found["issue"]["status"], &found["runs"][0]["status"]), (&json!("done"), &json!("done")), "{found}");
    let review = &found["review_decisions"][0];
    assert_eq!((&review["decision"], &review["reviewer"]["actor_id"]), (&json!("approved"), &json!("auto-approve")));
    assert_eq!(pending(&client, task["task_id"].as_str().unwrap()), None);
}

fn what_nobody_verified_never_approves_itself(engine: Engine) {
    let auto_approve = vec![Verdict::Pass, Verdict::Partial];
    let tower = TestTower::with(engine, &Setup { auto_approve, ..Setup::default() });
    let client = tower.operator();
    let mut task = checked_task(&honest_steps());
    task["inputs"].as_object_mut().unwrap().remove("checks");
    let task = ended(&client, &task);
    assert_eq!(task["status"], "completed", "{task}");
    let pack = graph(&client, &task)["evidence_packs"][0].clone();
    assert_eq!((&pack["verdict"], &pack["criteria_results"][0]["status"]), (&json!("partial"), &json!("unverified")));
    assert!(pending(&client, task["task_id"].as_str().unwrap()).is_some());
}

fn leftovers_are_committed_for_the_agent(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let steps = json!([
        { "append": { "path": "docs/guide.md", "content": "hello\n" } },
        { "write": { "path": "docs/new.txt", "content": "never added" } }
    ]);
    let task = ended(&client, &checked_task(&steps));
    assert_eq!(task["result"]["evidence"]["verdict"], "pass", "{task}");
    let stat: Value = serde_json::from_str(&trace_file(&client, &task, "artifacts/diff_stat.json")).unwrap();
    let paths: Vec<_> = stat["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, ["docs/guide.md", "docs/new.txt"]);
}

fn a_file_that_is_asked_for_is_left_in_the_output_folder(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("private"), "nobody's business").unwrap();
    let script = format!(
        "mkdir -p \"$JCT_ARTIFACTS/logs\"; echo '# It says hello' > \"$JCT_ARTIFACTS/report.md\"; \
         echo ran > \"$JCT_ARTIFACTS/logs/run.log\"; echo mine > \"$JCT_ARTIFACTS/changes.patch\"; \
         ln -s {} \"$JCT_ARTIFACTS/planted.md\"",
        outside.path().join("private").display()
    );
    let mut steps = honest_steps();
    steps.as_array_mut().unwrap().push(json!({ "run": { "command": ["sh", "-euc", script] } }));
    let mut task = checked_task(&steps);
    task["evidence_requirements"] = json!(["report.md", "kind:log", "changes.patch"]);
    let task = ended(&client, &task);
    assert_eq!(task["result"]["evidence"]["verdict"], "pass", "{task}");
    assert_eq!(trace_file(&client, &task, "artifacts/report.md"), "# It says hello\n");
    assert_eq!(trace_file(&client, &task, "artifacts/logs/run.log"), "ran\n");
    assert!(trace_file(&client, &task, "artifacts/changes.patch").contains("+Say hello first."));
    let refusals = json!([
        { "path": "changes.patch", "reason": "reserved_name" },
        { "path": "planted.md", "reason": "symlink" },
    ]);
    assert_eq!(task["result"]["artifacts"]["refusals"], refusals, "{task}");
    let id = task["task_id"].as_str().unwrap();
    client.get(&format!("/tasks/{id}/trace/artifacts/planted.md")).problem(404, "TRACE_NOT_FOUND");
    let found = graph(&client, &task);
    let titles: Vec<_> = found["artifacts"].as_array().unwrap().iter().map(|file| file["title"].clone()).collect();
    assert!(titles.contains(&json!("report.md")) && titles.contains(&json!("logs/run.log")), "{titles:?}");
}

fn a_command_leaves_files_too_and_failing_keeps_them(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    // Put together in the sandbox, so that the task itself holds none.
    let token = "printf '%s_%s%s\\n' ghp 9fQ2mXv7Lk3TzR8bWc5Yd1 HsNj6PgA4uEoK0";
    let script =
        format!("echo found nothing > \"$JCT_ARTIFACTS/report.md\"; {token} > \"$JCT_ARTIFACTS/notes.txt\"; exit 3");
    let mut task = checked_task(&json!([]));
    task["inputs"] = json!({ "executor": "command", "command": ["sh", "-c", script] });
    let task = ended(&client, &task);
    assert_eq!(task["status"], "failed", "{task}");
    assert_eq!(trace_file(&client, &task, "artifacts/report.md"), "found nothing\n");
    assert_eq!(trace_file(&client, &task, "artifacts/notes.txt"), "[secret removed]\n", "searched as everything else");
}
