//! The binary as its users meet it: started in an empty folder, told what to do, asked for exit codes.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Server, Tower, checked, jct};

#[test]
fn the_first_command_of_the_readme_leaves_a_trace_that_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = jct(folder.path(), &["up", "--demo", "--exit", "--port", "0"]).output().expect("run");
    let text = checked(&output, 0, &["up"]);
    assert!(text.contains("* completed (COMPLETED)") && text.contains("# Survey of local/demo"), "{text}");
    let trace = text.lines().find_map(|line| line.strip_prefix("trace   ")).expect("the place of the trace");
    assert!(Path::new(trace).join("artifacts/report.md").is_file(), "{trace}");
    let task = text.lines().find_map(|line| line.strip_prefix("verify  jct trace verify ")).expect("the way to verify");
    let verify = |expect| {
        let output = jct(folder.path(), &["trace", "verify", task]).output().expect("run");
        checked(&output, expect, &["trace", "verify"])
    };
    assert!(verify(0).contains("its manifest is the accepted one"));
    std::fs::write(Path::new(trace).join("log.txt"), "nothing happened\n").expect("forged");
    assert!(verify(1).contains("`log.txt` was altered"));
}

#[test]
fn a_control_about_nobody_is_set_with_a_warning() {
    let (folder, server) = (tempfile::tempdir().expect("a folder"), Server::start());
    let set = |warnings: &str| {
        let control = r#"{"id": "c1", "mode": "kill", "scope": "agent", "value": "robn""#;
        server.answer("POST /controls", 201, format!("{control}{warnings}}}"));
        let output = server.output(folder.path(), &["kill", "--agent", "robn", "--reason", "x"]);
        let text = checked(&output, 0, &["kill"]);
        assert_eq!(text, "control c1 (kill agent robn) is in force\n");
        String::from_utf8(output.stderr).expect("text")
    };
    let told = set(r#", "warnings": [{"code": "UNKNOWN_AGENT", "message": "no agent is called `robn`"}]"#);
    assert!(told.contains("warning: no agent is called `robn` [UNKNOWN_AGENT]\n"), "{told}");
    let told = set("");
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn a_task_is_followed_from_its_issue_to_what_came_of_it() {
    let mut tower = Tower::start();
    let task = tower.demo_task();
    let id = task["cwom_issue_id"].as_str().expect("an issue");
    let page = tower.run_json(0, &["issues", "list", "--type", "research", "--limit", "5"]);
    assert_eq!((&page["issues"][0]["id"], &page["next_cursor"]), (&task["cwom_issue_id"], &Value::Null));
    assert!(tower.run(0, &["issues", "list"]).contains(id));
    assert!(tower.run(0, &["issues", "show", id]).contains("context packets"));
    let graph = tower.run(0, &["issues", "graph", id]);
    assert!(graph.contains("local/demo") && graph.contains("constraint snapshot"), "{graph}");
    tower.run(3, &["issues", "list", "--status", "open"]);
    tower.run(4, &["issues", "graph", "00000000-0000-7000-8000-000000000000"]);
    tower.stop();
}

#[test]
fn commands_against_a_running_tower() {
    let mut tower = Tower::start();
    assert_eq!(tower.demo_task()["status"], "completed");

    let refused = ["enqueue", "--repo", "evil/app", "--objective", "Look at it"];
    tower.run(3, &refused);
    tower.run(3, &["enqueue", "--repo", "local/demo", "--objective", "no"]);
    tower.run(4, &["show", "00000000-0000-7000-8000-000000000000"]);
    tower.run(2, &["tasks", "--limit", "0"]);

    let keyed =
        |objective| ["enqueue", "--repo", "local/demo", "--hold", "--idempotency-key", "k", "--objective", objective];
    let held = tower.run_json(0, &keyed("Look at it"));
    let id = held["task_id"].as_str().expect("an id");
    assert_eq!(
        (&held["status"], &tower.run_json(0, &keyed("Look at it"))["task_id"]),
        (&"pending".into(), &held["task_id"])
    );
    tower.run(7, &keyed("Look at something else"));
    assert!(tower.run(0, &["explain", id]).contains("until somebody releases it"));
    assert!(tower.run(0, &["release", id]).contains("queued"));
    assert_eq!(tower.run_json(0, &["watch", id])["status"], "completed");
    tower.run(7, &["cancel", id]);

    let failing = [
        "enqueue",
        "--repo",
        "local/demo",
        "--objective",
        "Fail at it",
        "--watch",
        "--",
        "sh",
        "-c",
        "echo why >&2; exit 3",
    ];
    let text = tower.run(1, &failing);
    assert!(text.contains("! why") && text.contains("* failed (COMMAND_FAILED"), "{text}");

    let issue = held["cwom"]["issue_id"].as_str().expect("an issue");
    for told in [tower.run(0, &keyed("Look at it")), tower.run(0, &["show", id])] {
        assert!(told.contains(issue), "{told}");
    }
    let bare = ["enqueue", "--repo", "local/demo", "--objective", "Look at it alone", "--no-cwom", "--watch"];
    assert_eq!(tower.run_json(0, &bare)["cwom_issue_id"], Value::Null);

    let page = tower.run_json(0, &["tasks", "--limit", "2"]);
    assert_eq!((page["tasks"].as_array().map(Vec::len), page["next_cursor"].is_string()), (Some(2), true));
    assert_eq!(tower.run(0, &["--json", "tasks", "--all"]).lines().count(), 4);
    assert_eq!(tower.run_json(0, &["attempts", id])[0]["reason"], "COMPLETED");
    assert!(tower.run(0, &["trace", "show", id, "artifacts/report.md"]).contains("# Survey"));
    tower.run(4, &["trace", "show", id, "../../etc/passwd"]);
    assert_eq!(tower.run_json(0, &["queue", "pause", "--reason", "maintenance"])["changed"], true);
    assert!(tower.run(0, &["queue", "status"]).contains("maintenance"));
    assert_eq!(tower.run_json(0, &["queue", "resume"])["paused"], Value::Null);
    assert_eq!(tower.run_json(0, &["workers"]).as_array().map(Vec::len), Some(1));
    assert!(tower.run(0, &["workers"]).contains("CAPABILITIES"), "what each offers is shown");
    tower.stop();
}

#[test]
fn the_first_key_closes_the_tower() {
    let mut tower = Tower::start();
    tower.demo_task();
    tower.run(0, &["tasks"]);
    let made = tower.run_json(0, &["keys", "create", "reader", "--kind", "agent", "--scope", "tasks:read"]);
    let key = made["key"].as_str().expect("a key");
    tower.run(7, &["keys", "create", "reader", "--kind", "agent", "--scope", "tasks:read"]);
    tower.run(4, &["keys", "revoke", "nobody"]);
    assert!(!tower.run(0, &["--json", "keys", "list"]).contains(key), "a key is shown once");
    // The tower believes that there is no key for five seconds at most.
    let closed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        jct(tower.folder.path(), &["tasks", "--url", &tower.url]).output().expect("run").status.code() == Some(6)
    });
    assert!(closed, "without a key there is no way in");
    tower.run(0, &["tasks", "--api-key", key]);
    tower.run(6, &["queue", "resume", "--api-key", key]);
    tower.stop();
}

