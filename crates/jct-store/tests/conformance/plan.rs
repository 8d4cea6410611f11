//! Plans, pinned: with a hundred thousand tasks in the tables no statement on the way of a task reads a table from end
//! to end.
//!
//! The statements are not copied here: the store runs, its own statements are overheard, and the database is asked how it
//! would run each of them (on PostgreSQL as a prepared statement with values like those of a busy day).

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use jct_contract::{IsolationLevel, Operation, RequesterKind, Timestamp};
use jct_lifecycle::TaskStatus;
use jct_store::model::{Claim, Cursor, PageStart, TaskFilter};
use jct_store::{Store, StoreOptions};

use crate::support::{
    Db, LEASE, any, audit, completed, enqueue_many, log_line, offering, on_both_engines, schema, settle, task, worker,
};

on_both_engines![no_statement_on_the_way_of_a_task_reads_a_table_from_end_to_end];

const ROWS: u32 = 100_000;
/// The tables that grow with the tower's life or with its queue. The leases are few, and read whole by design.
const LARGE: [&str; 7] = ["tasks", "admissions", "task_ready", "task_outcomes", "attempts", "task_events", "audit_log"];

/// What was overheard, while somebody listens.
static OVERHEARD: Mutex<Option<BTreeSet<String>>> = Mutex::new(None);

#[expect(clippy::needless_pass_by_value, reason = "diesel hands the event over")]
fn overhear(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event
        && let Some(overheard) = OVERHEARD.lock().unwrap().as_mut()
    {
        let text = query.to_string();
        overheard.insert(text.split(" -- binds:").next().unwrap_or_default().trim().to_owned());
    }
}

fn ear() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(overhear))
}

async fn no_statement_on_the_way_of_a_task_reads_a_table_from_end_to_end(db: Db) {
    let store = db.store().await;
    fill(&db, &store).await;
    store.close().await;
    // Connections made from here on are overheard. Other tests may talk meanwhile: they run the same store.
    set_default_instrumentation(ear).unwrap();
    let store = db.open(StoreOptions::default()).await.unwrap();
    *OVERHEARD.lock().unwrap() = Some(BTreeSet::new());
    live(&db, &store).await;
    let overheard = OVERHEARD.lock().unwrap().take().unwrap_or_default();
    let statements: Vec<String> = overheard.into_iter().filter(|text| is_ours(&db, text)).collect();
    assert!(statements.len() > 15, "the store was not overheard: {statements:#?}");
    let mut slow = Vec::new();
    for statement in &statements {
        let plan = db.plan(statement).await;
        if let Some(line) = plan.iter().find(|line| reads_everything(&db, line)) {
            slow.push(format!("{line}\n    in {statement}"));
        }
    }
    assert!(slow.is_empty(), "{} of {} statements are slow:\n{}", slow.len(), statements.len(), slow.join("\n"));
}

/// Statements of the store about its own tables, in the dialect of this test's engine. What PostgreSQL cannot prepare
/// without being told types (`unnest` of parameters) joins by primary keys.
fn is_ours(db: &Db, text: &str) -> bool {
    let reads = ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb));
    let sqlite = text.contains('`') || text.contains("?1");
    let dialect = if text.contains('$') { db.is_postgres() } else { !db.is_postgres() && sqlite };
    // With their types in the text they can be prepared.
    let untyped = text.contains("unnest($") && !text.contains("::bigint[]");
    reads && dialect && !untyped && LARGE.iter().any(|table| text.contains(table))
}

fn reads_everything(db: &Db, line: &str) -> bool {
    LARGE.iter().any(|table| {
        if db.is_postgres() {
            line.contains(&format!("Seq Scan on {table}"))
        } else {
            // In the order of an index and up to a limit is no whole table; sorting all of it first is.
            line.starts_with(&format!("SCAN {table}")) && !line.contains("USING")
                || line.contains("TEMP B-TREE FOR ORDER BY")
        }
    })
}

