//! Invariant 7: no input, however hostile, panics a process, returns a 5xx, or leaks a secret, a path or SQL.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jct_tests::{Answer, Client, Engine, OPERATOR_KEY, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

on_both_engines![
    invariant_07_no_body_breaks_the_tower,
    invariant_07_no_value_of_any_field_breaks_the_tower,
    invariant_07_no_path_or_query_breaks_the_tower,
    invariant_07_no_bytes_on_the_wire_break_the_tower,
];

/// What no answer may contain.
const LEAKS: [&str; 9] =
    ["SELECT ", "INSERT ", "panicked", "diesel", "sqlite3", "relation \"", "/src/", ".rs:", "an-operator-key"];

#[track_caller]
fn harmless(what: &str, answer: &Answer) {
    assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text());
    let text = answer.text();
    for leak in LEAKS {
        assert!(!text.contains(leak), "{what}: {leak} in {text}");
    }
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}: {text}");
    }
}

#[track_caller]
fn alive(client: &Client) {
    assert_eq!(client.get("/healthz").status, 200);
    let _id = client.enqueue(&survey_task());
}

fn invariant_07_no_body_breaks_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let task = survey_task().to_string();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_inputs = task.replacen('{', &format!("{{\"inputs\":{{\"a\":{}{}}},", "[".repeat(70), "]".repeat(70)), 1);
    let twice = task.replacen('{', "{\"operation\":\"docs\",", 1);
    let bodies: Vec<(&str, Vec<u8>, u16)> = vec![
        ("nothing", Vec::new(), 0),
        ("no JSON", b"hello".to_vec(), 400),
        ("half", task.as_bytes()[..task.len() / 2].to_vec(), 400),
        ("invalid UTF-8", [b"{\"objective\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat(), 400),
        ("a byte order mark", [&[0xef, 0xbb, 0xbf], task.as_bytes()].concat(), 400),
        ("deep", deep.into_bytes(), 0),
        ("deep inputs", deep_inputs.into_bytes(), 422),
        ("a key twice", twice.into_bytes(), 422),
        ("NUL", task.replace("survey the", "survey \\u0000 the").into_bytes(), 422),
        ("a lone surrogate", task.replace("survey the", "survey \\ud800 the").into_bytes(), 0),
        ("a huge number", task.replacen('{', "{\"metadata\":{\"n\":1e999999},", 1).into_bytes(), 0),
        ("an array", b"[]".to_vec(), 422),
        ("null", b"null".to_vec(), 422),
        ("too large", vec![b' '; (1 << 20) + 1], 413),
    ];
    let json = [("content-type", "application/json")];
    for (what, body, expected) in bodies {
        for path in ["/tasks/enqueue", "/tasks/enqueue/batch", "/keys", "/queue/pause"] {
            let answer = client.call("POST", path, &json, &body);
            harmless(what, &answer);
            if path == "/tasks/enqueue" && expected != 0 {
                assert_eq!(answer.status, expected, "{what}: {}", answer.text());
            }
        }
    }
    for media_type in ["text/plain", "application/xml", "", "application/json; charset=latin1", "multipart/form-data"] {
        let answer = client.call("POST", "/tasks/enqueue", &[("content-type", media_type)], task.as_bytes());
        harmless(media_type, &answer);
        assert!(matches!(answer.status, 201 | 415 | 422), "{media_type}: {}", answer.text());
    }
    alive(&client);
}

/// Every place of a task, filled with every kind of value.
fn invariant_07_no_value_of_any_field_breaks_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let places = [
        "/version",
        "/idempotency_key",
        "/requested_by",
        "/requested_by/kind",
        "/requested_by/id",
        "/objective",
        "/operation",
        "/target",
        "/target/repo",
        "/target/ref",
        "/target/path",
        "/constraints",
        "/constraints/time_budget_seconds",
        "/constraints/allow_network",
        "/inputs",
        "/inputs/executor",
        "/inputs/command",
        "/metadata",
        "/acceptance_criteria",
        "/evidence_requirements",
        "/unknown",
    ];
    let long = "x".repeat(300_000);
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!("'; DROP TABLE tasks; --"),
        json!("../../etc/passwd"),
        json!("\u{202e}\u{feff}🦀"),
        json!(long),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "a": { "b": [1, 2, { "c": null }] } }),
        json!(vec!["x"; 101]),
        json!("--upload-pack=x"),
        json!("a\r\nX-Injected: 1"),
    ];
    for place in places {
        for value in &values {
            let mut task = survey_task();
            task["constraints"] = json!({});
            task["inputs"] = json!({});
            let (parent, name) = place.rsplit_once('/').unwrap();
            task.pointer_mut(parent).unwrap()[name] = value.clone();
            let what = format!("{place} = {:.60}", value.to_string());
            let answer = client.post("/tasks/enqueue", &task);
            harmless(&what, &answer);
            assert!(matches!(answer.status, 200 | 201 | 409 | 413 | 422), "{what}: {}", answer.text());
        }
    }
    let id = client.enqueue(&survey_task());
    for field in ["status", "assigned_to", "result", "error", "trace_path", "fence"] {
        for value in &values {
            let body = json!({ "status": "running", field: value });
            harmless(&body.to_string(), &client.patch(&format!("/tasks/{id}/status"), &body));
            let body = json!({ "status": "failed", "error": "x", field: value });
            harmless(&body.to_string(), &client.patch(&format!("/tasks/{id}/status"), &body));
        }
    }
    alive(&client);
}

