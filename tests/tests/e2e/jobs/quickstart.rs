//! The quickstart of the documentation, as it is printed: a shell that has never heard of this workspace hands a job in, takes it,
//! and ends it.

use std::process::{Command, Stdio};

use jct_tests::{Engine, Setup, TestTower, on_both_engines};
use serde_json::json;

const DOCUMENT: &str = include_str!("../../../../docs/workers-over-http.md");
/// Set to `required` where passing over this test would be a lie.
const VARIABLE: &str = "JCT_TEST_QUICKSTART";

on_both_engines![the_quickstart_works_as_it_is_printed];

/// Whether the shell has what the quickstart says that it needs; says so if not, and fails if it has to.
fn has_tools() -> bool {
    let missing = ["curl", "jq", "sha256sum"].into_iter().find(|name| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        !asked.is_ok_and(|status| status.success())
    });
    let required = std::env::var(VARIABLE).is_ok_and(|value| value == "required");
    assert!(missing.is_none() || !required, "{VARIABLE} asks for {missing:?}, which is not there");
    if let Some(name) = missing {
        println!("skipped: there is no {name}");
    }
    missing.is_none()
}

/// The first block of shell behind the heading.
fn quickstart() -> &'static str {
    let (_, section) = DOCUMENT.split_once("\n## Quickstart\n").unwrap();
    let (_, block) = section.split_once("\n```sh\n").unwrap();
    block.split_once("\n```").unwrap().0
}

fn the_quickstart_works_as_it_is_printed(engine: Engine) {
    if !has_tools() {
        return;
    }
    let tower = TestTower::with(engine, &Setup { worker: false, keyed: false, ..Setup::default() });
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args(["-eu", "-c", quickstart()])
        .current_dir(folder.path())
        .env("TOWER", tower.base())
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "{out}\n{err}");

    let client = tower.anonymous();
    let jobs = client.get("/api/queue/jobs").expect(200);
    let [job] = jobs["items"].as_array().unwrap().as_slice() else { panic!("{jobs}") };
    assert_eq!((&job["status"], &job["resultSummary"]), (&json!("succeeded"), &json!("17 documents")), "{job}");
    let path = format!("/api/queue/jobs/{}", job["id"].as_str().unwrap());
    let artifacts = client.get(&format!("{path}/artifacts")).expect(200);
    assert_eq!(artifacts["items"][0]["name"], "report.json", "{artifacts}");
    let events = client.get(&format!("{path}/events")).expect(200).to_string();
    assert!(events.contains("one file was skipped") && events.contains("\"percent\":40"), "{events}");
    assert!(out.contains("\"resultSummary\": \"17 documents\""), "{out}");
}
