//! Messages to webhooks: made with the end of their event, sent under a lease, ended under its fence.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{EventId, Principal, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::webhook::{DeliveryTransition, next_delivery};
use jct_event::{EventStatus, NewEvent, TowerEvent, WebhookTest};
use serde_json::json;

use super::{Conn, admin, event_reads, primitives, webhooks as hooks};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{
    ClaimDeliveries, ClaimedDelivery, Cursor, DeliveryAnswer, DeliveryEnd, DeliveryRecord, DeliverySettled,
    DeliverySettlement, EventRecord, Page, PageStart,
};
use crate::rows::{BusRow, DeliveryRow, WebhookRow};
use crate::schema_events::webhook_deliveries::{self, dsl};
use crate::schema_events::{event_documents, events, webhooks};
use crate::types::Id;

/// What stands in a message whose sender went away.
const LOST: &str = "the sender went away before it knew what the receiver answered";

/// Makes messages of an event, one for each webhook that is still there.
pub(super) async fn add(
    conn: &mut Conn,
    context: Context<'_>,
    event: Id,
    wanted: &[WebhookId],
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let there: Vec<Id> = webhooks::table
        .filter(webhooks::id.eq_any(wanted.iter().map(|id| Id::from(*id))))
        .filter(webhooks::deleted_at.is_null())
        .order(webhooks::id)
        .select(webhooks::id)
        .load(conn)
        .await?;
    for webhook in there {
        let row = DeliveryRow::pending(webhook, event, (context.shared.next_created_at(context.now), context.now));
        diesel::insert_into(webhook_deliveries::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(())
}

/// The webhooks that have something to be sent now. A read: an idle sender writes nothing.
pub(crate) async fn due(conn: &mut Conn, now: Timestamp) -> Result<Vec<WebhookId>, StoreError> {
    let active: Vec<Id> = webhooks::table
        .filter(webhooks::deleted_at.is_null())
        .filter(webhooks::active)
        .order(webhooks::id)
        .select(webhooks::id)
        .load(conn)
        .await?;
    let lapsed: HashSet<Id> = webhook_deliveries::table
        .filter(dsl::expires_at.le(now.as_micros()))
        .select(dsl::webhook_id)
        .distinct()
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let mut due = Vec::new();
    for id in active {
        let waits = webhook_deliveries::table
            .filter(dsl::webhook_id.eq(id))
            .filter(dsl::next_attempt_at.le(now.as_micros()))
            .select(dsl::id)
            .first::<Id>(conn)
            .await
            .optional()?;
        if waits.is_some() || lapsed.contains(&id) {
            due.push(id.into());
        }
    }
    Ok(due)
}

/// Takes messages for each webhook that is asked for: those whose sender went away, then those that are due.
pub(super) async fn claim(
    conn: &mut Conn,
    context: Context<'_>,
    wanted: &ClaimDeliveries,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let mut taken: Vec<DeliveryRow> = Vec::new();
    let mut hooks: HashMap<Id, WebhookRow> = HashMap::new();
    // In one order everywhere, so that two writers do not wait for each other.
    let mut order: Vec<(Id, i64)> =
        wanted.wanted.iter().map(|(id, limit)| (Id::from(*id), i64::from(*limit))).collect();
    order.sort_unstable();
    for (webhook, limit) in order {
        let hook: Option<WebhookRow> = webhooks::table
            .find(webhook)
            .filter(webhooks::deleted_at.is_null())
            .filter(webhooks::active)
            .select(WebhookRow::as_select())
            .first(conn)
            .await
            .optional()?;
        let Some(hook) = hook else { continue };
        hooks.insert(webhook, hook);
        taken.extend(claim_of(conn, context, wanted, (webhook, limit)).await?);
    }
    let events = events_of(conn, &taken).await?;
    taken.iter().map(|row| claimed(context, row, &hooks, &events)).collect()
}

async fn claim_of(
    conn: &mut Conn,
    context: Context<'_>,
    wanted: &ClaimDeliveries,
    (webhook, limit): (Id, i64),
) -> Result<Vec<DeliveryRow>, StoreError> {
    let lapsed = primitives::lock_lapsed_deliveries(conn, webhook, context.now, limit).await?;
    let is_spent = |(_, attempts): &(Id, i64)| *attempts >= i64::from(wanted.max_attempts);
    let spent: Vec<Id> = lapsed.iter().filter(|row| is_spent(row)).map(|(id, _)| *id).collect();
    if !spent.is_empty() {
        diesel::update(webhook_deliveries::table.filter(dsl::id.eq_any(spent)))
            .set((
                dsl::status.eq(DeliveryTransition::GiveUp.target().as_str()),
                dsl::expires_at.eq(None::<i64>),
                dsl::finished_at.eq(context.now.as_micros()),
                dsl::last_error.eq(LOST),
            ))
            .execute(conn)
            .await?;
    }
    let mut ids: Vec<Id> = lapsed.iter().filter(|row| !is_spent(row)).map(|(id, _)| *id).collect();
    let room = limit - i64::try_from(ids.len()).unwrap_or(limit);
    if room > 0 {
        ids.extend(primitives::lock_due_deliveries(conn, webhook, context.now, room).await?);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(diesel::update(webhook_deliveries::table.filter(dsl::id.eq_any(ids)))
        .set((
            dsl::status.eq(DeliveryTransition::Send.target().as_str()),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::next_attempt_at.eq(None::<i64>),
            dsl::epoch.eq(context.epoch),
            dsl::generation.eq(dsl::generation + 1),
            dsl::expires_at.eq(context.now.after(wanted.lease).as_micros()),
            dsl::last_attempt_at.eq(context.now.as_micros()),
        ))
        .returning(DeliveryRow::as_returning())
        .get_results(conn)
        .await?)
}

async fn events_of(conn: &mut Conn, rows: &[DeliveryRow]) -> Result<HashMap<Id, EventRecord>, StoreError> {
    let ids: HashSet<Id> = rows.iter().map(|row| row.event_id).collect();
    let rows: Vec<BusRow> = events::table.filter(events::id.eq_any(ids)).select(BusRow::as_select()).load(conn).await?;
    let records = event_reads::records(conn, rows).await?;
    Ok(records.into_iter().map(|record| (record.id.into(), record)).collect())
}

fn claimed(
    context: Context<'_>,
    row: &DeliveryRow,
    hooks: &HashMap<Id, WebhookRow>,
    events: &HashMap<Id, EventRecord>,
) -> Result<ClaimedDelivery, StoreError> {
    let gone = || StoreError::corrupt(format!("delivery {} of something that is not there", row.id.0));
    let hook = hooks.get(&row.webhook_id).ok_or_else(gone)?;
    let keys = hook.keys()?.into_iter().filter(|key| key.until.is_none_or(|until| until > context.now));
    Ok(ClaimedDelivery {
        lease: row.lease(),
        attempt: crate::rows::to_u32("attempts", row.attempts)?,
        webhook: hook.clone().try_into()?,
        secrets: keys.map(|key| key.secret).collect(),
        event: events.get(&row.event_id).cloned().ok_or_else(gone)?,
    })
}

/// What an end means for the row.
#[derive(AsChangeset)]
#[diesel(table_name = webhook_deliveries)]
#[diesel(treat_none_as_null = true)]
struct EndRow {
    status: String,
    next_attempt_at: Option<i64>,
    expires_at: Option<i64>,
    last_status: Option<i64>,
    last_error: Option<String>,
    finished_at: Option<i64>,
}

impl EndRow {
    fn of(settlement: &DeliverySettlement, now: Timestamp) -> Self {
        let (transition, wait, error) = match &settlement.end {
            DeliveryEnd::Delivered => (DeliveryTransition::Deliver, None, None),
            DeliveryEnd::Retry { error, after } => (DeliveryTransition::Retry, Some(*after), Some(error)),
            DeliveryEnd::Failed { error } | DeliveryEnd::Gone { error } => {
                (DeliveryTransition::GiveUp, None, Some(error))
            }
        };
        Self {
            status: transition.target().as_str().to_owned(),
            next_attempt_at: wait.map(|wait| now.after(wait).as_micros()),
            expires_at: None,
            last_status: settlement.status.map(i64::from),
            last_error: error.cloned(),
            finished_at: wait.is_none().then_some(now.as_micros()),
        }
    }
}

/// Ends one try. A receiver that wants no more messages has its webhook switched off.
pub(super) async fn settle(
    conn: &mut Conn,
    context: Context<'_>,
    settlement: &DeliverySettlement,
) -> Result<DeliverySettled, StoreError> {
    let (lease, end) = (settlement.lease, EndRow::of(settlement, context.now));
    if lease.fence.epoch != context.epoch {
        return Ok(DeliverySettled::Stale);
    }
    let ended: Option<DeliveryRow> = diesel::update(webhook_deliveries::table.find(Id::from(lease.id)))
        .filter(dsl::epoch.eq(lease.fence.epoch))
        .filter(dsl::generation.eq(lease.fence.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(end)
        .returning(DeliveryRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = ended else { return Ok(DeliverySettled::Stale) };
    if let DeliveryEnd::Gone { error } = &settlement.end
        && let Some(hook) = hooks::lock(conn, row.webhook_id.into()).await?
    {
        let off = WebhookRow { active: false, disabled_reason: Some(error.clone()), ..hook.clone() };
        hooks::keep(conn, context, hook, off, Actor::system("webhooks")).await?;
    }
    Ok(DeliverySettled::Settled(row.status()?))
}

/// Makes a message that was delivered or given up pending again, with all its tries and under its own name.
pub(super) async fn redeliver(
    conn: &mut Conn,
    context: Context<'_>,
    (webhook, id): (WebhookId, WebhookDeliveryId),
    by: &Principal,
) -> Result<DeliveryAnswer, StoreError> {
    if hooks::lock(conn, webhook).await?.is_none() {
        return Ok(DeliveryAnswer::NotFound);
    }
    let found: Option<DeliveryRow> = diesel::update(webhook_deliveries::table.find(Id::from(id)))
        .filter(dsl::webhook_id.eq(Id::from(webhook)))
        .set(dsl::generation.eq(dsl::generation))
        .returning(DeliveryRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = found else { return Ok(DeliveryAnswer::NotFound) };
    let from = row.status()?;
    let to = match next_delivery(from, DeliveryTransition::Redeliver) {
        Ok(to) => to,
        Err(illegal) => return Ok(DeliveryAnswer::Illegal(illegal)),
    };
    let row: DeliveryRow = diesel::update(webhook_deliveries::table.find(row.id))
        .set((
            dsl::status.eq(to.as_str()),
            dsl::attempts.eq(0),
            dsl::next_attempt_at.eq(context.now.as_micros()),
            dsl::finished_at.eq(None::<i64>),
        ))
        .returning(DeliveryRow::as_returning())
        .get_result(conn)
        .await?;
    let said = |status| Some(json!({ "delivery_id": id, "delivery_status": status }));
    let hook = webhook.to_string();
    admin::audit(conn, context, Actor::from(by), "redelivered", (hooks::KIND, &hook), said(from), said(to)).await?;
    pending(conn, row).await
}

/// Sends one webhook an event that only says that it is a test, whatever it is told otherwise.
pub(super) async fn test(
    conn: &mut Conn,
    context: Context<'_>,
    id: WebhookId,
    by: &Principal,
) -> Result<DeliveryAnswer, StoreError> {
    let Some(hook) = hooks::lock(conn, id).await? else { return Ok(DeliveryAnswer::NotFound) };
    let at = context.shared.next_created_at(context.now);
    let event = TowerEvent::WebhookTest(WebhookTest { webhook_id: id, name: hook.name });
    let event_id = EventId::at(at);
    let event = NewEvent::of_tower(&event, format!("webhook.test/{event_id}"), context.now);
    let mut row = BusRow::pending(&event, None, Actor::from(by), (at, context.now));
    row.id = event_id.into();
    // Nothing follows from it but this one message.
    EventStatus::Completed.as_str().clone_into(&mut row.status);
    row.next_attempt_at = None;
    row.processed_at = Some(context.now.as_micros());
    row.result = Some(json!({ "deliveries": [id] }).to_string());
    diesel::insert_into(events::table).values(row.clone()).execute(conn).await?;
    diesel::insert_into(event_documents::table).values(row.document(&event)).execute(conn).await?;
    let delivery = DeliveryRow::pending(id.into(), row.id, (at, context.now));
    diesel::insert_into(webhook_deliveries::table).values(delivery.clone()).execute(conn).await?;
    let after = Some(json!({ "delivery_id": WebhookDeliveryId::from(delivery.id), "event_id": event_id }));
    let hook = id.to_string();
    admin::audit(conn, context, Actor::from(by), "tested", (hooks::KIND, &hook), None, after).await?;
    pending(conn, delivery).await
}

async fn pending(conn: &mut Conn, row: DeliveryRow) -> Result<DeliveryAnswer, StoreError> {
    let kind: String = events::table.find(row.event_id).select(events::event_type).first(conn).await?;
    Ok(DeliveryAnswer::Pending(Box::new(row.into_record(kind)?)))
}

/// Messages to a webhook, newest first; `None` if there is no such webhook.
pub(crate) async fn list(
    conn: &mut Conn,
    webhook: WebhookId,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<DeliveryRecord>>, StoreError> {
    if hooks::get(conn, webhook).await?.is_none() {
        return Ok(None);
    }
    let mut query = webhook_deliveries::table
        .filter(dsl::webhook_id.eq(Id::from(webhook)))
        .order(dsl::id.desc())
        .limit(i64::from(limit) + 1)
        .select(DeliveryRow::as_select())
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(dsl::id.lt(cursor.id())),
    }
    let mut rows: Vec<DeliveryRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    let ids: Vec<Id> = rows.iter().map(|row| row.event_id).collect();
    let types: Vec<(Id, String)> =
        events::table.filter(events::id.eq_any(ids)).select((events::id, events::event_type)).load(conn).await?;
    let types: HashMap<Id, String> = types.into_iter().collect();
    let items = rows
        .into_iter()
        .map(|row| {
            let kind = types.get(&row.event_id).cloned().unwrap_or_default();
            row.into_record(kind)
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(Page { items, next }))
}
