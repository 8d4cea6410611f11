//! What the protocol's library cannot read, and what is said of it. To the library, a request whose parameters are not what
//! its method takes has a method that nobody knows; the client hears here what is really wrong.

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestMethod, CallToolRequestParams, CancelTaskMethod, CompleteRequestMethod, CompleteRequestParams,
    ConstString, CustomRequest, DiscoverRequestMethod, DiscoverRequestParams, ErrorCode, GetPromptRequestMethod,
    GetPromptRequestParams, GetSkillRequestMethod, GetTaskMethod, InitializeRequestParams, InitializeResultMethod,
    ListPromptsRequestMethod, ListResourceTemplatesRequestMethod, ListResourcesRequestMethod, ListSkillsRequestMethod,
    ListToolsRequestMethod, PaginatedRequestParams, PingRequestMethod, ReadResourceDirectoryRequestMethod,
    ReadResourceRequestMethod, ReadResourceRequestParams, SetLevelRequestMethod, SubscribeRequestMethod,
    SubscriptionsListenRequestMethod, UnsubscribeRequestMethod, UpdateTaskMethod,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::arguments;

/// Says what is wrong with parameters, if it can tell.
type Reader = fn(Value) -> Option<String>;

/// Every method that the protocol knows: those of `rmcp::model::ClientRequest`, which has no list of them. What this server
/// does not have anyhow is not looked at more closely.
const METHODS: [(&str, Reader); 21] = [
    (PingRequestMethod::VALUE, unseen),
    (InitializeResultMethod::VALUE, seen::<InitializeRequestParams>),
    (DiscoverRequestMethod::VALUE, seen::<DiscoverRequestParams>),
    (CompleteRequestMethod::VALUE, seen::<CompleteRequestParams>),
    (SetLevelRequestMethod::VALUE, unseen),
    (GetPromptRequestMethod::VALUE, seen::<GetPromptRequestParams>),
    (ListPromptsRequestMethod::VALUE, seen::<PaginatedRequestParams>),
    (ListResourcesRequestMethod::VALUE, seen::<PaginatedRequestParams>),
    (ListResourceTemplatesRequestMethod::VALUE, seen::<PaginatedRequestParams>),
    (ReadResourceRequestMethod::VALUE, seen::<ReadResourceRequestParams>),
    (SubscriptionsListenRequestMethod::VALUE, unseen),
    (SubscribeRequestMethod::VALUE, unseen),
    (UnsubscribeRequestMethod::VALUE, unseen),
    (CallToolRequestMethod::VALUE, seen::<CallToolRequestParams>),
    (ListToolsRequestMethod::VALUE, seen::<PaginatedRequestParams>),
    (GetTaskMethod::VALUE, unseen),
    (UpdateTaskMethod::VALUE, unseen),
    (CancelTaskMethod::VALUE, unseen),
    (ListSkillsRequestMethod::VALUE, seen::<PaginatedRequestParams>),
    (GetSkillRequestMethod::VALUE, unseen),
    (ReadResourceDirectoryRequestMethod::VALUE, unseen),
];

const NO_OBJECT: &str =
    "a message is one JSON object; batches are not part of the protocol since its version 2025-06-18";

/// Why a request was not answered that the library took for none of the protocol's.
pub(crate) fn refused(request: CustomRequest) -> ErrorData {
    let CustomRequest { method, params, .. } = request;
    let Some(reader) = reader(&method) else {
        return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None);
    };
    let wrong = reader(params.unwrap_or_else(|| json!({})));
    invalid(&method, wrong.as_deref().unwrap_or("they are not what the method takes"))
}

