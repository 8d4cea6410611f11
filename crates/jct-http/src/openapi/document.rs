//! Puts the document together: the handlers' part, the contract's own schema, security, and the problems that every
//! operation can answer with.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::cwom;
use crate::HttpOptions;
use crate::problem::ErrorCode;
use crate::routes::Document;
use crate::routes::controls::ControlsDocument;
use crate::routes::event_bus::EventsDocument;
use crate::routes::jobs::JobsDocument;
use crate::routes::manifests::ManifestsDocument;
use crate::routes::webhooks::WebhooksDocument;
use crate::routes::workflows::WorkflowsDocument;

/// Problems that any operation behind a key can answer with.
const COMMON: [(&str, &str); 6] = [
    ("401", "No valid key was sent."),
    ("403", "The key lacks the scope, or a page of another origin asked for a change."),
    ("408", "The request did not arrive in time."),
    ("422", "A parameter, header or field breaks the rules."),
    ("500", "The tower failed; the log has the cause under the trace id."),
    ("503", "The database is not available, or the outcome is not known."),
];

/// The OpenAPI document of a server with these options, as JSON.
#[must_use]
pub fn openapi_json(options: &HttpOptions, version: &str) -> Value {
    let mut described = Document::openapi();
    described.merge(JobsDocument::openapi());
    described.merge(ManifestsDocument::openapi());
    described.merge(ControlsDocument::openapi());
    described.merge(EventsDocument::openapi());
    described.merge(WebhooksDocument::openapi());
    described.merge(WorkflowsDocument::openapi());
    let mut document = serde_json::to_value(described).unwrap_or_default();
    document["info"]["version"] = version.into();
    document["components"]["schemas"]["TaskSpec"] = task_spec();
    document["components"]["schemas"]["Problem"] = problem();
    cwom::describe(&mut document);
    document["components"]["parameters"] = json!({"TraceId": trace_id()});
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key: JCT_API_KEY, or one made with `jct keys create`."},
        "worker": {"type": "http", "scheme": "bearer", "description": "The token of a worker, made with `POST /api/queue/workers/tokens`; also taken as `X-JCT-Worker-Token`."}
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths.iter_mut() {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                complete(path, operation, options);
            }
        }
    }
    document
}

/// The contract's own schema, without what only a document of its own has.
fn task_spec() -> Value {
    let mut schema = jct_contract::schema::task_spec_schema();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
        members.remove("$id");
    }
    schema
}

fn problem() -> Value {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "RFC 9457, with the members `error`, `code` and `message` beside.",
        "required": ["type", "title", "status", "detail", "instance", "error", "code", "message", "trace_id"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "examples": ["/docs/errors/TASK_NOT_FOUND"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "error": {"type": "string", "description": "The family of the code."},
            "code": {"type": "string", "enum": codes},
            "message": {"type": "string", "description": "The same as `detail`."},
            "trace_id": {"type": "string"},
            "violations": {
                "type": "array",
                "description": "Everything that is wrong with the request.",
                "items": {
                    "type": "object",
                    "required": ["in", "pointer", "code", "message"],
                    "properties": {
                        "in": {"type": "string", "enum": ["body", "query", "header", "path"]},
                        "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into that part of the request."},
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "path": {"type": "string", "description": "Of a manifest: JSON Pointer into the manifest itself."},
                        "line": {"type": "integer", "description": "Of a manifest: the line, from 1, where there are lines."},
                        "rule": {"type": "string", "description": "Of a manifest: the rule that found a secret."}
                    }
                }
            }
        }
    })
}

fn trace_id() -> Value {
    json!({
        "name": "X-Trace-Id",
        "in": "header",
        "description": "Follows the request through log, events and traces; made if absent, and in every answer.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,36}$"}
    })
}

fn complete(path: &str, operation: &mut Value, options: &HttpOptions) {
    if let Some(parameters) = operation.as_object_mut().map(|members| members.entry("parameters").or_insert(json!([])))
    {
        parameters
            .as_array_mut()
            .into_iter()
            .for_each(|all| all.push(json!({"$ref": "#/components/parameters/TraceId"})));
    }
    let is_open = operation.get("security").is_none();
    // A file is no JSON, and has limits of its own; the operation says which.
    let has_body = operation.get("requestBody").is_some() && !path.ends_with("/artifacts/upload");
    let limit = match path {
        path if path.ends_with("/batch") => options.batch_body_limit,
        "/api/queue/jobs" | "/api/manifests/{name}" | "/workflows" | "/workflows/{id}" => options.job_body_limit,
        _ => options.body_limit,
    };
    if has_body {
        operation["requestBody"]["x-limit-bytes"] = limit.into();
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    if !is_open {
        for (status, description) in COMMON {
            responses.entry(status).or_insert_with(|| json!({"description": description}));
        }
    }
    if has_body {
        responses.insert(
            "400".to_owned(),
            json!({"description": "The body is not JSON, or YAML where that is taken, in UTF-8."}),
        );
        responses.insert("413".to_owned(), json!({"description": format!("The body is larger than {limit} bytes.")}));
        responses.insert("415".to_owned(), json!({"description": "The body is not `application/json`."}));
    }
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        // The one failure that is not a problem says so itself.
        if !(path == "/healthz" && status == "503") {
            response["content"] =
                json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        }
    }
    responses.sort_keys();
}
