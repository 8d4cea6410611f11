//! What consumers do with events: take them under a lease, end them under its fence.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{EventId, Principal};
use jct_event::{EventPriority, EventStatus, EventTransition, next};
use serde_json::json;

use super::{Conn, admin, deliveries, event_reads, event_tail, events as posts, primitives, webhooks, workflow_runs};
use crate::StoreError;
use crate::command_events::{EventAnswer, EventWrite};
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{ClaimEvents, ClaimedEvent, EventEnd, EventRedriven, EventSettled, EventSettlement};
use crate::rows::BusRow;
use crate::schema_events::events::{self, dsl};
use crate::types::Id;

/// What stands in an event whose consumer went away.
const LOST: &str = "the consumer went away before it was done";

/// Runs one write of events, except for those that are posted, which are written together.
pub(crate) async fn run(conn: &mut Conn, context: Context<'_>, write: &EventWrite) -> Result<EventAnswer, StoreError> {
    Ok(match write {
        EventWrite::Post(_) => {
            return Err(StoreError::corrupt("a command of a kind that is written together came alone"));
        }
        EventWrite::Emit(emitted) => EventAnswer::Emitted(Some(posts::emit(conn, context, emitted).await?)),
        EventWrite::Tail { from, to, events } => {
            EventAnswer::Emitted(event_tail::advance(conn, context, (*from, *to), events).await?)
        }
        EventWrite::Claim(wanted) => EventAnswer::Claimed(claim(conn, context, wanted).await?),
        EventWrite::Settle(settlements) => EventAnswer::Settled(settle(conn, context, settlements).await?),
        EventWrite::Redrive { id, by } => EventAnswer::Redriven(redrive(conn, context, *id, by).await?),
        EventWrite::ClaimDeliveries(wanted) => {
            EventAnswer::DeliveriesClaimed(deliveries::claim(conn, context, wanted).await?)
        }
        EventWrite::SettleDelivery(settlement) => {
            EventAnswer::DeliverySettled(deliveries::settle(conn, context, settlement).await?)
        }
        EventWrite::Redeliver { webhook, id, by } => {
            EventAnswer::Delivery(deliveries::redeliver(conn, context, (*webhook, *id), by).await?)
        }
        EventWrite::TestWebhook { id, by } => EventAnswer::Delivery(deliveries::test(conn, context, *id, by).await?),
        EventWrite::CreateWebhook(_)
        | EventWrite::ChangeWebhook { .. }
        | EventWrite::RotateWebhook { .. }
        | EventWrite::DeleteWebhook { .. } => {
            EventAnswer::Webhook(Box::new(webhooks::write(conn, context, write).await?))
        }
    })
}

