//! Webhooks: setting up, changing, giving a new secret, taking away. Each change has its entry in the audit log, which
//! never holds a secret: not those that sign, and not the path and query of an address, which often are some.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Principal, Sha256Digest, Timestamp, WebhookId};
use jct_event::webhook::{DeliveryTransition, WebhookSecret};
use serde_json::{Value, json};

use super::{Conn, admin};
use crate::StoreError;
use crate::command_events::EventWrite;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{Cursor, NewWebhook, Page, PageStart, WebhookAnswer, WebhookChange, WebhookKey, WebhookRecord};
use crate::rows::{WebhookRow, filter_column, keys_column, time};
use crate::schema_events::{webhook_deliveries, webhooks};
use crate::types::Id;

/// The kind of the entries about webhooks.
pub(super) const KIND: &str = "webhook";
/// Secrets of one webhook at once, those included that are about to be given up.
const MAX_KEYS: usize = 3;

/// Runs one change of webhooks.
pub(crate) async fn write(
    conn: &mut Conn,
    context: Context<'_>,
    write: &EventWrite,
) -> Result<WebhookAnswer, StoreError> {
    match write {
        EventWrite::CreateWebhook(new) => create(conn, context, new).await,
        EventWrite::ChangeWebhook { id, change: wanted, by } => change(conn, context, *id, wanted, by).await,
        EventWrite::RotateWebhook { id, secret, old_until, by } => {
            rotate(conn, context, *id, (secret, *old_until), by).await
        }
        EventWrite::DeleteWebhook { id, by } => delete(conn, context, *id, by).await,
        other => Err(StoreError::corrupt(format!("no change of webhooks: {other:?}"))),
    }
}

async fn create(conn: &mut Conn, context: Context<'_>, new: &NewWebhook) -> Result<WebhookAnswer, StoreError> {
    let row = WebhookRow::new(new, context.shared.next_created_at(context.now))?;
    let kept = diesel::insert_into(webhooks::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
    if kept == 0 {
        return taken(conn, &new.name).await;
    }
    noted(conn, context, &row, Actor::from(&new.by), ("created", None, Some(said(&row)))).await?;
    Ok(WebhookAnswer::Kept(row.try_into()?))
}

/// The webhook that has the name.
async fn taken(conn: &mut Conn, name: &str) -> Result<WebhookAnswer, StoreError> {
    let id: Option<Id> = webhooks::table
        .filter(webhooks::name.eq(name))
        .filter(webhooks::deleted_at.is_null())
        .select(webhooks::id)
        .first(conn)
        .await
        .optional()?;
    let id = id.ok_or_else(|| StoreError::corrupt("a webhook was refused without a name that explains it"))?;
    Ok(WebhookAnswer::NameTaken { id: id.into() })
}

async fn change(
    conn: &mut Conn,
    context: Context<'_>,
    id: WebhookId,
    wanted: &WebhookChange,
    by: &Principal,
) -> Result<WebhookAnswer, StoreError> {
    let Some(old) = lock(conn, id).await? else { return Ok(WebhookAnswer::NotFound) };
    let mut row = old.clone();
    if let Some(name) = wanted.name.as_ref().filter(|name| **name != old.name) {
        // Whoever takes the name meanwhile makes this one fail at the index, and is found when it is tried again.
        let other = webhooks::table
            .filter(webhooks::name.eq(name))
            .filter(webhooks::deleted_at.is_null())
            .select(webhooks::id)
            .first::<Id>(conn)
            .await
            .optional()?;
        if let Some(other) = other {
            return Ok(WebhookAnswer::NameTaken { id: other.into() });
        }
        row.name.clone_from(name);
    }
    if let Some(url) = &wanted.url {
        row.url.clone_from(url);
    }
    if let Some(description) = &wanted.description {
        row.description = Some(description.clone()).filter(|text| !text.is_empty());
    }
    if let Some(filter) = &wanted.filter {
        row.filter = filter_column(filter);
    }
    if let Some(active) = wanted.active {
        row.active = active;
        row.disabled_reason = None;
    }
    keep(conn, context, old, row, Actor::from(by)).await
}

/// Writes a webhook that was changed, if anything was.
pub(super) async fn keep(
    conn: &mut Conn,
    context: Context<'_>,
    old: WebhookRow,
    mut row: WebhookRow,
    by: Actor<'_>,
) -> Result<WebhookAnswer, StoreError> {
    let (before, after) = (said(&old), said(&row));
    if before != after {
        row.updated_at = context.now.as_micros().max(old.updated_at);
        diesel::update(webhooks::table.find(row.id)).set(row.clone()).execute(conn).await?;
        noted(conn, context, &row, by, ("updated", Some(before), Some(after))).await?;
    }
    Ok(WebhookAnswer::Kept(row.try_into()?))
}

async fn rotate(
    conn: &mut Conn,
    context: Context<'_>,
    id: WebhookId,
    (secret, old_until): (&WebhookSecret, Timestamp),
    by: &Principal,
) -> Result<WebhookAnswer, StoreError> {
    let Some(old) = lock(conn, id).await? else { return Ok(WebhookAnswer::NotFound) };
    let older = old.keys()?.into_iter().filter_map(|key| {
        let until = key.until.map_or(old_until, |until| until.min(old_until));
        (until > context.now).then_some(WebhookKey { until: Some(until), ..key })
    });
    let newest = WebhookKey { secret: secret.clone(), until: None };
    let keys: Vec<WebhookKey> = std::iter::once(newest).chain(older).take(MAX_KEYS).collect();
    let row = WebhookRow {
        secrets: keys_column(&keys)?,
        updated_at: context.now.as_micros().max(old.updated_at),
        ..old.clone()
    };
    diesel::update(webhooks::table.find(row.id)).set(row.clone()).execute(conn).await?;
    let said = |at: i64| Some(json!({ "secret_rotated_at": time(at) }));
    let after = json!({ "secret_rotated_at": time(row.updated_at), "old_secrets_until": old_until });
    noted(conn, context, &row, Actor::from(by), ("updated", said(old.updated_at), Some(after))).await?;
    Ok(WebhookAnswer::Kept(row.try_into()?))
}

/// Takes a webhook away. What was sent to it stays listed; what was not is called off.
async fn delete(
    conn: &mut Conn,
    context: Context<'_>,
    id: WebhookId,
    by: &Principal,
) -> Result<WebhookAnswer, StoreError> {
    let Some(old) = lock(conn, id).await? else { return Ok(WebhookAnswer::NotFound) };
    let now = context.now.as_micros();
    let row = WebhookRow {
        deleted_at: Some(now),
        active: false,
        secrets: keys_column(&[])?,
        updated_at: now.max(old.updated_at),
        ..old.clone()
    };
    diesel::update(webhooks::table.find(row.id)).set(row.clone()).execute(conn).await?;
    diesel::update(webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(row.id)))
        .filter(webhook_deliveries::next_attempt_at.is_not_null())
        .set((
            webhook_deliveries::status.eq(DeliveryTransition::CallOff.target().as_str()),
            webhook_deliveries::next_attempt_at.eq(None::<i64>),
            webhook_deliveries::finished_at.eq(now),
            webhook_deliveries::last_error.eq("the webhook was deleted"),
        ))
        .execute(conn)
        .await?;
    noted(conn, context, &row, Actor::from(by), ("deleted", Some(said(&old)), None)).await?;
    Ok(WebhookAnswer::Deleted)
}

