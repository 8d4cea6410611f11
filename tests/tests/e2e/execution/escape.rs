//! Agents that try to get out: each attempt must fail, and each is one that works without a sandbox.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use jct_tests::{Engine, TestTower, on_both_engines};
use serde_json::json;

use super::support::{checked_task, ended, graph, trace_file};

on_both_engines![nothing_outside_is_reached, what_is_planted_in_the_repository_never_runs_outside];

/// A marker that an attempt prints when it got through.
const OUT: &str = "GOT-OUT";

fn nothing_outside_is_reached(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| outside.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("secret"), OUT).unwrap();
    std::fs::write(at("kept"), "as it was").unwrap();
    let _local = UnixListener::bind(at("socket")).unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let worker = std::process::id();

    let attempts = [
        format!("cat {}", at("secret")),
        format!("echo x > {} && echo {OUT}", at("kept")),
        format!("touch {} && echo {OUT}", at("new")),
        format!("ln -s {} link; cat link; rm link", at("secret")),
        format!("ln {} link2; cat link2; rm link2", at("secret")),
        "echo x > /etc/jct-was-here && echo GOT-OUT".to_owned(),
        format!("bash -c 'echo > /dev/tcp/127.0.0.1/{port}' && echo {OUT}"),
        format!(
            "python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('{}')\" && echo {OUT}",
            at("socket")
        ),
        format!("kill -0 {worker} && echo {OUT}"),
        format!("tr '\\0' '\\n' < /proc/{worker}/environ | grep -q JCT_TEST && echo {OUT}"),
        format!("cat {}/traces/*/*/input.json && echo {OUT}", tower.folder().display()),
        "unshare -U true && echo GOT-OUT".to_owned(),
        "mount -t tmpfs none . && echo GOT-OUT".to_owned(),
    ];
    let steps: Vec<_> = attempts
        .iter()
        .map(|attempt| json!({ "run": { "command": ["sh", "-c", attempt], "may_fail": true } }))
        .chain([json!({ "append": { "path": "docs/guide.md", "content": "hello\n" } })])
        .collect();
    let task = ended(&client, &checked_task(&json!(steps)));
    assert_eq!(task["status"], "completed", "{task}");
    let log = trace_file(&client, &task, "log.txt");
    // The commands themselves are told too, each in the line that announces it.
    let printed: Vec<_> = log.lines().filter(|line| line.contains(OUT) && !line.contains("sh -c")).collect();
    assert!(printed.is_empty(), "{printed:#?}");
    assert_eq!(std::fs::read_to_string(at("kept")).unwrap(), "as it was");
    assert!(!outside.path().join("new").exists() && !std::path::Path::new("/etc/jct-was-here").exists());
    server.set_nonblocking(true).unwrap();
    assert!(server.accept().is_err(), "nobody came");
}

fn what_is_planted_in_the_repository_never_runs_outside(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let outside = tempfile::tempdir().unwrap();
    let trap = format!("touch {}/sprung", outside.path().display());
    let plant = [
        format!("git config core.fsmonitor '{trap}'"),
        format!("git config core.pager '{trap}'"),
        format!("git config filter.trap.smudge '{trap}'"),
        format!("git config filter.trap.clean '{trap}; cat'"),
        format!("git config diff.trap.textconv '{trap}'"),
        "printf '* filter=trap diff=trap\\n' > .gitattributes".to_owned(),
        format!("printf '#!/bin/sh\\n{trap}\\n' > .git/hooks/post-checkout && chmod +x .git/hooks/post-checkout"),
        "echo hello >> docs/guide.md".to_owned(),
    ]
    .join("; mkdir -p .git/hooks; ");
    let task = ended(&client, &checked_task(&json!([{ "run": { "command": ["sh", "-c", plant] } }])));
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(graph(&client, &task)["evidence_packs"][0]["verdict"], "pass");
    assert!(!outside.path().join("sprung").exists());
}