/// What to answer a body that is JSON and that the transport could read as no message: an error of the protocol if it is no
/// object, such as a batch, or a request whose parameters are none. `None` if it is something else.
#[must_use]
pub fn unreadable(body: &[u8]) -> Option<Value> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Some(answer(&Value::Null, &ErrorData::invalid_request(NO_OBJECT, None)));
    }
    let message: Map<String, Value> = serde_json::from_slice(body).ok()?;
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return None;
    }
    let id = message.get("id").filter(|id| id.is_string() || id.is_i64())?;
    let method = message.get("method")?.as_str()?;
    let wrong = match message.get("params")? {
        Value::Null => return None,
        Value::Object(params) => {
            params.get("_meta").filter(|meta| !meta.is_object() && !meta.is_null())?;
            "`_meta` is an object"
        }
        _ => "`params` is an object",
    };
    let error = match reader(method) {
        Some(_) => invalid(method, wrong),
        None => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method.to_owned(), None),
    };
    Some(answer(id, &error))
}

fn reader(method: &str) -> Option<Reader> {
    METHODS.iter().find(|(name, _)| *name == method).map(|(_, reader)| *reader)
}

fn seen<T: DeserializeOwned>(params: Value) -> Option<String> {
    arguments::typed::<T>(params).err()
}

fn unseen(_: Value) -> Option<String> {
    None
}

fn invalid(method: &str, wrong: &str) -> ErrorData {
    ErrorData::invalid_params(format!("the parameters of `{method}`: {wrong}"), None)
}

fn answer(id: &Value, error: &ErrorData) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told(method: &str, params: Option<Value>, code: ErrorCode, expect: &str) {
        let error = refused(CustomRequest::new(method, params));
        assert!(error.code == code && error.message.contains(expect), "{method}: {error:?}");
    }

    #[test]
    fn wrong_parameters_are_no_missing_method() {
        let wrong = ErrorCode::INVALID_PARAMS;
        told("tools/call", Some(json!({"name": "t", "arguments": []})), wrong, "`arguments`: invalid type");
        told("tools/call", Some(json!({"name": 7})), wrong, "`name`: invalid type");
        told("tools/call", None, wrong, "missing field `name`");
        told("resources/read", Some(json!({"uri": []})), wrong, "`uri`: invalid type");
        told("initialize", Some(json!({"protocolVersion": 7})), wrong, "`protocolVersion`");
        told("logging/setLevel", Some(json!({})), wrong, "`logging/setLevel`");
        for (method, _) in METHODS {
            told(method, Some(json!({"name": 7, "uri": 7})), wrong, method);
        }
        told("tools/cull", Some(json!({"name": 7})), ErrorCode::METHOD_NOT_FOUND, "tools/cull");
        told("", None, ErrorCode::METHOD_NOT_FOUND, "");
    }

    #[track_caller]
    fn check(body: &str, expect: Option<(Value, i32)>) {
        let told = unreadable(body.as_bytes());
        let told = told.map(|told| (told["id"].clone(), told["error"]["code"].clone()));
        assert_eq!(told, expect.map(|(id, code)| (id, json!(code))), "{body}");
    }

    #[test]
    fn what_is_no_message_is_answered_like_one_if_it_is_near_enough() {
        let call = |more: &str| format!(r#"{{"jsonrpc": "2.0", "id": 7, "method": "tools/call"{more}}}"#);
        check(&format!("[{}]", call("")), Some((Value::Null, -32600)));
        for body in ["[]", " \n7", "null", "\"x\"", &"[".repeat(1_000)] {
            check(body, Some((Value::Null, -32600)));
        }
        check(&call(r#", "params": [1]"#), Some((json!(7), -32602)));
        check(&call(r#", "params": "x""#), Some((json!(7), -32602)));
        check(&call(r#", "params": {"_meta": 7}"#), Some((json!(7), -32602)));
        check(r#"{"jsonrpc": "2.0", "id": "a", "method": "no/such", "params": []}"#, Some((json!("a"), -32601)));
        check(&call(r#", "params": {}"#), None);
        check(&call(r#", "params": null"#), None);
        check(r#"{"jsonrpc": "1.0", "id": 7, "method": "ping", "params": []}"#, None);
        check(r#"{"jsonrpc": "2.0", "id": {}, "method": "ping", "params": []}"#, None);
        check(r#"{"jsonrpc": "2.0", "method": "ping", "params": []}"#, None);
        check("{}", None);
    }
}
