//! Why a resource cannot be read. There is no result of a tool here, so that it is an error of the protocol.

use jct_store::StoreError;
use jct_tower::access::Scope;
use jct_tower::objects::ReadObjectError;
use jct_tower::tasks::{ReadError, TraceAccessError};
use rmcp::ErrorData;
use serde_json::json;

use crate::call::Call;
use crate::failure::Failure;

/// There is nothing at the address.
pub(super) fn not_found(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("there is no such resource", Some(json!({"uri": uri})))
}

/// The key has to have the scope.
pub(super) fn require(call: &Call, scope: Scope) -> Result<(), ErrorData> {
    if call.caller.allows(scope) {
        return Ok(());
    }
    let data = json!({"code": "FORBIDDEN", "required_scope": scope.as_str()});
    Err(ErrorData::invalid_request(format!("the key lacks the scope {scope}"), Some(data)))
}

/// A failure of the tower, whose cause is logged.
pub(super) fn broke(call: &Call, failure: Failure) -> ErrorData {
    let told = failure.into_value("resources", "READ_RESOURCE_ERROR", call.caller.trace_id.as_str());
    let message = told["error"]["message"].as_str().unwrap_or_default().to_owned();
    ErrorData::internal_error(message, Some(told["error"].clone()))
}

pub(super) fn of_task(call: &Call, uri: &str, error: ReadError) -> ErrorData {
    match error {
        ReadError::NotFound => not_found(uri),
        ReadError::Store(error) => of_store(call, error),
    }
}

pub(super) fn of_store(call: &Call, error: StoreError) -> ErrorData {
    broke(call, error.into())
}

pub(super) fn of_object(call: &Call, uri: &str, error: ReadObjectError) -> ErrorData {
    match error {
        ReadObjectError::NotFound { .. } => not_found(uri),
        ReadObjectError::Store(error) => of_store(call, error),
    }
}

pub(super) fn of_trace(call: &Call, uri: &str, error: TraceAccessError) -> ErrorData {
    match error {
        TraceAccessError::TaskNotFound | TraceAccessError::FileNotFound => not_found(uri),
        TraceAccessError::NotSealed | TraceAccessError::NotHere { .. } => {
            ErrorData::resource_not_found(error.to_string(), Some(json!({"uri": uri})))
        }
        TraceAccessError::Altered { .. } | TraceAccessError::Open(_) | TraceAccessError::OpenFile(_) => {
            let data = json!({"code": "TRACE_ALTERED", "uri": uri});
            ErrorData::internal_error("the trace cannot be read as it was sealed", Some(data))
        }
        TraceAccessError::Store(error) => of_store(call, error),
        TraceAccessError::Abandoned(error) => broke(call, Failure::broke(error)),
    }
}
