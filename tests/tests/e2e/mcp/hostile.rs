//! Invariant 7 on `/mcp`: nothing that is sent breaks the tower, and nobody gets in another way.

use jct_tests::{Answer, Client, Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{ALL, Agent};

on_both_engines![
    invariant_07_no_argument_of_any_tool_breaks_the_tower,
    invariant_07_no_message_breaks_the_tower,
    what_is_wrong_is_told_in_the_codes_of_the_protocol,
    a_link_leads_elsewhere_or_is_refused,
    no_secret_is_left_with_a_task,
    there_is_no_other_way_in,
];

/// What no answer may contain.
const LEAKS: [&str; 7] = ["SELECT ", "INSERT ", "panicked", "diesel", "sqlite3", "relation \"", ".rs:"];

fn invariant_07_no_argument_of_any_tool_breaks_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let values = [
        json!(null),
        json!(true),
        json!(7),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\0"),
        json!("a\0b"),
        json!("x".repeat(100_000)),
        json!([]),
        json!({}),
        json!([[1]]),
        json!("018f0000-0000-7000-8000-000000000000"),
        json!("018F0000-0000-7000-8000-000000000000"),
        json!("../../etc/passwd"),
        json!("' OR 1=1 --"),
        json!("\u{202e}"),
    ];
    for tool in agent.tools() {
        let properties = tool.input_schema["properties"].as_object().unwrap().clone();
        for name in properties.keys() {
            for value in &values {
                // The others are as good as they can be without knowing the tool.
                let mut arguments = json!({});
                for required in tool.input_schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                    let required = required.as_str().unwrap();
                    arguments[required] = match required {
                        "success" => json!(true),
                        "artifact_type" => json!("log"),
                        "decision" => json!("approved"),
                        "entity_kind" => json!("task"),
                        "objective" => json!("say hello"),
                        _ => json!("018f0000-0000-7000-8000-000000000000"),
                    };
                }
                arguments[name.as_str()] = value.clone();
                let result = agent.try_call(&tool.name, arguments.clone());
                let result = result.unwrap_or_else(|error| panic!("{} {arguments}: {error}", tool.name));
                let told = result.structured_content.unwrap().to_string();
                for leak in LEAKS {
                    assert!(!told.contains(leak), "{} {arguments}: {told}", tool.name);
                }
                let code = format!("{}_ERROR", tool.name.trim_start_matches("jct_").to_uppercase());
                assert!(
                    !told.contains(&code) && !told.contains("the tower failed"),
                    "{} {arguments}: {told}",
                    tool.name
                );
            }
        }
        agent.refused(&tool.name, json!({"no_such_argument": 1}), "INVALID_PARAMETERS");
    }
    assert!(agent.try_call("jct_no_such_tool", json!({})).is_err());
    let large = json!({"objective": "x".repeat(3 << 20), "type": "docs", "repo": "myorg/app"});
    assert!(agent.try_call("jct_enqueue_task", large).is_err());
    let after = Agent::new(&tower, "after", &ALL);
    assert_eq!(after.call("jct_list_tasks", json!({}))["success"], true);
}

fn post(client: &Client, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let json = ("content-type", "application/json");
    client.call("POST", "/mcp", &[&[json], headers].concat(), body)
}

fn invariant_07_no_message_breaks_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_call = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"jct_list_tasks","arguments":{{"x":{}1{}}}}}}}"#,
        "[".repeat(90),
        "]".repeat(90)
    );
    for body in [
        b"".as_slice(),
        b"hello",
        b"{",
        b"null",
        b"[]",
        b"7",
        b"{}",
        deep.as_bytes(),
        &[0xff, 0xfe],
        deep_call.as_bytes(),
        br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1}"#,
        br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"jct_list_tasks","arguments":[]}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{"cursor":"?"}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"jct://tasks/1"}}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"1999-01-01"}}"#,
        br#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    ] {
        let answer = post(&client, &[], body);
        let text = answer.text();
        let what = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert!(answer.status < 500, "{what}: {} {text}", answer.status);
        for leak in LEAKS {
            assert!(!text.contains(leak), "{what}: {text}");
        }
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(answer.status == 202 || kind.starts_with("application/"), "{what}: {} {kind}", answer.status);
    }
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for headers in [
        [("mcp-protocol-version", "1999-01-01")],
        [("mcp-protocol-version", "?")],
        [("mcp-session-id", "x")],
        [("mcp-method", "tools/call")],
        [("accept", "text/html")],
        [("mcp-name", "")],
    ] {
        let answer = post(&client, &headers, ping);
        assert!(answer.status < 500, "{headers:?}: {} {}", answer.status, answer.text());
    }
    assert_eq!(post(&client, &[], ping).expect(200)["result"], json!({}));
    let note = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(post(&client, &[], note).status, 202);
}

