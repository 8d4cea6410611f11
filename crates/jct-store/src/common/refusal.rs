//! The near miss as evidence: a write whose lease is gone changes nothing but the audit log.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_lifecycle::{Fence, LeaseRef};
use serde_json::json;

use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
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
    let Some((holder, head, current)) = next_number(conn, id).await? else {
        return Err(StoreError::corrupt(format!("task {} is nowhere", lease.task_id)));
    };
    let mut additions = context.additions();
    let refused = Entry {
        actor: Actor::system("tower"),
        action: "stale_write_refused",
        entity_kind: "task",
        entity_id: lease.task_id.to_string(),
        before: None,
        after: Some(refused(lease, write, current)),
        note: None,
        trace_id: Some(&trace_id),
    };
    let head = additions.journal.entry(&head, refused);
    primitives::add(conn, &additions).await?;
    keep_hash(conn, holder, id, head.hash).await?;
    Ok(current)
}

fn refused(lease: LeaseRef, write: &str, current: Option<Fence>) -> String {
    let current = current.map(|fence| fence.to_string());
    json!({ "write": write, "fence": lease.fence.to_string(), "current_fence": current }).to_string()
}

async fn trace_id(conn: &mut Conn, id: Id) -> Result<Option<String>, StoreError> {
    Ok(tasks::table.find(id).select(tasks::trace_id).first(conn).await.optional()?)
}

/// The table that holds a task.
#[derive(Clone, Copy)]
enum Holder {
    Lease,
    Outcome,
    Ready,
    Hold,
}

/// Raises the audit counter of whichever row holds the task now, which locks the row, and returns the head before. Twice,
/// since a task may move on between two looks.
async fn next_number(conn: &mut Conn, id: Id) -> Result<Option<(Holder, Head, Option<Fence>)>, StoreError> {
    for _ in 0..2 {
        let leased: Option<(i64, String, i64, i64)> = diesel::update(task_leases::table.find(id))
            .set(task_leases::audit_seq.eq(task_leases::audit_seq + 1))
            .returning((task_leases::audit_seq, task_leases::audit_hash, task_leases::epoch, task_leases::generation))
            .get_result(conn)
            .await
            .optional()?;
        if let Some((seq, hash, epoch, generation)) = leased {
            return Ok(Some((Holder::Lease, Head { seq: seq - 1, hash }, Some(Fence { epoch, generation }))));
        }
        macro_rules! raise {
            ($table:ident, $holder:expr) => {
                let head: Option<(i64, String)> = diesel::update($table::table.find(id))
                    .set($table::audit_seq.eq($table::audit_seq + 1))
                    .returning(($table::audit_seq, $table::audit_hash))
                    .get_result(conn)
                    .await
                    .optional()?;
                if let Some((seq, hash)) = head {
                    return Ok(Some(($holder, Head { seq: seq - 1, hash }, None)));
                }
            };
        }
        raise!(task_outcomes, Holder::Outcome);
        raise!(task_ready, Holder::Ready);
        raise!(task_holds, Holder::Hold);
    }
    Ok(None)
}

async fn keep_hash(conn: &mut Conn, holder: Holder, id: Id, hash: String) -> Result<(), StoreError> {
    macro_rules! keep {
        ($table:ident) => {
            diesel::update($table::table.find(id)).set($table::audit_hash.eq(hash)).execute(conn).await?
        };
    }
    match holder {
        Holder::Lease => keep!(task_leases),
        Holder::Outcome => keep!(task_outcomes),
        Holder::Ready => keep!(task_ready),
        Holder::Hold => keep!(task_holds),
    };
    Ok(())
}
