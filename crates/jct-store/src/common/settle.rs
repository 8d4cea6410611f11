//! Settle: the accepted end of an attempt, exactly once.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Sha256Digest, TaskId};
use jct_lifecycle::{AttemptEnd, Fence, LeaseRef};

use super::conclude::{Conclusion, conclude};
use super::{Conn, primitives, refusal};
use crate::StoreError;
use crate::context::Context;
use crate::model::{SettleAnswer, Settlement};
use crate::rows::{AttemptRow, LeaseRow};
use crate::schema::attempts::{self, dsl};
use crate::types::Id;

/// What matches a settlement to a lease: the task and the fence. Without the fence only in the build that must fail.
type Key = (TaskId, Option<Fence>);

fn key(lease: LeaseRef) -> Key {
    (lease.task_id, (!cfg!(jct_broken_fence)).then_some(lease.fence))
}

pub(crate) async fn settle(
    conn: &mut Conn,
    context: Context<'_>,
    settlements: &[&Settlement],
) -> Result<Vec<SettleAnswer>, StoreError> {
    let refs: Vec<LeaseRef> = settlements.iter().map(|settlement| settlement.lease).collect();
    let mut taken: HashMap<Key, LeaseRow> = primitives::take_leases(conn, &context.of_this_epoch(&refs), context.now)
        .await?
        .into_iter()
        .map(|row| (key(row.lease_ref()), row))
        .collect();

    let mut answers = vec![None; settlements.len()];
    let mut conclusions = Vec::new();
    for (answer, settlement) in answers.iter_mut().zip(settlements) {
        // A settlement that stands twice in one batch finds its lease once; the second goes by the receipt.
        if let Some(row) = taken.remove(&key(settlement.lease)) {
            let conclusion = Conclusion::of(row, settlement);
            *answer = Some(SettleAnswer::Accepted(conclusion.disposition()));
            conclusions.push(conclusion);
        }
    }
    conclude(conn, context, conclusions).await?;

    let mut all = Vec::with_capacity(answers.len());
    for (answer, settlement) in answers.into_iter().zip(settlements) {
        all.push(match answer {
            Some(answer) => answer,
            None => late(conn, context, settlement).await?,
        });
    }
    Ok(all)
}

/// A settlement without a lease: the repetition of an accepted one, or stale.
async fn late(conn: &mut Conn, context: Context<'_>, settlement: &Settlement) -> Result<SettleAnswer, StoreError> {
    let lease = settlement.lease;
    let receipt: Option<AttemptRow> = attempts::table
        .filter(dsl::task_id.eq(Id::from(lease.task_id)))
        .filter(dsl::epoch.eq(lease.fence.epoch))
        .filter(dsl::generation.eq(lease.fence.generation))
        .select(AttemptRow::as_select())
        .first(conn)
        .await
        .optional()?;
    if let Some(receipt) = receipt
        && receipt.settle_digest == Some(digest(settlement))
        && let Some(status) = receipt.next_status()?
    {
        return Ok(SettleAnswer::Repeated { status });
    }
    Ok(SettleAnswer::Stale { current: refusal::refuse_stale(conn, context, lease, "settle").await? })
}

impl<'a> Conclusion<'a> {
    fn of(lease: LeaseRow, settlement: &'a Settlement) -> Self {
        Self {
            lease,
            end: settlement.end.clone(),
            trace: settlement.trace.clone(),
            artifacts: &settlement.artifacts,
            evidence: settlement.evidence.as_ref(),
            report: Some(&settlement.report),
            manifest_state: settlement.manifest_state.as_deref(),
            retry: settlement.retry,
            jitter: settlement.jitter,
            digest: Some(digest(settlement)),
            actor: None,
        }
    }
}

/// What makes two settlements the same: their end and their proof, each part preceded by its length.
fn digest(settlement: &Settlement) -> String {
    let (kind, text) = match &settlement.end {
        AttemptEnd::Completed { result } => ("completed", result.as_str()),
        AttemptEnd::Failed { message, .. } => ("failed", message.as_str()),
        AttemptEnd::Cancelled => ("cancelled", ""),
        AttemptEnd::GivenBack => ("given_back", ""),
        AttemptEnd::LeaseLost => ("lease_lost", ""),
    };
    let (path, manifest) = settlement
        .trace
        .as_ref()
        .map_or(("", ""), |trace| (trace.path.as_str(), trace.manifest_digest.as_deref().unwrap_or_default()));
    let mut bytes = Vec::new();
    for part in [kind, settlement.end.reason().as_str(), text, path, manifest] {
        bytes.extend_from_slice(&part.len().to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Sha256Digest::of(&bytes).to_string()
}
