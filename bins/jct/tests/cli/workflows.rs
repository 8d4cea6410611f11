//! Workflows from their definition to what became of their runs: against a real tower, against one that plays a part,
//! and without any.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Server, Tower, checked, jct};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/workflows");
const PATIENCE: Duration = Duration::from_secs(60);
const RUN: &str = "0198c0de-0000-7000-8000-000000000001";
const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";
const GREET: &str = r#"name: greet
description: Says hello.
trigger:
  event_types: [demo.greeting]
steps:
  - id: prepare
    name: Get ready
    task:
      objective: Prepare the greeting
      operation: ops
      target: {repo: local/demo}
      inputs: {command: ["true"]}
  - id: greet
    dependencies: [prepare]
    task:
      objective: "Say hello to ${{ event.data.who }}"
      operation: ops
      target: {repo: local/demo}
      inputs: {command: [echo, "${{ event.data.who }}"]}
"#;

/// A tower that has done its demo.
fn place() -> Tower {
    let mut tower = Tower::start();
    tower.demo_task();
    tower
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    fs::write(folder.join(name), text).expect("written");
}

/// A step that runs this command when another is done.
fn step(id: &str, after: &[&str], command: &[&str]) -> Value {
    let task = json!({
        "objective": "Do what is to be done", "operation": "ops", "target": {"repo": "local/demo"},
        "inputs": {"command": command}
    });
    json!({"id": id, "dependencies": after, "task": task})
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().expect("a text")
}

/// The run, once it is as it should be.
#[track_caller]
fn wait_for(tower: &Tower, workflow: &str, run: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let view = tower.run_json(0, &["workflows", "status", workflow, run]);
        if is_there(&view) {
            return view;
        }
        assert!(start.elapsed() < PATIENCE, "never: {view}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_workflow_is_defined_and_changed() {
    let tower = place();
    let folder = tower.folder.path();
    let define = |expect, arguments: &[&str]| tower.run(expect, &[&["workflows", "define"], arguments].concat());
    write(folder, "greet.yaml", GREET);
    assert_eq!(define(0, &["greet.yaml"]), "workflow greet version 1, new\n");
    assert_eq!(define(0, &["greet.yaml"]), "workflow greet version 1, unchanged\n");

    let first = tower.run_json(0, &["workflows", "show", "greet", "--version", "1"]);
    let mut definition = first["definition"].clone();
    definition["description"] = json!("Says hello, kindly.");
    write(folder, "greet.json", definition.to_string());
    let changed = tower.run_json(0, &["workflows", "define", "greet.json"]);
    assert_eq!((&changed["outcome"], &changed["workflow"]["version"]), (&json!("changed"), &json!(2)), "{changed}");
    let before = changed["workflow"]["revision"].to_string();
    definition["active"] = json!(false);
    write(folder, "greet.json", definition.to_string());
    assert_eq!(define(0, &["greet.json"]), "workflow greet version 2, changed\n", "it is switched off");
    assert_eq!(define(0, &["greet.json"]), "workflow greet version 2, unchanged\n");

    define(7, &["greet.yaml", "--if-match", &before]);
    let now = tower.run_json(0, &["workflows", "show", "greet"])["revision"].to_string();
    assert_eq!(define(0, &["greet.yaml", "--if-match", &now]), "workflow greet version 3, changed\n");
    let now = tower.run_json(0, &["workflows", "show", "greet"])["revision"].to_string();
    assert_eq!(define(0, &["greet.yaml", "--if-match", &now]), "workflow greet version 3, unchanged\n");

    let versions = tower.run_json(0, &["workflows", "versions", "greet"]);
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(3), "{versions}");
    assert_eq!((&versions["versions"][0]["version"], &versions["next_cursor"]), (&json!(3), &Value::Null));
    assert_eq!(versions["versions"][0]["digest"], first["digest"], "what is defined is what it was at first");
    assert!(tower.run(0, &["workflows", "versions", "greet", "--limit", "1"]).contains(text(&first, "digest")));
    assert!(tower.run(0, &["workflows", "show", "greet", "--version", "2"]).contains("Says hello, kindly."));
    tower.run(4, &["workflows", "show", "greet", "--version", "9"]);
    tower.run(4, &["workflows", "show", "nobody"]);
    write(folder, "other.yaml", GREET.replace("name: greet\n", "name: other\nversion: 7\n"));
    define(7, &["other.yaml"]);
    define(4, &["other.yaml", "--if-match", "1"]);
    write(folder, "bad.yaml", GREET.replace("[prepare]", "[nobody]"));
    define(3, &["bad.yaml"]);
    define(8, &["nowhere.yaml"]);
    tower.stop();
}

