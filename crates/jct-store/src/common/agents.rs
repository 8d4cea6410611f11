//! Agents: registered by the workers that bring them or with the first task that they take from outside, limited by
//! whoever may, and looked at with what they did.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Principal, Timestamp};
use serde_json::{Value, json};

use super::{Conn, admin, limits};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{AgentKind, AgentRecord, FinishedAttempt, NewAgent, NewWorker};
use crate::rows::{AgentRow, FinishedRow, Running};
use crate::schema_controls::agents::{self, dsl};

/// The kind of the entries about agents.
const KIND: &str = "agent";
/// Of an error nobody needs more to know what is wrong with an agent.
const ERROR_MAX_CHARS: u32 = 500;
/// Somebody else may change a limit between the look and the write; then the look is repeated.
const LOOKS: usize = 5;

/// Registers a worker and the agents that it brings. Whoever is known and has not changed is not written.
pub(super) async fn register(conn: &mut Conn, context: Context<'_>, worker: &NewWorker) -> Result<(), StoreError> {
    let itself = NewAgent {
        kind: AgentKind::Worker,
        name: worker.name.clone(),
        description: "runs tasks that need what it offers".to_owned(),
        capabilities: worker.filter.capabilities.iter().map(ToString::to_string).collect(),
        config: json!({ "slots": worker.slots, "takes_any": worker.filter.any_task }).to_string(),
        max_concurrent_tasks: worker.max_concurrent_tasks,
    };
    let actor = Actor::system(&worker.name);
    // In one order everywhere, so that two writers do not wait for each other; a worker comes last if names clash.
    let mut all: Vec<&NewAgent> = worker.agents.iter().chain([&itself]).collect();
    all.sort_unstable_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    for agent in all {
        register_one(conn, context, agent, actor).await?;
    }
    Ok(())
}

/// Registers a principal that takes tasks without being a worker, unless it is known.
pub(super) async fn register_external(conn: &mut Conn, context: Context<'_>, by: &Principal) -> Result<(), StoreError> {
    let kind = AgentKind::External;
    let known = agents::table.filter(dsl::kind.eq(kind.as_str()).and(dsl::own_name.eq(by.name())));
    if known.select(dsl::name).first::<String>(conn).await.optional()?.is_some() {
        return Ok(());
    }
    let new = NewAgent {
        kind,
        name: by.name().to_owned(),
        description: "takes tasks from outside the tower".to_owned(),
        capabilities: Vec::new(),
        config: json!({ "principal": by.kind().as_str() }).to_string(),
        max_concurrent_tasks: None,
    };
    add(conn, context, &new, Actor::from(by)).await
}

async fn register_one(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewAgent,
    actor: Actor<'_>,
) -> Result<(), StoreError> {
    let known = agents::table.filter(dsl::kind.eq(new.kind.as_str()).and(dsl::own_name.eq(&new.name)));
    let known: Option<AgentRow> = known.select(AgentRow::as_select()).first(conn).await.optional()?;
    let Some(known) = known else { return add(conn, context, new, actor).await };
    let fresh = AgentRow::new(known.name.clone(), new, context.now);
    let row = AgentRow {
        created_at: known.created_at,
        max_concurrent_tasks: fresh.max_concurrent_tasks.or(known.max_concurrent_tasks),
        ..fresh
    };
    let (before, after) = (described(&known), described(&row));
    if before == after {
        return Ok(());
    }
    diesel::update(agents::table.find(&known.name)).set(row.clone()).execute(conn).await?;
    admin::audit(conn, context, actor, "updated", (KIND, &row.name), Some(before), Some(after)).await
}

