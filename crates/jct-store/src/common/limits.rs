//! How many tasks an agent may run at once, over all processes: counted inside the transaction of the claim, and by
//! claims that take turns.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;

use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::model::AgentKind;
use crate::rows::{AgentRow, Running, to_u32};
use crate::schema::task_leases;
use crate::schema_controls::agents;

/// What limits leave to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is no limit to keep.
    Unlimited,
    /// At most this many tasks at once, and none that needs the agents named here.
    Limited { most: i64, full: Vec<String> },
}

/// What limits leave to a worker of this name now.
pub(crate) async fn room(conn: &mut Conn, now: Timestamp, worker: &str) -> Result<Room, StoreError> {
    let is_own = agents::kind.eq(AgentKind::Worker.as_str()).and(agents::own_name.eq(worker));
    let is_brought = agents::kind.eq_any([AgentKind::Executor.as_str(), AgentKind::Adapter.as_str()]);
    let limits: Vec<AgentRow> = agents::table
        .filter(agents::max_concurrent_tasks.is_not_null())
        .filter(is_brought.or(is_own))
        .select(AgentRow::as_select())
        .load(conn)
        .await?;
    if limits.is_empty() {
        return Ok(Room::Unlimited);
    }
    let running = running(conn, now).await?;
    let (mut most, mut full) = (i64::MAX, Vec::new());
    for agent in limits {
        let busy = running.iter().filter(|lease| agent.is_kept_busy_by(lease)).count();
        let left = agent.max_concurrent_tasks.unwrap_or(i64::MAX) - i64::try_from(busy).unwrap_or(i64::MAX);
        if left > 0 {
            // Of all that is taken at once, each may need the agent with the least room.
            most = most.min(left);
        } else if agent.kind == AgentKind::Worker.as_str() {
            return Ok(Room::Limited { most: 0, full: Vec::new() });
        } else {
            full.push(format!("{}:{}", agent.kind, agent.own_name));
        }
    }
    Ok(Room::Limited { most, full })
}

/// The limit of a principal outside the tower, if it has as many tasks as it may. Whoever asks again under the same name
/// waits until the transaction ends.
pub(super) async fn full(conn: &mut Conn, context: Context<'_>, name: &str) -> Result<Option<u32>, StoreError> {
    let itself = agents::kind.eq(AgentKind::External.as_str()).and(agents::own_name.eq(name));
    let itself = itself.and(agents::max_concurrent_tasks.is_not_null());
    // Written as it is: that locks the row on either engine.
    let limit: Option<Option<i64>> = diesel::update(agents::table.filter(itself))
        .set(agents::max_concurrent_tasks.eq(agents::max_concurrent_tasks))
        .returning(agents::max_concurrent_tasks)
        .get_result(conn)
        .await
        .optional()?;
    let Some(limit) = limit.flatten() else { return Ok(None) };
    let held: i64 = task_leases::table
        .filter(task_leases::holder_kind.eq(AgentKind::External.as_str()).and(task_leases::holder.eq(name)))
        .filter(task_leases::expires_at.gt(context.now.as_micros()))
        .count()
        .get_result(conn)
        .await?;
    if held < limit { Ok(None) } else { to_u32("the limit of an agent", limit).map(Some) }
}

/// The agents that living leases keep busy, lease by lease.
pub(crate) async fn running(conn: &mut Conn, now: Timestamp) -> Result<Vec<Running>, StoreError> {
    let text = format!(
        "SELECT l.holder_kind, l.holder, t.executor, t.agent AS adapter FROM task_leases l \
         JOIN tasks t ON t.id = l.task_id WHERE l.expires_at > {}",
        now.as_micros()
    );
    Ok(diesel::sql_query(text).load(conn).await?)
}

/// Makes claims that keep the same limits take turns until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn, worker: &str) -> Result<(), StoreError> {
    Ok(primitives::lock_limits(conn, worker).await?)
}