#[test]
fn a_workflow_is_listed_and_switched() {
    let tower = place();
    write(tower.folder.path(), "greet.yaml", GREET);
    tower.run(0, &["workflows", "define", "greet.yaml"]);
    let listed = tower.run(0, &["workflows", "list"]);
    assert!(listed.contains("greet") && listed.contains("idle") && listed.contains("demo.greeting"), "{listed}");
    let shown = tower.run(0, &["workflows", "show", "greet"]);
    assert!(shown.contains("Says hello.") && shown.contains("Prepare the greeting"), "{shown}");

    assert_eq!(tower.run(0, &["workflows", "disable", "greet"]), "workflow greet is not active\n");
    assert_eq!(tower.run_json(0, &["workflows", "list"])["workflows"], json!([]));
    let all = tower.run_json(0, &["workflows", "list", "--all", "--limit", "5"]);
    assert_eq!((&all["workflows"][0]["is_active"], &all["next_cursor"]), (&json!(false), &Value::Null), "{all}");
    let id = text(&all["workflows"][0], "id");
    assert_eq!(tower.run_json(0, &["workflows", "enable", id])["is_active"], true);
    tower.run(4, &["workflows", "enable", "nobody"]);
    tower.run(2, &["workflows", "list", "--limit", "0"]);
    tower.stop();
}