fn invariant_07_no_path_or_query_breaks_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"] {
        for path in ["/", "/tasks", "/tasks/enqueue", "/tasks/x", "/nope", "/health", "/keys", "/docs/../../etc/passwd"]
        {
            let answer = client.call(method, path, &[], b"");
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(client.call("PUT", "/tasks", &[], b"{}").status, 405);
    client.get("/nope").problem(404, "NOT_FOUND");
    for file in
        ["../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..", "%00", "a/b/../../..", "/etc/passwd"]
    {
        let answer = client.get(&format!("/tasks/{id}/trace/{file}"));
        harmless(file, &answer);
        assert_eq!(answer.status, 404, "{file}");
    }
    for query in [
        "limit=99999999999999999999",
        "offset=1e3",
        "cursor=%00",
        "cursor=t1zzzz",
        "status=%FF",
        "created_after=now",
        "created_after=-999999999999-01-01T00:00:00Z",
        "created_before=9999-12-31T23:59:59.999999Z",
        "limit=1&limit=2",
        "target_repo=%27%20OR%201%3D1%20--",
        "%00=%00",
        "a[]=1",
        "&&&=&",
        "cursor=t1ffffffffffffffffffffffffffffffff",
    ] {
        harmless(query, &client.get(&format!("/tasks?{query}")));
    }
    alive(&client);
}

fn invariant_07_no_bytes_on_the_wire_break_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let address = tower.base().trim_start_matches("http://").to_owned();
    let auth = format!("Authorization: Bearer {OPERATOR_KEY}");
    let requests: Vec<Vec<u8>> = vec![
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_vec(),
        format!("POST /tasks/enqueue HTTP/1.1\r\nHost: x\r\n{auth}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}").into_bytes(),
        format!("POST /tasks/enqueue HTTP/1.1\r\nHost: x\r\n{auth}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n").into_bytes(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)).into_bytes(),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(5_000)).into_bytes(),
        [b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".as_slice()].concat(),
        format!("POST /tasks/enqueue HTTP/1.1\r\nHost: x\r\n{auth}\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n{{").into_bytes(),
    ];
    for (n, request) in requests.iter().enumerate() {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        // The tower may hang up on such a caller while it still talks.
        drop(stream.write_all(request));
        let mut said = Vec::new();
        drop(stream.take(1 << 20).read_to_end(&mut said));
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.contains("HTTP/1.1 5"), "request {n}: {said}");
    }
    alive(&client);
    assert!(matches!(client.get("/tasks").json(), Value::Array(_)));
}