/// The webhook, and nobody else's until the commit: a change that changes nothing is a lock on both engines.
pub(super) async fn lock(conn: &mut Conn, id: WebhookId) -> Result<Option<WebhookRow>, StoreError> {
    Ok(diesel::update(webhooks::table.find(Id::from(id)))
        .filter(webhooks::deleted_at.is_null())
        .set(webhooks::updated_at.eq(webhooks::updated_at))
        .returning(WebhookRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// What the audit log says of a webhook.
fn said(row: &WebhookRow) -> Value {
    let origin = url::Url::parse(&row.url).map(|url| url.origin().ascii_serialization());
    json!({
        "name": row.name,
        "origin": origin.unwrap_or_default(),
        "url_digest": Sha256Digest::of(row.url.as_bytes()).to_string(),
        "description": row.description,
        "filter": row.filter,
        "active": row.active,
        "disabled_reason": row.disabled_reason,
    })
}

async fn noted(
    conn: &mut Conn,
    context: Context<'_>,
    row: &WebhookRow,
    by: Actor<'_>,
    (action, before, after): (&str, Option<Value>, Option<Value>),
) -> Result<(), StoreError> {
    let id = row.id.0.to_string();
    admin::audit(conn, context, by, action, (KIND, &id), before, after).await
}

pub(crate) async fn get(conn: &mut Conn, id: WebhookId) -> Result<Option<WebhookRecord>, StoreError> {
    let row: Option<WebhookRow> = webhooks::table
        .find(Id::from(id))
        .filter(webhooks::deleted_at.is_null())
        .select(WebhookRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(WebhookRecord::try_from).transpose()
}

/// Webhooks, newest first.
pub(crate) async fn list(conn: &mut Conn, start: PageStart, limit: u32) -> Result<Page<WebhookRecord>, StoreError> {
    let mut query = webhooks::table
        .filter(webhooks::deleted_at.is_null())
        .order(webhooks::id.desc())
        .limit(i64::from(limit) + 1)
        .select(WebhookRow::as_select())
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(webhooks::id.lt(cursor.id())),
    }
    let mut rows: Vec<WebhookRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next })
}

/// Every webhook that is told anything now, the oldest first.
pub(crate) async fn active(conn: &mut Conn) -> Result<Vec<WebhookRecord>, StoreError> {
    let rows: Vec<WebhookRow> = webhooks::table
        .filter(webhooks::deleted_at.is_null())
        .filter(webhooks::active)
        .order(webhooks::id)
        .select(WebhookRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
