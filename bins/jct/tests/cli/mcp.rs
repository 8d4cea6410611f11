//! `jct mcp` as a coding agent has it: lines in, lines out, against a real tower.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::support::{Server, Tower, jct};

/// A bridge in a process of its own.
struct Bridge {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Bridge {
    fn start(folder: &Path, url: &str) -> Self {
        let mut command = jct(folder, &["mcp"]);
        command.env("JCT_URL", url).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("started");
        let from = BufReader::new(process.stdout.take().expect("piped"));
        let to = process.stdin.take();
        Self { process, to, from }
    }

    fn send(&mut self, line: &str) {
        writeln!(self.to.as_mut().expect("open"), "{line}").expect("sent");
    }

    #[track_caller]
    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut request = json!({"jsonrpc": "2.0", "id": method, "method": method});
        request["params"] = params;
        self.send(&request.to_string());
        let answer = self.answer();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(method)), "{answer}");
        answer
    }

    /// Ends the input; what the process still printed, and how it ended.
    fn end(mut self) -> (String, Option<i32>) {
        drop(self.to.take());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.from, &mut rest).expect("text");
        (rest, self.process.wait().expect("ended").code())
    }
}

#[test]
fn an_agent_speaks_with_the_tower_line_by_line() {
    let tower = Tower::start();
    let mut bridge = Bridge::start(tower.folder.path(), &tower.url);
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let greeted = bridge.ask("initialize", hello);
    assert_eq!(greeted["result"]["serverInfo"]["name"], "jct", "{greeted}");
    assert_eq!(greeted["result"]["protocolVersion"], "2025-06-18", "{greeted}");
    bridge.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let tools = bridge.ask("tools/list", json!({}));
    assert_eq!(tools["result"]["tools"].as_array().map(Vec::len), Some(13), "{tools}");
    let listed = bridge.ask("tools/call", json!({"name": "jct_list_tasks", "arguments": {"status": "pending"}}));
    assert_eq!(listed["result"]["structuredContent"], json!({"success": true, "count": 0, "tasks": []}), "{listed}");
    bridge.send("no JSON");
    assert_eq!(bridge.answer()["error"]["code"], -32700);
    bridge.send("");
    let unknown = bridge.ask("tools/call", json!({"name": "jct_nothing"}));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    for odd in [json!({"name": 7}), json!({"name": "jct_list_tasks", "arguments": []}), json!([1])] {
        let told = bridge.ask("tools/call", odd);
        assert_eq!(told["error"]["code"], -32602, "{told}");
    }
    assert_eq!(bridge.end(), (String::new(), Some(0)));
    tower.stop();
}

#[test]
fn a_batch_is_answered_here_and_carried_nowhere() {
    let (folder, server) = (tempfile::tempdir().expect("a folder"), Server::start());
    server.answer("POST /mcp", 200, br#"{"jsonrpc": "2.0", "id": 1, "result": {}}"#.to_vec());
    let mut bridge = Bridge::start(folder.path(), &server.url);
    bridge.send(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#);
    let told = bridge.answer();
    assert_eq!((told.get("id"), &told["error"]["code"]), (Some(&Value::Null), &json!(-32600)), "{told}");
    for line in ["[]", "7", "null", r#"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#] {
        bridge.send(line);
        assert_eq!(bridge.answer()["error"]["code"], -32600, "{line}");
    }
    bridge.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!(bridge.answer()["result"], json!({}));
    assert_eq!(bridge.end(), (String::new(), Some(0)));
    let sent = server.sent("POST /mcp");
    let ids: Vec<&Value> = sent.iter().map(|message| &message["id"]).collect();
    // The look whether there is a tower, and the one message.
    assert_eq!(ids, [&json!("jct-mcp"), &json!(1)], "{sent:?}");
}

#[test]
fn without_a_tower_or_a_key_it_says_so_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = jct(folder.path(), &["mcp"]).env("JCT_URL", "http://127.0.0.1:9").output().expect("run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(5), 0), "{told}");
    assert!(told.contains("no answer from the tower at http://127.0.0.1:9"), "{told}");
    let server = Server::start();
    server.answer("POST /mcp", 401, br#"{"code": "UNAUTHORIZED", "message": "Invalid or missing API key"}"#.to_vec());
    let output = server.output(folder.path(), &["mcp"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(6), 0), "{told}");
    assert!(told.contains("JCT_API_KEY"), "{told}");
}
