//! Where every task of a round is, straight from the tables: one query instead of a hundred reads.

use std::collections::HashMap;

use jct_contract::{TaskId, Timestamp};

use crate::support::Db;

/// The rows of every task created since `first`, in words, by the task's id.
pub(super) async fn places(db: &Db, first: Timestamp) -> HashMap<String, Vec<String>> {
    // An id begins with its creation time: eight digits, a hyphen and four more hold the milliseconds.
    let since = format!("{}-0000-0000-000000000000", &TaskId::at(first).to_string()[..13]);
    let text = |expression: &str| format!("CAST({expression} AS TEXT)");
    let id = text("task_id");
    let ready =
        format!("'ready ' || {} || ' ' || {} || '/' || {}", text("run_at"), text("attempts"), text("max_attempts"));
    let lease = format!(
        "'lease ' || holder_kind || ' ' || {} || ' ' || {} || '/' || {} || \
         CASE WHEN cancel_requested_at IS NULL THEN '' ELSE ' cancel' END",
        text("expires_at"),
        text("attempt"),
        text("max_attempts")
    );
    let outcome = format!(
        "'outcome ' || status || ' ' || reason || ' ' || {} || CASE WHEN error IS NULL THEN ' result' ELSE ' error' END",
        text("coalesce(attempt, 0)")
    );
    let from =
        |row: &str, table: &str| format!("SELECT {id} || ' ' || {row} AS line FROM {table} WHERE task_id >= '{since}'");
    let query = [
        from("'held'", "task_holds"),
        from(&ready, "task_ready"),
        from(&lease, "task_leases"),
        from(&outcome, "task_outcomes"),
    ]
    .join(" UNION ALL ");
    let mut places: HashMap<String, Vec<String>> = HashMap::new();
    for line in db.lines(&query).await {
        let (id, row) = line.split_once(' ').unwrap();
        places.entry(id.to_owned()).or_default().push(row.to_owned());
    }
    places
}
