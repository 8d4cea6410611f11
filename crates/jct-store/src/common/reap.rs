//! Reap: leases that ran out end like any other, only that nobody reports them.

use jct_lifecycle::{AttemptEnd, Disposition, ReasonCode, RetryPolicy, TaskEvent, TaskStatus};

use super::conclude::{Conclusion, conclude};
use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::Reaped;
use crate::rows::{LeaseRow, to_trace_id, to_u32};

pub(crate) async fn reap(
    conn: &mut Conn,
    context: Context<'_>,
    retry: RetryPolicy,
    limit: u32,
    jitter: f64,
) -> Result<Vec<Reaped>, StoreError> {
    let expired = primitives::take_expired(conn, context.now, i64::from(limit)).await?;
    let mut reaped = Vec::with_capacity(expired.len());
    let mut conclusions = Vec::with_capacity(expired.len());
    for lease in expired {
        let conclusion = Conclusion {
            end: end_of(&lease),
            lease,
            trace: None,
            artifacts: &[],
            evidence: None,
            report: None,
            manifest_state: None,
            retry,
            jitter,
            digest: None,
            actor: Some(Actor::system("reaper")),
        };
        let (status, reason) = match conclusion.disposition() {
            Disposition::Finish(TaskEvent::Cancel, reason) => (TaskStatus::Cancelled, reason),
            Disposition::Finish(_, reason) => (TaskStatus::Failed, reason),
            Disposition::Retry(reason) | Disposition::Return(reason) => (TaskStatus::Queued, reason),
        };
        reaped.push(Reaped {
            lease: conclusion.lease.lease_ref(),
            attempt: to_u32("attempt", conclusion.lease.attempt)?,
            trace_id: to_trace_id(&conclusion.lease.trace_id)?,
            status,
            reason,
        });
        conclusions.push(conclusion);
    }
    conclude(conn, context, conclusions).await?;
    Ok(reaped)
}

fn end_of(lease: &LeaseRow) -> AttemptEnd {
    if lease.holder_kind == "worker" {
        return AttemptEnd::LeaseLost;
    }
    AttemptEnd::Failed {
        reason: ReasonCode::ExternalTimeout,
        message: format!("`{}` took the task and did not report within its time", lease.holder),
    }
}
