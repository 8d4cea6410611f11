//! Reading one resource.

use std::io::{self, Read};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jct_contract::{IssueId, TaskId};
use jct_tower::access::Scope;
use jct_trace::TraceFile;
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, ResourceContents};
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{broke, not_found, of_object, of_task, of_trace, require};
use super::uri::Address;
use crate::call::Call;
use crate::failure::Failure;
use crate::views;

/// The largest file that is shown whole, in bytes; larger ones are for the REST surface.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// What lies at an address.
pub(crate) async fn read(call: &Call, uri: String) -> Result<ReadResourceResult, ErrorData> {
    let contents = match Address::parse(&uri) {
        Some(Address::Task(id)) => task(call, &uri, id).await?,
        Some(Address::Trace(id)) => trace(call, &uri, id).await?,
        Some(Address::TraceFile(id, path)) => trace_file(call, &uri, id, path).await?,
        Some(Address::Graph(id)) => graph(call, &uri, id).await?,
        None => return Err(not_found(&uri)),
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

async fn task(call: &Call, uri: &str, id: TaskId) -> Result<ResourceContents, ErrorData> {
    require(call, Scope::TasksRead)?;
    let record = call.tower.task(id).await.map_err(|error| of_task(call, uri, error))?;
    json_at(call, uri, &views::task(&record))
}

async fn graph(call: &Call, uri: &str, id: IssueId) -> Result<ResourceContents, ErrorData> {
    require(call, Scope::CwomRead)?;
    let graph = call.tower.issue_graph(id).await.map_err(|error| of_object(call, uri, error))?;
    json_at(call, uri, &graph)
}

async fn trace(call: &Call, uri: &str, id: TaskId) -> Result<ResourceContents, ErrorData> {
    require(call, Scope::TasksRead)?;
    let sealed = call.tower.task_trace(id, None).await.map_err(|error| of_trace(call, uri, error))?;
    let files: Vec<Value> = sealed
        .folder
        .list_files()
        .map(|entry| {
            json!({
                "path": entry.path.as_str(),
                "size_bytes": entry.size_bytes,
                "digest": entry.digest,
                "uri": format!("jct://tasks/{id}/trace/{}", entry.path.as_str()),
            })
        })
        .collect();
    let body = json!({
        "task_id": id,
        "attempt": sealed.attempt,
        "manifest_digest": sealed.folder.manifest_digest().to_string(),
        "files": files,
    });
    json_at(call, uri, &body)
}

async fn trace_file(call: &Call, uri: &str, id: TaskId, path: String) -> Result<ResourceContents, ErrorData> {
    require(call, Scope::TasksRead)?;
    let found = call.tower.task_trace_file(id, None, path).await.map_err(|error| of_trace(call, uri, error))?;
    if found.entry.size_bytes > FILE_MAX_BYTES {
        let message = format!("the file has {} bytes; get it from /tasks/{id}/trace/", found.entry.size_bytes);
        return Err(ErrorData::invalid_request(message, Some(json!({"code": "TOO_LARGE", "uri": uri}))));
    }
    let read = tokio::task::spawn_blocking(move || bytes(found)).await;
    let bytes = read.map_err(|error| broke(call, Failure::broke(error)))?;
    let bytes = bytes.map_err(|error| broke(call, Failure::broke(error)))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => ResourceContents::text(text, uri),
        Err(other) => ResourceContents::blob(BASE64_STANDARD.encode(other.as_bytes()), uri)
            .with_mime_type("application/octet-stream"),
    })
}

fn bytes(found: TraceFile) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    found.file.take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn json_at(call: &Call, uri: &str, body: &impl Serialize) -> Result<ResourceContents, ErrorData> {
    let text = serde_json::to_string(body).map_err(|error| broke(call, Failure::broke(error)))?;
    Ok(ResourceContents::text(text, uri).with_mime_type("application/json"))
}
