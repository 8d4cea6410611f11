//! `jct webhooks` as its users meet it: set up, changed, tested and taken away against a real tower, and a signature
//! checked without one.

use std::fs;
use std::path::Path;

use jct_contract::{Clock as _, SystemClock, Timestamp};
use jct_event::webhook::{MessageId, SignedHeaders, WebhookSecret, WebhookSecrets};
use serde_json::{Value, json};

use crate::support::{Tower, checked, jct};

const URL: &str = "https://example.org/hooks";
const BODY: &str = r#"{"type": "review.due"}"#;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// Sets up a webhook that is sent nothing, so that no test speaks to the world.
fn create(tower: &Tower, name: &str) -> Value {
    let types = ["--type", "review.due", "--type", "monitoring.*"];
    let command = ["webhooks", "create", name, URL, "--inactive", "--description", "for the team"];
    tower.run_json(0, &[&command[..], &types].concat())
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().expect("a text")
}

#[test]
fn a_webhook_is_set_up_changed_and_taken_away() {
    let mut tower = Tower::start();
    tower.demo_task();
    let made = create(&tower, "ops");
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    assert!(secret.starts_with("whsec_"), "{made}");
    assert_eq!((&made["active"], &made["event_types"]), (&json!(false), &json!(["review.due", "monitoring.*"])));
    tower.run(7, &["webhooks", "create", "ops", URL, "--type", "*", "--inactive"]);
    tower.run(3, &["webhooks", "create", "near", "https://127.0.0.1/hooks", "--type", "*"]);
    tower.run(3, &["webhooks", "create", "open", "http://example.org/hooks", "--type", "*"]);
    tower.run(2, &["webhooks", "create", "mute", URL]);

    let listed = tower.run(0, &["webhooks", "list"]);
    assert!(listed.contains(id) && listed.contains("ops") && listed.contains(URL), "{listed}");
    let page = tower.run_json(0, &["webhooks", "list", "--limit", "5"]);
    assert_eq!((page["webhooks"].as_array().map(Vec::len), &page["next_cursor"]), (Some(1), &Value::Null), "{page}");
    let shown = tower.run(0, &["webhooks", "show", id]);
    assert!(shown.contains("for the team") && shown.contains("monitoring.*"), "{shown}");
    assert!(!page.to_string().contains(secret) && !shown.contains(secret), "a secret is shown once");

    tower.run(2, &["webhooks", "update", id]);
    tower.run(2, &["webhooks", "update", id, "--activate", "--deactivate"]);
    tower.run(3, &["webhooks", "update", id, "--to", "https://127.0.0.1/hooks"]);
    let changed =
        tower.run_json(0, &["webhooks", "update", id, "--name", "team", "--description", "", "--type", "task.*"]);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("team"), &Value::Null), "{changed}");
    assert_eq!((&changed["event_types"], &changed["url"]), (&json!(["task.*"]), &json!(URL)), "what is not said stays");

    let rotated = tower.run_json(0, &["webhooks", "rotate", id, "--keep-old-seconds", "0"]);
    assert!(text(&rotated, "secret").starts_with("whsec_") && text(&rotated, "secret") != secret, "{rotated}");
    assert_eq!(tower.run(0, &["webhooks", "delete", id]), format!("webhook {id} deleted\n"));
    for gone in ["show", "delete", "deliveries", "test"] {
        tower.run(4, &["webhooks", gone, id]);
    }
    tower.stop();
}

#[test]
fn a_test_waits_until_its_webhook_is_active() {
    let mut tower = Tower::start();
    tower.demo_task();
    let made = create(&tower, "ops");
    let id = text(&made, "id");
    assert_eq!(tower.run_json(0, &["webhooks", "deliveries", id])["deliveries"], json!([]));
    let test = tower.run_json(0, &["webhooks", "test", id]);
    assert_eq!((&test["status"], &test["event_type"]), (&json!("pending"), &json!("webhook.test")), "{test}");
    let delivery = text(&test, "id");
    let listed = tower.run(0, &["webhooks", "deliveries", id]);
    assert!(listed.contains(delivery) && listed.contains("webhook.test"), "{listed}");
    tower.run(7, &["webhooks", "redeliver", id, delivery]);
    tower.run(4, &["webhooks", "redeliver", id, "00000000-0000-7000-8000-000000000000"]);
    assert!(tower.run(0, &["webhooks", "test", id]).ends_with(" pending\n"));
    let page = tower.run_json(0, &["webhooks", "deliveries", id, "--limit", "1"]);
    let count = page["deliveries"].as_array().map(Vec::len);
    assert_eq!((count, page["next_cursor"].is_string()), (Some(1), true), "{page}");
    tower.stop();
}

/// Checks what stands in `body.json`.
#[track_caller]
fn verify(folder: &Path, expect: i32, headers: &SignedHeaders, more: &[&str]) -> String {
    let SignedHeaders { id, timestamp, signature } = headers;
    let command = ["webhooks", "verify", "body.json", "--secret-file", "secret.txt"];
    let signed = ["--id", id, "--timestamp", timestamp, "--signature", signature];
    let arguments = [&command[..], &signed, more].concat();
    checked(&jct(folder, &arguments).output().expect("run"), expect, &arguments)
}

#[test]
fn a_signature_is_checked_without_a_tower() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    let secret = WebhookSecret::from_bytes(vec![7; 32]).expect("long enough");
    write("secret.txt", &format!("{}\n", secret.reveal().as_str()));
    write("body.json", BODY);
    let secrets = WebhookSecrets::new(vec![secret]).expect("one");
    let id: MessageId = "msg_1".parse().expect("an id");
    let now = SystemClock.now();

    let genuine = secrets.sign(&id, now, BODY.as_bytes());
    assert_eq!(verify(folder, 0, &genuine, &[]), "genuine\n");
    let told: Value = serde_json::from_str(&verify(folder, 0, &genuine, &["--json"])).expect("JSON");
    assert_eq!(told, json!({ "genuine": true }));
    let earlier = Timestamp::from_micros(now.as_micros() - 1_000 * MICROS_PER_SECOND);
    let old = secrets.sign(&id, earlier, BODY.as_bytes());
    verify(folder, 3, &old, &[]);
    verify(folder, 0, &old, &["--tolerance-seconds", "2000"]);
    verify(folder, 3, &SignedHeaders { id: "msg_2".to_owned(), ..genuine.clone() }, &[]);
    write("body.json", &BODY.replace("review", "budget"));
    verify(folder, 3, &genuine, &[]);
    write("secret.txt", "whsec_short");
    verify(folder, 2, &genuine, &[]);
    fs::remove_file(folder.join("body.json")).expect("removed");
    write("secret.txt", &format!("whsec_{}", "A".repeat(32)));
    verify(folder, 8, &genuine, &[]);
}
