//! Leases of executors outside the tower: who may write under one, and how long it lasts.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{RunId, TaskId};
use jct_lifecycle::{Fence, LeaseRef};

use super::{Conn, refusal};
use crate::StoreError;
use crate::command::{ChangeAnswer, StatusChange};
use crate::context::Context;
use crate::model::ExternalLease;
use crate::rows::{LeaseRow, time, to_u32};
use crate::schema::{attempts, task_leases};
use crate::types::Id;

/// Somebody who says that a lease is theirs.
#[derive(Clone, Copy)]
pub(super) struct Claimant<'a> {
    pub(super) task_id: TaskId,
    pub(super) name: &'a str,
    pub(super) fence: Option<Fence>,
}

impl<'a> From<&'a StatusChange> for Claimant<'a> {
    fn from(change: &'a StatusChange) -> Self {
        Self { task_id: change.task_id, name: change.by.name(), fence: change.fence }
    }
}

/// Whoever writes about a task outside the tower must be the one that holds it, with the fence it got if it sends one.
pub(super) async fn refuse_outsider(
    conn: &mut Conn,
    context: Context<'_>,
    (claimant, write): (Claimant<'_>, &str),
    lease: &LeaseRow,
) -> Result<Option<ChangeAnswer>, StoreError> {
    if lease.holder_kind == "worker" {
        return Ok(Some(ChangeAnswer::HeldByWorker { name: lease.holder.clone() }));
    }
    if lease.holder != claimant.name {
        return Ok(Some(ChangeAnswer::HeldByOther { principal: lease.holder.clone() }));
    }
    let Some(fence) = claimant.fence.filter(|fence| *fence != lease.fence()) else {
        return Ok(None);
    };
    refusal::refuse_stale(conn, context, LeaseRef { task_id: claimant.task_id, fence }, write).await?;
    Ok(Some(ChangeAnswer::StaleFence { current: lease.fence() }))
}

/// Renews the lease of its holder; `None` if the task moved on meanwhile.
pub(super) async fn renew(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    lease: &LeaseRow,
    (budget, grace, most): (Duration, Duration, Option<Duration>),
) -> Result<Option<ChangeAnswer>, StoreError> {
    use task_leases::dsl;
    if let Some(refusal) = refuse_outsider(conn, context, (change.into(), "renew"), lease).await? {
        return Ok(Some(refusal));
    }
    let last = time(lease.acquired_at).after(budget + grace);
    let wanted = context.now.after(most.map_or(budget, |most| budget.min(most)) + grace);
    let expires_at = wanted.min(last).max(time(lease.expires_at));
    let renewed = diesel::update(task_leases::table.find(lease.task_id))
        .filter(dsl::epoch.eq(lease.epoch).and(dsl::epoch.eq(context.epoch)))
        .filter(dsl::generation.eq(lease.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(dsl::expires_at.eq(expires_at.as_micros()))
        .execute(conn)
        .await?;
    if renewed == 0 {
        return Ok(is_over(context, lease).then_some(ChangeAnswer::LeaseExpired));
    }
    let attempt = to_u32("attempt", lease.attempt)?;
    Ok(Some(ChangeAnswer::Taken(ExternalLease { fence: lease.fence(), expires_at, attempt })))
}

/// Whether a lease counts for nothing any more, though nobody has taken it away yet.
pub(super) fn is_over(context: Context<'_>, lease: &LeaseRow) -> bool {
    lease.expires_at <= context.now.as_micros() || lease.epoch != context.epoch
}

/// The run that an attempt is, if its task has an issue.
pub(crate) async fn run_of(conn: &mut Conn, task: TaskId, attempt: u32) -> Result<Option<RunId>, StoreError> {
    let run: Option<Option<Id>> = attempts::table
        .find((Id::from(task), i64::from(attempt)))
        .select(attempts::run_id)
        .first(conn)
        .await
        .optional()?;
    Ok(run.flatten().map(Into::into))
}
