//! `jct events` as its users meet it: handed in, listed, shown, redriven and watched, against a real tower.

use std::fs;

use serde_json::{Value, json};

use crate::support::Tower;

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";
const SERVICE: &str = r#"{"service": "api"}"#;

/// A post of one event that its source knows as 7, with these words for its data.
fn post<'a>(data: &[&'a str]) -> Vec<&'a str> {
    let event = ["events", "post", "monitoring.service_down", "--source", "uptime", "--id", "7", "--priority", "high"];
    [&event[..], &["--subject", "api", "--tag", "team=core"], data].concat()
}

#[test]
fn an_event_is_handed_in_once_and_found_again() {
    let mut tower = Tower::start();
    tower.demo_task();
    let posted = tower.run_json(0, &post(&["--data", SERVICE]));
    let id = posted["event_id"].as_str().expect("an id").to_owned();
    assert_eq!(posted["status"], "success", "{posted}");

    fs::write(tower.folder.path().join("data.json"), SERVICE).expect("written");
    let again = tower.run(0, &post(&["--data-file", "data.json"]));
    assert_eq!(again, format!("event {id} was there already\n"));
    tower.run(7, &post(&["--data", "{}"]));
    assert!(tower.run(0, &["events", "post", "user.action"]).ends_with(" kept\n"), "another one has an id of its own");

    let shown = tower.run_json(0, &["events", "show", &id]);
    assert_eq!((&shown["type"], &shown["source"]), (&json!("monitoring.service_down"), &json!("uptime")), "{shown}");
    assert_eq!((&shown["source_id"], &shown["subject"]), (&json!("7"), &json!("api")), "{shown}");
    assert_eq!((&shown["data"]["service"], &shown["tags"]["team"]), (&json!("api"), &json!("core")), "{shown}");
    let text = tower.run(0, &["events", "show", &id]);
    assert!(text.contains("priority") && text.contains("high") && text.contains(r#""service": "api""#), "{text}");

    let filter = ["events", "list", "--type", "monitoring.*", "--priority", "high", "--source", "uptime"];
    let listed = tower.run(0, &filter);
    assert!(listed.contains(&id) && listed.contains("monitoring.service_down"), "{listed}");
    assert!(!tower.run(0, &["events", "list", "--type", "user.*"]).contains(&id));
    let page = tower.run_json(0, &["events", "list", "--limit", "1"]);
    assert_eq!((page["events"].as_array().map(Vec::len), page["next_cursor"].is_string()), (Some(1), true), "{page}");
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let next = tower.run_json(0, &["events", "list", "--limit", "1", "--cursor", cursor]);
    assert_ne!(next["events"][0]["id"], page["events"][0]["id"], "{next}");

    let since = shown["created_at"].as_str().expect("a moment");
    let watch = ["events", "watch", "--type", "monitoring.*", "--since", since, "--count", "1"];
    assert!(tower.run(0, &watch).contains(&id));
    assert_eq!(tower.run_json(0, &watch)["id"], id.as_str());
    tower.stop();
}

#[test]
fn what_cannot_be_done_to_an_event_is_refused_with_its_exit_code() {
    let mut tower = Tower::start();
    tower.demo_task();
    let posted = tower.run_json(0, &["events", "post", "user.action", "--source", "web"]);
    let id = posted["event_id"].as_str().expect("an id");
    // Whether it is done yet or not: it is neither failed nor dead.
    let refused = tower.run(7, &["--json", "events", "redrive", id]);
    assert_eq!(refused, "", "what went wrong is no result");
    tower.run(4, &["events", "redrive", UNKNOWN]);
    tower.run(4, &["events", "show", UNKNOWN]);
    tower.run(3, &["events", "post", "task.state_changed", "--source", "web"]);
    tower.run(3, &["events", "post", "no-domain", "--source", "web"]);
    tower.run(3, &["events", "post", "user.action", "--priority", "soon"]);
    tower.run(3, &["events", "list", "--status", "asleep"]);
    tower.run(2, &["events", "list", "--limit", "0"]);
    tower.run(2, &["events", "post", "user.action", "--data", "no JSON"]);
    tower.run(2, &["events", "post", "user.action", "--tag", "nothing"]);
    tower.run(2, &["events", "post", "user.action", "--data", "{}", "--data-file", "data.json"]);
    tower.run(8, &["events", "post", "user.action", "--data-file", "nowhere.json"]);
    let none = tower.run_json(0, &["events", "list", "--status", "dead"]);
    assert_eq!((&none["events"], &none["next_cursor"]), (&json!([]), &Value::Null), "{none}");
    tower.stop();
}