#[test]
fn a_taken_port_is_told_with_its_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let output = jct(folder.path(), &["up", "--port", &port]).output().expect("run");
    checked(&output, 7, &["up"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("is taken") && told.contains("--port"), "{told}");
}

#[test]
fn without_a_tower_there_is_an_error_and_the_way_to_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = jct(folder.path(), &["--json", "tasks", "--url", "http://127.0.0.1:9"]).output().expect("run");
    checked(&output, 5, &["tasks"]);
    let error: Value = serde_json::from_slice(&output.stderr).expect("one line of JSON");
    assert_eq!(error["error"]["exit_code"], 5);
    assert!(error["error"]["hint"].as_str().is_some_and(|hint| hint.contains("jct up")), "{error}");
}

#[test]
fn the_database_is_looked_after_without_a_tower() {
    let folder = tempfile::tempdir().expect("a folder");
    let run =
        |expect, arguments: &[&str]| checked(&jct(folder.path(), arguments).output().expect("run"), expect, arguments);
    assert!(run(1, &["db", "status"]).contains("pending"));
    assert!(run(0, &["db", "migrate"]).contains("applied"));
    run(0, &["db", "status"]);
    run(2, &["db", "rollback"]);
    run(0, &["db", "rollback", "--yes"]);
    run(1, &["db", "status"]);
    run(0, &["config"]);
    let unknown = jct(folder.path(), &["config"]).env("JCT_SLOTS", "1").output().expect("run");
    checked(&unknown, 2, &["config"]);
}

#[test]
fn a_reader_that_leaves_early_breaks_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = jct(folder.path(), &["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    drop(process.stdout.take());
    let mut told = String::new();
    process.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert_eq!((process.wait().expect("ended").code(), told.as_str()), (Some(0), ""));
}
