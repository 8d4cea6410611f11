//! The near miss as evidence: a write whose lease is gone changes nothing but the audit log.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_lifecycle::{Fence, LeaseRef};
use serde_json::json;

use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Entry, Journal};
use crate::schema::{task_holds, task_leases, task_outcomes, task_ready, tasks};
use crate::types::Id;

/// Notes that the holder of `lease` tried to `write` after its lease; returns the fence of the living lease, if any.
pub(crate) async fn refuse_stale(
    conn: &mut Conn,
    context: Context<'_>,
    lease: LeaseRef,
    write: &str,
) -> Result<Option<Fence>, StoreError> {
    let id = Id::from(lease.task_id);
    let Some(trace_id) = trace_id(conn, id).await? else {
        return Ok(None);
    };
    let Some((seq, current)) = next_audit_number(conn, id).await? else {
        return Err(StoreError::corrupt(format!("task {} is nowhere", lease.task_id)));
    };
    let mut journal = Journal::at(context.now);
    journal.entry(Entry {
        actor: Actor::system("tower"),
        action: "stale_write_refused",
        entity_kind: "task",
        entity_id: lease.task_id.to_string(),
        before: None,
        after: Some(json!({
            "write": write,
            "fence": lease.fence.to_string(),
            "current_fence": current.map(|fence| fence.to_string()),
        })),
        note: None,
        trace_id: Some(&trace_id),
        seq,
    });
    primitives::insert_audits(conn, &journal.audits).await?;
    Ok(current)
}

async fn trace_id(conn: &mut Conn, id: Id) -> Result<Option<String>, StoreError> {
    Ok(tasks::table.find(id).select(tasks::trace_id).first(conn).await.optional()?)
}

/// Raises the audit counter of whichever row holds the task now. Twice, since a task may move on between two looks.
async fn next_audit_number(conn: &mut Conn, id: Id) -> Result<Option<(i64, Option<Fence>)>, StoreError> {
    for _ in 0..2 {
        let leased: Option<(i64, i64, i64)> = diesel::update(task_leases::table.find(id))
            .set(task_leases::audit_seq.eq(task_leases::audit_seq + 1))
            .returning((task_leases::audit_seq, task_leases::epoch, task_leases::generation))
            .get_result(conn)
            .await
            .optional()?;
        if let Some((seq, epoch, generation)) = leased {
            return Ok(Some((seq, Some(Fence { epoch, generation }))));
        }
        macro_rules! raise {
            ($table:ident) => {
                let seq: Option<i64> = diesel::update($table::table.find(id))
                    .set($table::audit_seq.eq($table::audit_seq + 1))
                    .returning($table::audit_seq)
                    .get_result(conn)
                    .await
                    .optional()?;
                if let Some(seq) = seq {
                    return Ok(Some((seq, None)));
                }
            };
        }
        raise!(task_outcomes);
        raise!(task_ready);
        raise!(task_holds);
    }
    Ok(None)
}
