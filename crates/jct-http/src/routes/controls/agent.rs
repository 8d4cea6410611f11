//! Agents: how they stand, stopping, starting and limiting one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, parse_document};

use super::schemas::{AgentChangeSchema, StopSchema};
use crate::auth::{Access, ControlsWrite, TasksRead};
use crate::input::{ObjectReader, QueryReader, RequestBody, path_text};
use crate::problem::Problem;
use crate::wire::{AgentBody, DoneBody, json};

const REASON_MAX_CHARS: usize = 500;
const LIMIT_MAX: i64 = 10_000;
const LIMIT: &str = "max_concurrent_tasks";

/// Every agent that ever registered, by name: workers, executors, and adapters of coding agents.
#[utoipa::path(get, path = "/agents", operation_id = "listAgents", tag = "agents", security(("bearer" = ["tasks:read"])),
    responses((status = 200, description = "The agents.", body = Vec<AgentBody<'static>>))
)]
pub(super) async fn list_agents(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let agents = access.tower().agents().await?;
    json(StatusCode::OK, &agents.iter().map(AgentBody::of).collect::<Result<Vec<_>, _>>()?)
}

/// One agent.
#[utoipa::path(get, path = "/agents/{name}", operation_id = "getAgent", tag = "agents", security(("bearer" = ["tasks:read"])),
    params(("name" = String, Path, description = "The name of the agent.")),
    responses(
        (status = 200, description = "The agent.", body = AgentBody<'static>),
        (status = 404, description = "No agent has this name.")
    )
)]
pub(super) async fn get_agent(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let agent = access.tower().agent(&path_text(&request, "name")).await?;
    json(StatusCode::OK, &AgentBody::of(&agent)?)
}

/// Lifts every hold on the agent.
#[utoipa::path(post, path = "/agents/{name}/start", operation_id = "startAgent", tag = "agents", security(("bearer" = ["controls:write"])),
    params(("name" = String, Path, description = "The name of the agent.")),
    responses(
        (status = 200, description = "Nothing holds it.", body = DoneBody),
        (status = 404, description = "No agent has this name."),
        (status = 409, description = "Its holds are lifted; a kill, or a control with a wider scope, holds it all the same.")
    )
)]
pub(super) async fn start_agent(
    access: Access<ControlsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    if let Some(bytes) = body.optional_json().await? {
        ObjectReader::of(&parse_document(&bytes, DocumentLimits::default())?).finish()?;
    }
    let name = path_text(&request, "name");
    access.tower().agent_start(&name, access.principal()).await?;
    json(StatusCode::OK, &DoneBody::new(format!("Agent {name} started")))
}

/// Lets the agent begin nothing more; what it runs goes on to its end.
#[utoipa::path(post, path = "/agents/{name}/stop", operation_id = "stopAgent", tag = "agents", security(("bearer" = ["controls:write"])),
    params(("name" = String, Path, description = "The name of the agent.")),
    request_body(content = StopSchema, description = "May be left out."),
    responses(
        (status = 200, description = "Held.", body = DoneBody),
        (status = 404, description = "No agent has this name.")
    )
)]
pub(super) async fn stop_agent(
    access: Access<ControlsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let reason = match body.optional_json().await? {
        Some(bytes) => stop_reason(&bytes)?,
        None => None,
    };
    let name = path_text(&request, "name");
    access.tower().agent_stop(&name, reason.unwrap_or_else(|| "stopped".to_owned()), access.principal()).await?;
    json(StatusCode::OK, &DoneBody::new(format!("Agent {name} stopped")))
}

/// Sets the most tasks that the agent may run at once, over all processes, or takes the limit away.
#[utoipa::path(patch, path = "/agents/{name}", operation_id = "changeAgent", tag = "agents", security(("bearer" = ["controls:write"])),
    params(("name" = String, Path, description = "The name of the agent.")),
    request_body = AgentChangeSchema,
    responses(
        (status = 200, description = "The agent as it is now.", body = AgentBody<'static>),
        (status = 404, description = "No agent has this name.")
    )
)]
pub(super) async fn change_agent(
    access: Access<ControlsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let limit = limit(&body.json().await?)?;
    let agent = access.tower().agent_limit(&path_text(&request, "name"), limit, access.principal()).await?;
    json(StatusCode::OK, &AgentBody::of(&agent)?)
}

fn stop_reason(bytes: &[u8]) -> Result<Option<String>, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let reason = body.line("reason", REASON_MAX_CHARS);
    body.finish()?;
    Ok(reason)
}

fn limit(bytes: &[u8]) -> Result<Option<u32>, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let limit = body.integer(LIMIT, 1, LIMIT_MAX);
    // `null` says something here, absence does not.
    if document.root().as_object().is_some_and(|object| object.get(LIMIT).is_none()) {
        body.refuse(LIMIT, "REQUIRED", format!("`{LIMIT}` is required; `null` takes the limit away"));
    }
    body.finish()?;
    Ok(limit.and_then(|limit| u32::try_from(limit).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_nothing_at_all() {
        assert_eq!(limit(br#"{"max_concurrent_tasks": 3}"#).unwrap(), Some(3));
        assert_eq!(limit(br#"{"max_concurrent_tasks": null}"#).unwrap(), None);
        for bad in ["{}", "[]", r#"{"max_concurrent_tasks": 0}"#, r#"{"max_concurrent_tasks": "3"}"#] {
            assert!(limit(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