#[test]
fn a_run_is_followed_drawn_and_done_again() {
    let tower = place();
    let folder = tower.folder.path();
    write(folder, "greet.yaml", GREET);
    write(folder, "event.json", r#"{"type": "demo.greeting", "source": "test", "data": {"who": "ana"}}"#);
    tower.run(0, &["workflows", "define", "greet.yaml"]);
    let told = tower.run(0, &["workflows", "run", "greet", "--event", "event.json", "--watch"]);
    assert!(told.contains("* prepare succeeded\n") && told.contains("* greet succeeded\n"), "{told}");
    let id = told.lines().next().and_then(|line| line.split(' ').nth(1)).expect("a run");
    assert!(told.ends_with(&format!("run {id} succeeded\n")), "{told}");

    let run = tower.run_json(0, &["workflows", "status", "greet", id]);
    assert_eq!((&run["status"], &run["event"]["data"]["who"]), (&json!("succeeded"), &json!("ana")), "{run}");
    let task = text(&run["steps"][1]["attempts"][0], "task_id");
    let status = tower.run(0, &["workflows", "status", "greet", id]);
    assert!(status.contains(task) && status.contains("STEP") && status.contains("prepare"), "{status}");
    assert_eq!(tower.run_json(0, &["show", task])["objective"], "Say hello to ana");
    assert_eq!(tower.run_json(0, &["workflows", "runs", "greet"])["runs"][0]["id"], id);
    assert!(tower.run(0, &["workflows", "runs", "greet", "--limit", "1"]).contains(id));
    let lines = tower.run(0, &["--json", "workflows", "watch", "greet", id]);
    assert_eq!(lines.lines().count(), 3, "two steps and the run: {lines}");

    let graph = |more: &[&str]| tower.run(0, &[&["workflows", "graph", "greet"], more].concat());
    assert_eq!(graph(&[]), "prepare  Get ready\n  greet  <- prepare\n");
    assert_eq!(graph(&[id]), "prepare  succeeded  Get ready\n  greet  succeeded  <- prepare\n");
    let mermaid = graph(&[id, "--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart TD\n") && mermaid.contains(":::succeeded\n"), "{mermaid}");
    assert!(graph(&["--format", "dot"]).contains("    s0 -> s1;\n"));
    let json = tower.run_json(0, &["workflows", "graph", "greet", id]);
    assert_eq!((&json["workflow"], &json["run"]), (&json!("greet"), &json!(id)), "{json}");
    assert_eq!((&json["steps"][1]["dependencies"], &json["steps"][1]["depth"]), (&json!(["prepare"]), &json!(1)));
    tower.run(2, &["--json", "workflows", "graph", "greet", "--format", "dot"]);

    let again = tower.run(0, &["workflows", "fork", "greet", id, "--from", "greet", "--watch"]);
    assert!(again.contains("* prepare succeeded (kept)\n") && again.contains("* greet succeeded\n"), "{again}");
    let runs = tower.run_json(0, &["workflows", "runs", "greet"]);
    assert_eq!(runs["runs"][0]["forked_from"], json!({"run_id": id, "step": "greet"}), "{runs}");
    tower.run(3, &["workflows", "fork", "greet", id, "--from", "nobody"]);
    let keyed = ["workflows", "run", "greet", "--idempotency-key", "once", "--event", "event.json"];
    let (first, again) = (tower.run(0, &keyed), tower.run(0, &keyed));
    assert_eq!(first.split(' ').nth(1), again.split(' ').nth(1), "{first}: {again}");
    assert!(!first.contains("before") && again.contains(", started before"), "{first}: {again}");
    tower.run(7, &["workflows", "run", "greet", "--idempotency-key", "once"]);
    tower.run(7, &["workflows", "cancel", "greet", id]);
    for command in ["status", "watch", "cancel", "graph"] {
        tower.run(4, &["workflows", command, "greet", UNKNOWN]);
    }
    write(folder, "event.json", r#"{"type": "demo.greeting"}"#);
    tower.run(3, &["workflows", "run", "greet", "--event", "event.json"]);
    write(folder, "event.json", "no JSON");
    tower.run(3, &["workflows", "run", "greet", "--event", "event.json"]);
    tower.stop();
}

#[test]
fn a_run_that_does_not_succeed_ends_with_one() {
    let tower = place();
    let folder = tower.folder.path();
    let steps = [step("bad", &[], &["sh", "-c", "exit 3"]), step("after", &["bad"], &["true"])];
    write(folder, "broken.json", json!({"name": "broken", "steps": steps}).to_string());
    tower.run(0, &["workflows", "define", "broken.json"]);
    let told = tower.run(1, &["workflows", "run", "broken", "--watch"]);
    assert!(told.contains("* bad failed (") && told.contains("* after skipped"), "{told}");
    let broken = tower.run_json(0, &["workflows", "show", "broken"]);
    assert_eq!((&broken["status"], &broken["execution_count"]), (&json!("failed"), &json!(1)), "{broken}");
    let run = text(&broken["last_run"], "id");
    tower.run(1, &["workflows", "watch", "broken", run]);
    let drawn = tower.run(0, &["workflows", "graph", "broken", run, "--format", "mermaid"]);
    assert!(drawn.contains(":::failed\n") && drawn.contains(":::skipped\n"), "{drawn}");

    // Nobody is there to be greeted.
    write(folder, "greet.yaml", GREET);
    tower.run(0, &["workflows", "define", "greet.yaml"]);
    let told = tower.run(1, &["workflows", "run", "greet", "--watch"]);
    assert!(told.contains("* prepare succeeded\n") && told.contains("* greet failed (the task: "), "{told}");
    tower.stop();
}

#[test]
fn a_run_is_called_off() {
    let tower = place();
    let steps = [step("slow", &[], &["sleep", "600"]), step("after", &["slow"], &["true"])];
    write(tower.folder.path(), "slow.json", json!({"name": "slow", "steps": steps}).to_string());
    tower.run(0, &["workflows", "define", "slow.json"]);
    let run = tower.run_json(0, &["workflows", "run", "slow"]);
    let id = text(&run, "id");
    wait_for(&tower, "slow", id, |run| run["steps"][0]["attempts"][0]["task_id"].is_string());
    tower.run(7, &["workflows", "fork", "slow", id, "--from", "slow"]);
    let asked = tower.run(0, &["workflows", "cancel", "slow", id]);
    assert!(asked.contains("asked to become cancelled"), "{asked}");
    let told = tower.run(1, &["workflows", "watch", "slow", id]);
    assert!(told.contains("* slow cancelled") && told.contains(&format!("run {id} cancelled")), "{told}");
    tower.run(7, &["workflows", "cancel", "slow", id]);
    tower.stop();
}

#[test]
fn a_definition_is_sent_as_it_stands_and_only_a_taken_name_means_a_change() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    let define = |expect, arguments: &[&str]| {
        server.run(folder, expect, &[&["workflows", "define", "release.json"], arguments].concat())
    };
    let definition = json!({"name": "release", "steps": [step("build", &[], &["make"])]});
    write(folder, "release.json", definition.to_string());
    let kept = json!({"name": "release", "version": 2, "revision": 5, "is_active": true}).to_string();
    server.answer("PATCH /workflows/release", 200, kept);

    server.answer("POST /workflows", 409, r#"{"code": "WORKFLOW_VERSION_CONFLICT", "message": "not the next"}"#);
    define(7, &[]);
    assert_eq!(server.sent("POST /workflows"), std::slice::from_ref(&definition));
    assert!(server.sent("PATCH /workflows/release").is_empty());
    server.answer("POST /workflows", 409, r#"{"code": "WORKFLOW_NAME_TAKEN", "message": "taken"}"#);
    assert_eq!(define(0, &[]), "workflow release version 2, changed\n");
    assert_eq!(server.sent("PATCH /workflows/release"), [json!({ "definition": definition })]);

    let told = define(0, &["--if-match", "5", "--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["outcome"], &told["workflow"]["version"]), (&json!("unchanged"), &json!(2)), "{told}");
    assert_eq!(define(0, &["--if-match", "4"]), "workflow release version 2, changed\n");
    assert_eq!(server.sent("POST /workflows").len(), 2, "with --if-match nothing new is made");
}

#[test]
fn a_run_is_followed_over_a_moment_without_a_tower() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let request = format!("GET /workflows/release/runs/{RUN}");
    let view = |status: &str, build: &str, attempt: Value| {
        let steps = json!([
            {"id": "build", "status": build, "attempts": [attempt]},
            {"id": "ship", "status": if status == "failed" { "skipped" } else { "waiting" }, "attempts": []},
        ]);
        json!({"id": RUN, "status": status, "error": "a step failed", "steps": steps}).to_string()
    };
    let seen = |times: usize| {
        let start = Instant::now();
        while server.sent(&request).len() < times {
            assert!(start.elapsed() < PATIENCE, "nobody looks");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    server.answer(&request, 200, view("running", "running", json!({"attempt": 1, "task_id": "t1", "status": null})));
    let told = std::thread::scope(|scope| {
        let watch = scope.spawn(|| server.run(folder.path(), 1, &["workflows", "watch", "release", RUN]));
        seen(2);
        server.answer(&request, 503, "");
        seen(3);
        let ended = json!({"attempt": 1, "task_id": "t1", "status": "failed", "error": "exit code 3"});
        server.answer(&request, 200, view("failed", "failed", ended));
        watch.join().expect("watched")
    });
    let expect = [
        "* build running (task t1)",
        "* build failed (exit code 3)",
        "* ship skipped",
        &format!("run {RUN} failed: a step failed"),
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expect);
}

#[test]
fn a_run_is_started_and_forked_with_what_was_asked_for() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    let run = json!({"id": RUN, "status": "running"}).to_string();
    let (start, fork) = ("POST /workflows/release/runs", format!("POST /workflows/release/runs/{RUN}/fork"));
    server.answer(start, 201, run.clone());
    server.answer(&fork, 201, run);
    write(folder, "event.json", "{\"type\": \"a.b\", \"source\": \"s\"}\n");
    server.run(folder, 0, &["workflows", "run", "release"]);
    let told = server.run(folder, 0, &["workflows", "run", "release", "--event", "event.json"]);
    assert_eq!(told, format!("run {RUN} running\n"));
    let event = json!({"type": "a.b", "source": "s"});
    assert_eq!(server.sent(start), [Value::Null, json!({ "event": event })]);
    server.run(folder, 0, &["workflows", "run", "release", "--idempotency-key", "a \"b\""]);
    server.run(folder, 0, &["workflows", "run", "release", "--idempotency-key", "k", "--event", "event.json"]);
    let keyed = [json!({"idempotency_key": "a \"b\""}), json!({"idempotency_key": "k", "event": event})];
    assert_eq!(server.sent(start).split_off(2), keyed);
    server.run(folder, 0, &["workflows", "fork", "release", RUN, "--from", "build"]);
    assert_eq!(server.sent(&fork), [json!({"from_step": "build"})]);
    server.run(folder, 2, &["workflows", "fork", "release", RUN]);
}

#[test]
fn no_name_of_a_step_drives_the_terminal_or_breaks_a_drawing() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let hostile = "\u{1b}[2J\"]; click s0 \"x\"\nend";
    let steps = json!([{"id": "a", "name": hostile}, {"id": "b", "dependencies": ["a", "b", "c"], "name": hostile}]);
    server.answer("GET /workflows/odd", 200, json!({"name": "odd", "steps": steps}).to_string());
    for (format, lines) in [("text", 2), ("mermaid", 5), ("dot", 7)] {
        let drawn = server.run(folder.path(), 0, &["workflows", "graph", "odd", "--format", format]);
        assert_eq!(drawn.lines().count(), lines, "{drawn}");
        assert!(!drawn.contains('\u{1b}'), "{drawn}");
    }
    server.run(folder.path(), 2, &["workflows", "graph", "odd", "--format", "svg"]);
}

#[track_caller]
fn check(expect: i32, folder: &Path, arguments: &[&str]) -> String {
    let arguments = [&["workflows", "check"], arguments].concat();
    checked(&jct(folder, &arguments).output().expect("run"), expect, &arguments)
}

#[test]
fn every_example_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: Vec<PathBuf> =
        fs::read_dir(EXAMPLES).expect("examples").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json" || extension == "yaml"));
    assert!(files.len() >= 3, "{files:?}");
    let names: Vec<_> = files.iter().map(|path| path.to_str().expect("text")).collect();
    let told = check(0, folder.path(), &names);
    assert_eq!(told.lines().filter(|line| line.contains(": valid, ")).count(), files.len(), "{told}");
    let told = check(0, folder.path(), &[&["--json"], &names[..]].concat());
    for line in told.lines() {
        let told: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&told["valid"], &told["violations"]), (&json!(true), &json!([])), "{told}");
        assert!(told["steps"].as_u64() >= Some(3) && told["digest"].is_string(), "{told}");
    }
}

#[test]
fn every_violation_is_told_at_once_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let steps = [step("a", &["nobody"], &["true"]), step("a", &[], &["true"])];
    write(folder, "wrong.json", json!({"name": "wrong", "steps": steps}).to_string());
    let text = check(1, folder, &["wrong.json"]);
    for place in ["wrong.json: /steps/0/dependencies/0: ", "wrong.json: /steps/1/id: "] {
        assert!(text.contains(place), "{text}");
    }
    let told: Value = serde_json::from_str(&check(1, folder, &["--json", "wrong.json"])).expect("JSON");
    let codes: Vec<_> = told["violations"].as_array().expect("a list").iter().map(|one| &one["code"]).collect();
    assert!(codes.contains(&&json!("STEP_REPEATED")) && codes.contains(&&json!("DEPENDENCY_UNKNOWN")), "{told}");

    write(folder, "cut.yaml", "name: a\nsteps: [\n");
    let told: Value = serde_json::from_str(&check(1, folder, &["--json", "cut.yaml"])).expect("JSON");
    assert!(told["violations"][0]["line"].is_number() && told["valid"] == false, "{told}");
    write(folder, "greet.yaml", GREET);
    let both = check(1, folder, &["greet.yaml", "cut.yaml"]);
    assert!(both.contains("greet.yaml: valid, greet with 2 steps") && both.contains("[MALFORMED_JSON]"), "{both}");
    check(8, folder, &["nowhere.yaml"]);
    check(2, folder, &[]);
}

#[test]
fn standard_input_may_be_yaml_or_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "yaml", GREET);
    write(folder, "json", json!({"name": "tiny", "steps": [step("only", &[], &["true"])]}).to_string());
    for (file, expect) in [("yaml", "-: valid, greet with 2 steps\n"), ("json", "-: valid, tiny with 1 step\n")] {
        let arguments = ["workflows", "check", "-"];
        let input = File::open(folder.join(file)).expect("there");
        let output = jct(folder, &arguments).stdin(input).output().expect("run");
        assert_eq!(checked(&output, 0, &arguments), expect);
    }
}
