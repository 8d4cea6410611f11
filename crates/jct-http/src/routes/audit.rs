//! The audit log: who changed what, when, and what seals it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::Timestamp;

use super::audit_query::{AuditListQuery, entity, numbered};
use crate::auth::{Access, AuditRead};
use crate::input::QueryReader;
use crate::problem::{ErrorCode, Problem};
use crate::wire::{EntryBody, SealsBody, StateBody, json, page, page_after};

/// Lists entries, newest first. The body is an array; where the next page begins is in the headers `Link` (relation
/// `next`) and `X-Next-Cursor`, both absent on the last page.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", tag = "audit", security(("bearer" = ["audit:read"])),
    params(
        ("entity_kind" = Option<String>, Query, description = "Only about objects of this kind."),
        ("entity_id" = Option<String>, Query, description = "Only about the object with this id."),
        ("trace_id" = Option<String>, Query, description = "Only of this trace."),
        ("actor" = Option<String>, Query, description = "Only changes made by the principal of this name."),
        ("action" = Option<String>, Query, description = "Only this action, for instance `created`."),
        ("after" = Option<String>, Query, description = "Only entries made after this RFC 3339 moment."),
        ("before" = Option<String>, Query, description = "Only entries made before this RFC 3339 moment."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = Vec<EntryBody<'static>>))
)]
pub(crate) async fn list_audit(access: Access<AuditRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let AuditListQuery { filter, page: wanted } = AuditListQuery::parse(QueryReader::of(&request))?;
    let found = access.tower().audit_list(filter, wanted.start, wanted.limit).await?;
    let entries: Vec<_> = found.items.iter().map(EntryBody::of).collect();
    page(&request, &entries, found.next)
}

/// The entries of one object, oldest first. Where the next page begins is in the headers `Link` and `X-Next-Cursor`,
/// which is the number to send as `after`.
#[utoipa::path(get, path = "/audit/{entity_kind}/{entity_id}", operation_id = "auditChain", tag = "audit", security(("bearer" = ["audit:read"])),
    params(
        ("entity_kind" = String, Path, description = "`task`, `worker`, `queue`, `api_key`, `audit_key` or the kind of a work object."),
        ("entity_id" = String, Path, description = "The object's id, or the name of a queue or key."),
        ("after" = Option<u32>, Query, description = "Only entries with a number above this one."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100.")
    ),
    responses(
        (status = 200, description = "A page.", body = Vec<EntryBody<'static>>),
        (status = 404, description = "No entry is about such an object."),
    )
)]
pub(crate) async fn audit_chain(access: Access<AuditRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (kind, id) = entity(&request)?;
    let (after, limit) = numbered(QueryReader::of(&request), "after")?;
    // One more than asked for tells whether there is a next page.
    let found = access.tower().audit_chain(kind, &id, u64::from(after.unwrap_or(0)), limit + 1).await?;
    let mut entries = found.ok_or_else(|| Problem::plain(ErrorCode::EntityNotFound))?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|last| last.seq);
    page_after(&request, &entries.iter().map(EntryBody::of).collect::<Vec<_>>(), next)
}

/// What an object was at a moment, rebuilt from its entries.
#[utoipa::path(get, path = "/audit/{entity_kind}/{entity_id}/state", operation_id = "auditState", tag = "audit", security(("bearer" = ["audit:read"])),
    params(
        ("entity_kind" = String, Path, description = "`task`, `worker`, `queue`, `api_key`, `audit_key` or the kind of a work object."),
        ("entity_id" = String, Path, description = "The object's id, or the name of a queue or key."),
        ("at" = Option<String>, Query, description = "An RFC 3339 moment; the newest state if absent.")
    ),
    responses(
        (status = 200, description = "The object as it was.", body = StateBody<'static>),
        (status = 404, description = "The log knows no such object, or none at that moment."),
        (status = 409, description = "The entries cannot be replayed: somebody changed them."),
    )
)]
pub(crate) async fn audit_state(access: Access<AuditRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (kind, id) = entity(&request)?;
    let mut query = QueryReader::of(&request);
    let at: Option<Timestamp> = query.value("at");
    query.finish()?;
    let found = access.tower().audit_state(kind, &id, at).await?;
    json(StatusCode::OK, &StateBody::of(kind, &id, at, &found))
}

/// What seals the log: its name, its public keys, and its newest checkpoints as signed texts.
#[utoipa::path(get, path = "/audit/checkpoints", operation_id = "auditCheckpoints", tag = "audit", security(("bearer" = ["audit:read"])),
    params(
        ("before" = Option<u32>, Query, description = "Only checkpoints with a number below this one."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100.")
    ),
    responses((status = 200, description = "Keys and checkpoints.", body = SealsBody<'static>))
)]
pub(crate) async fn audit_checkpoints(
    access: Access<AuditRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (before, limit) = numbered(QueryReader::of(&request), "before")?;
    let sealed = access.tower().audit_sealed_by(before.map(u64::from), limit).await?;
    json(StatusCode::OK, &SealsBody::of(&sealed))
}