/// Adds an agent under its own name, or with its kind before it if another kind has that name.
async fn add(conn: &mut Conn, context: Context<'_>, new: &NewAgent, actor: Actor<'_>) -> Result<(), StoreError> {
    for name in [new.name.clone(), new.kind.qualified(&new.name)] {
        let row = AgentRow::new(name, new, context.now);
        let after = described(&row);
        let added =
            diesel::insert_into(agents::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
        if added > 0 {
            return admin::audit(conn, context, actor, "created", (KIND, &row.name), None, Some(after)).await;
        }
    }
    // Somebody else registered it at this very moment.
    Ok(())
}

/// What the audit log says of an agent.
fn described(row: &AgentRow) -> Value {
    json!({
        "kind": row.kind,
        "own_name": row.own_name,
        "description": row.description,
        "capabilities": row.capabilities,
        "config": row.config,
        "max_concurrent_tasks": row.max_concurrent_tasks,
    })
}

/// Sets or takes away the limit of an agent; false if there is none of this name.
pub(crate) async fn limit(
    conn: &mut Conn,
    context: Context<'_>,
    (name, limit): (&str, Option<u32>),
    actor: Actor<'_>,
) -> Result<bool, StoreError> {
    let limit = limit.map(i64::from);
    for _ in 0..LOOKS {
        let known = agents::table.find(name).select(dsl::max_concurrent_tasks).first::<Option<i64>>(conn).await;
        let Some(known) = known.optional()? else { return Ok(false) };
        if known == limit {
            return Ok(true);
        }
        let (row, new) = (diesel::update(agents::table.find(name)), dsl::max_concurrent_tasks.eq(limit));
        let changed = match known {
            Some(known) => row.filter(dsl::max_concurrent_tasks.eq(known)).set(new).execute(conn).await?,
            None => row.filter(dsl::max_concurrent_tasks.is_null()).set(new).execute(conn).await?,
        };
        if changed > 0 {
            let state = |limit: Option<i64>| Some(json!({ "max_concurrent_tasks": limit }));
            admin::audit(conn, context, actor, "updated", (KIND, name), state(known), state(limit)).await?;
            return Ok(true);
        }
    }
    Err(StoreError::unavailable("the limit of the agent kept changing"))
}

/// Every agent by name, with what it runs now.
pub(crate) async fn list(conn: &mut Conn, now: Timestamp) -> Result<Vec<AgentRecord>, StoreError> {
    let rows: Vec<AgentRow> = agents::table.order(dsl::name).select(AgentRow::as_select()).load(conn).await?;
    let running = limits::running(conn, now).await?;
    rows.into_iter().map(|row| record(row, &running)).collect()
}

fn record(row: AgentRow, running: &[Running]) -> Result<AgentRecord, StoreError> {
    let busy = running.iter().filter(|lease| row.is_kept_busy_by(lease)).count();
    row.into_record(busy)
}

/// What was ended after `after`, the latest first. By the index over the ends of tasks and two look-ups each: no row
/// is written for it, so that no end of an attempt waits for another.
pub(crate) async fn finished(
    conn: &mut Conn,
    after: Timestamp,
    limit: u32,
) -> Result<Vec<FinishedAttempt>, StoreError> {
    let text = format!(
        "WITH ended AS MATERIALIZED (SELECT task_id, attempt, finished_at, reason, \
         CASE WHEN status = 'failed' THEN substr(error, 1, {ERROR_MAX_CHARS}) END AS error FROM task_outcomes \
         WHERE finished_at > {} ORDER BY finished_at DESC LIMIT {limit}) \
         SELECT a.holder_kind, a.worker_id, a.holder, t.executor, t.agent AS adapter, a.started_at, e.finished_at, \
         e.reason, e.error FROM ended e JOIN tasks t ON t.id = e.task_id \
         JOIN attempts a ON a.task_id = e.task_id AND a.ordinal = e.attempt ORDER BY e.finished_at DESC",
        after.as_micros()
    );
    let rows: Vec<FinishedRow> = diesel::sql_query(text).load(conn).await?;
    rows.into_iter().map(FinishedAttempt::try_from).collect()
}

/// Whether there is an agent of this name.
pub(crate) async fn exists(conn: &mut Conn, name: String) -> Result<bool, StoreError> {
    let known: Option<String> = agents::table.find(name).select(dsl::name).first(conn).await.optional()?;
    Ok(known.is_some())
}
