//! The protocol's own client, made to look like the other clients of these tests: blocking, and with a name.

use std::collections::HashMap;

use jct_tests::TestTower;
use rmcp::model::{CallToolRequestParams, CallToolResult, ReadResourceRequestParams, ResourceContents, Tool};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Every scope that a tool needs.
pub(super) const ALL: [&str; 6] =
    ["tasks:read", "tasks:write", "tasks:execute", "cwom:read", "reviews:decide", "audit:read"];

/// A coding agent.
pub(super) struct Agent {
    runtime: Runtime,
    service: RunningService<RoleClient, ()>,
}

/// The key of a new principal of kind `agent`.
pub(super) fn key(tower: &TestTower, name: &str, scopes: &[&str]) -> String {
    let new = json!({ "name": name, "kind": "agent", "scopes": scopes });
    tower.operator().post("/keys", &new).expect(201)["key"].as_str().unwrap().to_owned()
}

impl Agent {
    /// An agent with a key of its own.
    pub(super) fn new(tower: &TestTower, name: &str, scopes: &[&str]) -> Self {
        Self::with_key(tower, &key(tower, name, scopes)).unwrap()
    }

    /// An agent with this key, if it is let in.
    pub(super) fn with_key(tower: &TestTower, key: &str) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", tower.base()))
            .auth_header(key)
            .custom_headers(HashMap::new());
        let service = runtime.block_on(async {
            let transport = StreamableHttpClientTransport::from_config(config);
            ().serve(transport).await.map_err(|error| error.to_string())
        })?;
        Ok(Self { runtime, service })
    }

    pub(super) fn tools(&self) -> Vec<Tool> {
        self.runtime.block_on(self.service.list_all_tools()).unwrap()
    }

    pub(super) fn try_call(&self, tool: &str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.runtime.block_on(self.service.call_tool(params))
    }

    /// The structured result of a tool, which its text repeats.
    #[track_caller]
    fn result(&self, tool: &str, arguments: Value) -> (Value, bool) {
        let result = self.try_call(tool, arguments).unwrap();
        let structured = result.structured_content.unwrap();
        let text: Value = serde_json::from_str(&result.content[0].as_text().unwrap().text).unwrap();
        assert_eq!(text, structured);
        assert_eq!(structured["success"], !result.is_error.unwrap_or(false), "{structured}");
        (structured, result.is_error.unwrap_or(false))
    }

    /// What a tool answers that did what it was asked to.
    #[track_caller]
    pub(super) fn call(&self, tool: &str, arguments: Value) -> Value {
        let (result, is_error) = self.result(tool, arguments);
        assert!(!is_error, "{tool}: {result}");
        result
    }

    /// The error of a tool that did not, which must have this code.
    #[track_caller]
    pub(super) fn refused(&self, tool: &str, arguments: Value, code: &str) -> Value {
        let (result, is_error) = self.result(tool, arguments);
        assert!(is_error, "{tool} did it: {result}");
        assert_eq!(result["error"]["code"], code, "{result}");
        assert!(result["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{result}");
        result["error"].clone()
    }

    /// Hands a task in and gives its id.
    #[track_caller]
    pub(super) fn enqueue(&self, more: Value) -> String {
        let mut task = json!({"objective": "say hello", "operation": "docs", "target_repo": "myorg/app"});
        let Value::Object(more) = more else { panic!("{more} is no object") };
        task.as_object_mut().unwrap().extend(more);
        self.call("jct_enqueue_task", task)["task_id"].as_str().unwrap().to_owned()
    }

    /// A page of resources, and where the next begins.
    pub(super) fn resources(&self, cursor: Option<String>) -> (Vec<String>, Option<String>) {
        let params = rmcp::model::PaginatedRequestParams::default().with_cursor(cursor);
        let page = self.runtime.block_on(self.service.list_resources(Some(params))).unwrap();
        (page.resources.into_iter().map(|resource| resource.uri).collect(), page.next_cursor)
    }

    pub(super) fn templates(&self) -> Vec<String> {
        let templates = self.runtime.block_on(self.service.list_all_resource_templates()).unwrap();
        templates.into_iter().map(|template| template.uri_template).collect()
    }

    /// What lies at an address, as text.
    pub(super) fn read(&self, uri: &str) -> Result<String, ServiceError> {
        let read = self.runtime.block_on(self.service.read_resource(ReadResourceRequestParams::new(uri)))?;
        match read.contents.into_iter().next() {
            Some(ResourceContents::TextResourceContents { text, .. }) => Ok(text),
            other => panic!("no text: {other:?}"),
        }
    }
}
