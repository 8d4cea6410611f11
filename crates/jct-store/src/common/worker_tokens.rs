//! Tokens of workers that come over HTTP. Making and revoking one has its entry in the audit log; that it was used is no
//! change.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Principal, Sha256Digest, WorkerId};
use serde_json::json;

use super::{Conn, admin};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{Cursor, NewWorkerToken, Page, PageStart, WorkerTokenRecord};
use crate::rows::{WorkerTokenRow, time};
use crate::schema_jobs::worker_tokens;
use crate::types::Id;

/// The kind of the entries about tokens.
const KIND: &str = "worker_token";

pub(crate) async fn create(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewWorkerToken,
) -> Result<WorkerTokenRecord, StoreError> {
    let row = WorkerTokenRow::new(new, context.now);
    diesel::insert_into(worker_tokens::table).values(row.clone()).execute(conn).await?;
    let after = json!({
        "worker_name": row.worker_name,
        "description": row.description,
        "job_types": row.job_types,
        "repositories": row.repositories,
        "capabilities": row.capabilities,
        "created_by": row.created_by,
        "created_at": context.now,
        "expires_at": row.expires_at.map(time),
        "revoked_at": null,
    });
    let id = new.id.to_string();
    admin::audit(conn, context, Actor::from(&new.created_by), "created", (KIND, &id), None, Some(after)).await?;
    row.try_into()
}

/// Revokes a token; one that is revoked stays as it is.
pub(crate) async fn revoke(
    conn: &mut Conn,
    context: Context<'_>,
    id: WorkerId,
    by: &Principal,
) -> Result<Option<WorkerTokenRecord>, StoreError> {
    let revoked: Option<WorkerTokenRow> = diesel::update(worker_tokens::table.find(Id::from(id)))
        .filter(worker_tokens::revoked_at.is_null())
        .set(worker_tokens::revoked_at.eq(context.now.as_micros()))
        .returning(WorkerTokenRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = revoked else {
        let known = worker_tokens::table.find(Id::from(id)).select(WorkerTokenRow::as_select());
        return known.first(conn).await.optional()?.map(WorkerTokenRecord::try_from).transpose();
    };
    let (before, after) = (json!({ "revoked_at": null }), json!({ "revoked_at": context.now }));
    let entity = (KIND, id.to_string());
    let entity = (entity.0, entity.1.as_str());
    admin::audit(conn, context, Actor::from(by), "updated", entity, Some(before), Some(after)).await?;
    row.try_into().map(Some)
}

/// Notes that a token was used; false if there is no such token.
pub(crate) async fn used(conn: &mut Conn, context: Context<'_>, id: WorkerId) -> Result<bool, StoreError> {
    let noted = diesel::update(worker_tokens::table.find(Id::from(id)))
        .set(worker_tokens::last_used_at.eq(context.now.as_micros()))
        .execute(conn)
        .await?;
    Ok(noted > 0)
}

pub(crate) async fn by_digest(conn: &mut Conn, digest: Sha256Digest) -> Result<Option<WorkerTokenRecord>, StoreError> {
    let row: Option<WorkerTokenRow> = worker_tokens::table
        .filter(worker_tokens::token_sha256.eq(digest.to_string()))
        .select(WorkerTokenRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(WorkerTokenRecord::try_from).transpose()
}

/// Tokens, valid or not, newest first.
pub(crate) async fn list(conn: &mut Conn, start: PageStart, limit: u32) -> Result<Page<WorkerTokenRecord>, StoreError> {
    let mut query = worker_tokens::table
        .order(worker_tokens::id.desc())
        .limit(i64::from(limit) + 1)
        .select(WorkerTokenRow::as_select())
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(worker_tokens::id.lt(cursor.id())),
    }
    let mut rows: Vec<WorkerTokenRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next })
}