fn what_is_wrong_is_told_in_the_codes_of_the_protocol(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let ask = |method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let answer = post(&client, &[], message.to_string().as_bytes());
        let told = answer.json();
        assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &json!(7)), "{message}: {told}");
        (answer.status, told["error"]["code"].clone(), told["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    for (method, params, status, code, expect) in [
        ("tools/call", json!({"name": "jct_list_tasks", "arguments": []}), 200, -32602, "`arguments`"),
        ("tools/call", json!({"name": "jct_list_tasks", "arguments": "x"}), 200, -32602, "`arguments`"),
        ("tools/call", json!({"name": 7}), 200, -32602, "`name`"),
        ("tools/call", json!({}), 200, -32602, "`name`"),
        ("tools/call", Value::Null, 200, -32602, "`name`"),
        ("tools/call", json!([1]), 400, -32602, "`params`"),
        ("tools/call", json!("x"), 400, -32602, "`params`"),
        ("tools/call", json!({"name": "jct_list_tasks", "_meta": 7}), 400, -32602, "`_meta`"),
        ("resources/read", json!({"uri": []}), 200, -32602, "`uri`"),
        ("initialize", json!({"protocolVersion": 7}), 200, -32602, "`protocolVersion`"),
        ("no/such", json!({}), 200, -32601, "no/such"),
        ("no/such", json!([1]), 400, -32601, "no/such"),
    ] {
        let told = ask(method, params.clone());
        assert_eq!((told.0, &told.1), (status, &json!(code)), "{method} {params}: {told:?}");
        assert!(told.2.contains(expect), "{method} {params}: {told:?}");
    }
    // A batch, and whatever else is no object.
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for body in [format!("[{ping}]"), format!(" [{ping},{ping}]"), "[]".to_owned(), "7".to_owned(), "null".to_owned()] {
        let told = post(&client, &[], body.as_bytes()).expect(400);
        assert_eq!((told.get("id"), &told["error"]["code"]), (Some(&Value::Null), &json!(-32600)), "{body}: {told}");
        assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains("batches")), "{body}: {told}");
    }
    post(&client, &[], b"{}").problem(400, "MALFORMED_REQUEST");
}

fn a_link_leads_elsewhere_or_is_refused(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let id = agent.enqueue(json!({}));
    agent.call("jct_claim_task", json!({"task_id": id}));
    let report =
        |uri: &str| json!({"task_id": id, "title": format!("a {uri}"), "artifact_type": "link", "uri": uri.to_owned()});
    let kept = format!("/api/queue/jobs/{id}/artifacts/artifacts/report.md");
    for uri in [
        kept.as_str(),
        "report.md",
        "//example.org/a",
        "jct://tasks/1",
        "javascript:alert(1)",
        "DATA:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://example.org/a b",
    ] {
        let told = agent.refused("jct_report_artifact", report(uri), "INVALID_PARAMETERS");
        assert!(told["message"].as_str().is_some_and(|text| text.starts_with("`uri`: ")), "{uri}: {told}");
    }
    for uri in ["https://example.org/a%20b", "s3://bucket/data.csv"] {
        assert_eq!(agent.call("jct_report_artifact", report(uri))["uri"], uri);
    }
}

fn no_secret_is_left_with_a_task(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let id = agent.enqueue(json!({}));
    agent.call("jct_claim_task", json!({"task_id": id}));
    // Put together here, so that nobody who scans this repository finds it.
    let token = ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat();
    for (field, title, what) in [
        ("title", token.as_str(), json!({"content": "fine"})),
        ("uri", "a link", json!({"uri": format!("https://x:{token}@example.org/")})),
        ("content", "a log", json!({"content": format!("logged in with {token}\n")})),
    ] {
        let mut report = json!({"task_id": id, "title": title, "artifact_type": "log"});
        report.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let told = agent.refused("jct_report_artifact", report, "SECRET_IN_REPORT");
        assert!(told["field"] == field && !told.to_string().contains(&token), "{told}");
    }
}

fn there_is_no_other_way_in(engine: Engine) {
    let tower = TestTower::idle(engine);
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let anonymous = tower.anonymous();
    let json = ("content-type", "application/json");
    for path in ["/mcp", "/mcp?session_id=1", "/mcp?api_key=an-operator-key-for-tests"] {
        anonymous.call("POST", path, &[json], ping).problem(401, "UNAUTHORIZED");
    }
    anonymous.call("POST", "/mcp", &[json, ("mcp-session-id", "1")], ping).problem(401, "UNAUTHORIZED");
    for path in ["/mcp/messages?session_id=1", "/mcp/sse", "/sse", "/messages"] {
        tower.operator().call("POST", path, &[json], ping).problem(404, "NOT_FOUND");
    }
    for method in ["GET", "DELETE", "PUT"] {
        tower.operator().call(method, "/mcp", &[], b"").problem(405, "METHOD_NOT_ALLOWED");
    }
    tower.operator().call("POST", "/mcp?x=1", &[json], ping).problem(422, "INVALID_REQUEST");
    let evil = ("origin", "https://evil.example");
    tower.operator().call("POST", "/mcp", &[json, evil], ping).problem(403, "ORIGIN_NOT_ALLOWED");
    let text = ("content-type", "text/plain");
    tower.operator().call("POST", "/mcp", &[text], ping).problem(415, "UNSUPPORTED_MEDIA_TYPE");
    // There are no sessions that somebody else could go on with.
    let answer = tower.operator().call("POST", "/mcp", &[json], ping);
    assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None));
    // Nothing is remembered of a key that was revoked.
    let key = super::support::key(&tower, "robin", &ALL);
    let client = Client::new(tower.base(), Some(&key));
    assert_eq!(client.call("POST", "/mcp", &[json], ping).status, 200);
    assert_eq!(tower.operator().call("DELETE", "/keys/robin", &[], b"").status, 200);
    client.call("POST", "/mcp", &[json], ping).problem(401, "UNAUTHORIZED");
}