/// Takes events whose last consumer went away, then those that are due: the most urgent first, of those the oldest.
async fn claim(conn: &mut Conn, context: Context<'_>, wanted: &ClaimEvents) -> Result<Vec<ClaimedEvent>, StoreError> {
    let limit = i64::from(wanted.limit);
    let lapsed = primitives::lock_lapsed_events(conn, context.now, limit).await?;
    let is_spent = |(_, attempts): &(Id, i64)| *attempts >= i64::from(wanted.max_attempts);
    bury(conn, context, lapsed.iter().filter(|row| is_spent(row)).map(|(id, _)| *id).collect()).await?;
    let mut ids: Vec<Id> = lapsed.iter().filter(|row| !is_spent(row)).map(|(id, _)| *id).collect();
    for priority in EventPriority::ALL.iter().rev() {
        let room = limit - i64::try_from(ids.len()).unwrap_or(limit);
        if room <= 0 {
            break;
        }
        ids.extend(primitives::lock_due_events(conn, i64::from(priority.rank()), context.now, room).await?);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let expires_at = context.now.after(wanted.lease);
    let taken: Vec<BusRow> = diesel::update(events::table.filter(dsl::id.eq_any(ids.clone())))
        .set((
            dsl::status.eq(EventTransition::Start.target().as_str()),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::next_attempt_at.eq(None::<i64>),
            dsl::epoch.eq(context.epoch),
            dsl::generation.eq(dsl::generation + 1),
            dsl::expires_at.eq(expires_at.as_micros()),
            dsl::processed_at.eq(context.now.as_micros()),
            dsl::processed_by.eq(&wanted.consumer),
        ))
        .returning(BusRow::as_returning())
        .get_results(conn)
        .await?;
    let leases: HashMap<EventId, _> = taken.iter().map(|row| (row.id.into(), row.lease())).collect();
    let mut records: HashMap<EventId, _> =
        event_reads::records(conn, taken).await?.into_iter().map(|record| (record.id, record)).collect();
    let claimed = ids
        .into_iter()
        .map(EventId::from)
        .filter_map(|id| Some(ClaimedEvent { lease: *leases.get(&id)?, expires_at, record: records.remove(&id)? }));
    Ok(claimed.collect())
}

/// Events whose consumers went away once too often.
async fn bury(conn: &mut Conn, context: Context<'_>, ids: Vec<Id>) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    diesel::update(events::table.filter(dsl::id.eq_any(ids)))
        .set((
            dsl::status.eq(EventTransition::GiveUp.target().as_str()),
            dsl::expires_at.eq(None::<i64>),
            dsl::processed_at.eq(context.now.as_micros()),
            dsl::error.eq(LOST),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// What an end means for the row.
#[derive(AsChangeset)]
#[diesel(table_name = events)]
#[diesel(treat_none_as_null = true)]
struct EndRow {
    status: String,
    next_attempt_at: Option<i64>,
    expires_at: Option<i64>,
    processed_at: Option<i64>,
    result: Option<String>,
    error: Option<String>,
}

impl EndRow {
    fn of(end: &EventEnd, context: Context<'_>) -> Self {
        let (transition, wait, result, error) = match end {
            EventEnd::Completed { result, .. } => (EventTransition::Complete, None, Some(result), None),
            EventEnd::Failed { error } => (EventTransition::Fail, None, None, Some(error)),
            EventEnd::Retry { error, after } => (EventTransition::Retry, Some(*after), None, Some(error)),
            EventEnd::Dead { error } => (EventTransition::GiveUp, None, None, Some(error)),
        };
        Self {
            status: transition.target().as_str().to_owned(),
            next_attempt_at: wait.map(|wait| context.now.after(wait).as_micros()),
            expires_at: None,
            processed_at: Some(context.now.as_micros()),
            result: result.cloned(),
            error: error.cloned(),
        }
    }
}

/// Ends tries. What follows from an event is written with its end or not at all.
async fn settle(
    conn: &mut Conn,
    context: Context<'_>,
    settlements: &[EventSettlement],
) -> Result<Vec<EventSettled>, StoreError> {
    // In one order everywhere, so that two writers do not wait for each other.
    let mut order: Vec<usize> = (0..settlements.len()).collect();
    order.sort_by_key(|place| settlements.get(*place).map(|settlement| settlement.lease));
    let mut answers = vec![EventSettled::Stale; settlements.len()];
    for place in order {
        if let (Some(settlement), Some(answer)) = (settlements.get(place), answers.get_mut(place)) {
            *answer = settle_one(conn, context, settlement).await?;
        }
    }
    Ok(answers)
}

async fn settle_one(
    conn: &mut Conn,
    context: Context<'_>,
    settlement: &EventSettlement,
) -> Result<EventSettled, StoreError> {
    let (lease, end) = (settlement.lease, EndRow::of(&settlement.end, context));
    if lease.fence.epoch != context.epoch {
        return Ok(EventSettled::Stale);
    }
    let status: Option<String> = diesel::update(events::table.find(Id::from(lease.event_id)))
        .filter(dsl::epoch.eq(lease.fence.epoch))
        .filter(dsl::generation.eq(lease.fence.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(end)
        .returning(dsl::status)
        .get_result(conn)
        .await
        .optional()?;
    let Some(status) = status else { return Ok(EventSettled::Stale) };
    if let EventEnd::Completed { effects, .. } = &settlement.end {
        deliveries::add(conn, context, lease.event_id.into(), &effects.deliveries).await?;
        workflow_runs::start(conn, context, &effects.runs).await?;
    }
    let status = status.parse().map_err(|_| StoreError::corrupt("an event was settled as nothing"))?;
    Ok(EventSettled::Settled(status))
}

/// Makes a failed or dead event pending again, with all its tries.
async fn redrive(
    conn: &mut Conn,
    context: Context<'_>,
    id: EventId,
    by: &Principal,
) -> Result<EventRedriven, StoreError> {
    let Some(row) = lock(conn, id.into()).await? else { return Ok(EventRedriven::NotFound) };
    let from = row.status()?;
    let to = match next(from, EventTransition::Redrive) {
        Ok(to) => to,
        Err(illegal) => return Ok(EventRedriven::Illegal(illegal)),
    };
    let row: BusRow = diesel::update(events::table.find(row.id))
        .set((dsl::status.eq(to.as_str()), dsl::attempts.eq(0), dsl::next_attempt_at.eq(context.now.as_micros())))
        .returning(BusRow::as_returning())
        .get_result(conn)
        .await?;
    let said = |status: EventStatus| Some(json!({ "status": status }));
    let entity = ("event", id.to_string());
    let entity = (entity.0, entity.1.as_str());
    admin::audit(conn, context, Actor::from(by), "status_changed", entity, said(from), said(to)).await?;
    let record = event_reads::records(conn, vec![row]).await?.pop();
    record.map_or_else(
        || Err(StoreError::corrupt("an event without a document")),
        |record| Ok(EventRedriven::Redriven(Box::new(record))),
    )
}

/// The event, and nobody else's until the commit: a change that changes nothing is a lock on both engines.
async fn lock(conn: &mut Conn, id: Id) -> Result<Option<BusRow>, StoreError> {
    Ok(diesel::update(events::table.find(id))
        .set(dsl::generation.eq(dsl::generation))
        .returning(BusRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}
