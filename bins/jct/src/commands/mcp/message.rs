//! What has to be known about a message to carry it: most of it is passed on as it is.

use serde_json::{Value, json};

/// Where a request names the version of the protocol that it follows.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The error of a message that is no JSON.
const PARSE_ERROR: i32 = -32_700;
/// The error of what is JSON and no message.
const INVALID_REQUEST: i32 = -32_600;
/// The error of a request that the tower did not answer.
const NOT_CARRIED: i32 = -32_000;

const NO_OBJECT: &str = "a message is one JSON object on a line of its own; batches are not part of the protocol since its \
    version 2025-06-18";

/// A message of the client: a JSON object.
pub(super) struct Message(Value);

impl Message {
    /// Reads a line; if it is no message, what to answer. A batch is none: the tower would refuse it, and nobody could tell
    /// which of its requests that answer belongs to.
    pub(super) fn read(line: impl AsRef<[u8]>) -> Result<Self, Value> {
        match serde_json::from_slice(line.as_ref()) {
            Ok(message @ Value::Object(_)) => Ok(Self(message)),
            Ok(_) => Err(failed(&Value::Null, INVALID_REQUEST, NO_OBJECT, None)),
            Err(error) => Err(failed(&Value::Null, PARSE_ERROR, &error.to_string(), None)),
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    fn method(&self) -> Option<&str> {
        self.0.get("method")?.as_str()
    }

    /// Whether the answer tells which version of the protocol counts from here on.
    pub(super) fn is_greeting(&self) -> bool {
        self.method() == Some("initialize")
    }

    /// The headers that repeat what the message says, for whoever stands between; `agreed` is the version that was agreed
    /// on before.
    pub(super) fn headers(&self, agreed: Option<&str>) -> Vec<(&'static str, String)> {
        let params = self.0.get("params");
        let own = params.and_then(|params| params.get("_meta")?.get(VERSION)?.as_str());
        let mut headers = Vec::new();
        if self.is_greeting() {
            return headers;
        }
        if let Some(version) = own.or(agreed) {
            headers.push(("MCP-Protocol-Version", version.to_owned()));
        }
        if own.is_some()
            && let Some(method) = self.method()
        {
            headers.push(("Mcp-Method", method.to_owned()));
            let name = match method {
                "tools/call" | "prompts/get" => "name",
                "resources/read" => "uri",
                _ => return headers,
            };
            if let Some(name) = params.and_then(|params| params.get(name)?.as_str()) {
                headers.push(("Mcp-Name", name.to_owned()));
            }
        }
        headers
    }

    /// What to tell the client if the tower did not answer; nothing if it expects no answer.
    pub(super) fn failed(&self, message: &str, problem: Option<&Value>) -> Option<Value> {
        let id = self.0.get("id").filter(|_| self.method().is_some())?;
        Some(failed(id, NOT_CARRIED, message, problem))
    }
}

fn failed(id: &Value, code: i32, message: &str, problem: Option<&Value>) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let Some(problem) = problem {
        error["data"] = problem.clone();
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &Value, agreed: Option<&str>, expect: &[(&'static str, &str)]) {
        let message = Message::read(message.to_string()).expect("JSON");
        let expect: Vec<_> = expect.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(message.headers(agreed), expect);
    }

    #[test]
    fn headers_repeat_what_the_message_says() {
        check(&json!({"method": "initialize", "params": {"protocolVersion": "2025-11-25"}}), Some("x"), &[]);
        check(&json!({"method": "tools/list"}), None, &[]);
        check(&json!({"method": "tools/list"}), Some("2025-11-25"), &[("MCP-Protocol-Version", "2025-11-25")]);
        let meta = json!({VERSION: "2026-07-28"});
        check(
            &json!({"method": "tools/call", "params": {"name": "jct_get_task", "_meta": meta}}),
            Some("2025-11-25"),
            &[("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "jct_get_task")],
        );
        check(
            &json!({"method": "tools/list", "params": {"_meta": meta}}),
            None,
            &[("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")],
        );
        check(&json!({}), None, &[]);
        check(&json!({"method": 7, "params": 7}), None, &[]);
    }

    #[test]
    fn what_is_no_object_is_no_message() {
        for line in [r#"[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]"#, "[]", "7", "null", "\"ping\"", "true"] {
            let told = Message::read(line).err().expect("no message");
            assert_eq!((&told["jsonrpc"], told.get("id")), (&json!("2.0"), Some(&Value::Null)), "{line}");
            assert_eq!(told["error"]["code"], -32600, "{line}");
            assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains("batches")), "{told}");
        }
    }

    #[test]
    fn only_requests_hear_of_a_failure() {
        let read = |message: Value| Message::read(message.to_string()).expect("JSON");
        let told = read(json!({"id": 7, "method": "ping"})).failed("gone", None).expect("an answer");
        assert_eq!(told, json!({"jsonrpc": "2.0", "id": 7, "error": {"code": -32000, "message": "gone"}}));
        assert_eq!(read(json!({"method": "notifications/initialized"})).failed("gone", None), None);
        assert_eq!(read(json!({"id": 7, "result": {}})).failed("gone", None), None);
        let told = Message::read("{").err().expect("no JSON");
        assert_eq!((&told["id"], &told["error"]["code"]), (&Value::Null, &json!(-32700)));
        let told = Message::read(b"{\"method\": \"\xff\"}").err().expect("no UTF-8");
        assert_eq!(told["error"]["code"], -32700);
    }
}