/// Everything that happens to a task, and everybody who looks at it.
async fn live(db: &Db, store: &Store) {
    let id = task().key("plan").enqueue(store).await;
    store.task_by_idempotency_key("plan").await.unwrap();
    let runner = worker("runner");
    for filter in [any(), offering(&["survey"])] {
        for level in [None, Some(IsolationLevel::L2)] {
            assert!(store.has_due_work(&filter, level).await.unwrap());
            let claim = Claim { filter: filter.clone(), isolation: level, ..runner.request(1) };
            // Twice, so that the moving bound is used as well.
            for _ in 0..2 {
                assert_eq!(store.claim(claim.clone()).await.unwrap().len(), 1);
            }
        }
    }
    // Twice, so that the moving bound is used as well.
    for _ in 0..2 {
        let claimed = runner.claim(store, 5).await;
        assert_eq!(claimed.len(), 5);
        store.heartbeat(runner.id, claimed.iter().map(|task| task.lease).collect(), LEASE).await.unwrap();
        store.record(claimed[0].lease, vec![log_line(db.now(), "line")]).await.unwrap();
        settle(store, claimed[0].lease, completed("{}")).await;
        settle(store, claimed[0].lease, completed("{}")).await;
        settle(store, claimed[0].lease, completed("{\"late\":1}")).await;
    }
    store.task_get(id).await.unwrap();
    store.task_events(id, 0, 100).await.unwrap();
    store.task_attempts(id).await.unwrap();
    store.task_admission(id).await.unwrap();
    audit(store, id).await;
    store.outcomes_between(Timestamp::from_micros(0), db.now(), 10).await.unwrap();
    let none = TaskFilter::default;
    let mut filters = vec![
        none(),
        TaskFilter { operation: Some(Operation::Analysis), ..none() },
        TaskFilter { requester_kind: Some(RequesterKind::Agent), ..none() },
        TaskFilter { target_repo: Some("myorg/app".to_owned()), ..none() },
        TaskFilter { created_after: Some(Timestamp::from_micros(0)), created_before: Some(db.now()), ..none() },
    ];
    filters.extend(TaskStatus::ALL.map(|status| TaskFilter { status: Some(status), ..none() }));
    for filter in filters {
        for start in [PageStart::Offset(0), PageStart::After(Cursor::after(id))] {
            store.task_list(filter.clone(), start, 100).await.unwrap();
        }
    }
}

/// Fills the tables past the store: half of the tasks wait, half are over.
async fn fill(db: &Db, store: &Store) {
    enqueue_many(store, 2).await;
    let claimed = worker("filler").claim_one(store).await;
    settle(store, claimed.lease, completed("{}")).await;
    db.pass(Duration::from_secs(1));
    let columns = schema::columns(db).await;
    let (first, half, all) = (1, ROWS / 2, ROWS);
    for (table, from, to) in [
        ("tasks", first, all),
        ("admissions", first, all),
        ("task_ready", first, half),
        ("task_outcomes", half + 1, all),
        ("attempts", half + 1, all),
        ("task_events", half + 1, all),
        ("audit_log", first, all),
    ] {
        let own: Vec<&str> =
            columns.iter().filter_map(|line| line.strip_prefix(table)?.strip_prefix('.')?.split(' ').next()).collect();
        // The database numbers the audit log itself.
        let own: Vec<&str> = own.into_iter().filter(|column| *column != "position").collect();
        let id = if db.is_postgres() {
            "CAST('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid)"
        } else {
            "printf('01900000-0000-7000-8000-%012x', n)"
        };
        let values: Vec<String> = own
            .iter()
            .map(|column| match *column {
                "id" | "task_id" => id.to_owned(),
                "entity_id" => format!("CAST({id} AS TEXT)"),
                "idempotency_key" => "NULL".to_owned(),
                column => format!("t.{column}"),
            })
            .collect();
        let numbers =
            format!("WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to})");
        let (own, values) = (own.join(", "), values.join(", "));
        let insert = format!(
            "INSERT INTO {table} ({own}) {numbers} SELECT {values} FROM numbers CROSS JOIN (SELECT * FROM {table} LIMIT 1) AS t"
        );
        db.execute(&insert).await.unwrap();
    }
    if db.is_postgres() {
        // Autovacuum does this on a server; nobody does it for a SQLite file.
        db.execute("ANALYZE").await.unwrap();
    }
}
