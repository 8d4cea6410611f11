//! Plans, pinned: with a hundred thousand tasks in the tables no statement on the way of a task reads a table from end
//! to end.
//!
//! The statements are not copied here: the store runs, its own statements are overheard, and the database is asked how it
//! would run each of them (on PostgreSQL as a prepared statement with values like those of a busy day).

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use jct_contract::{IsolationLevel, JobType, Operation, RequesterKind, Timestamp};
use jct_lifecycle::TaskStatus;
use jct_store::model::{Claim, ClaimFilter, Cursor, PageStart, TaskFilter};
use jct_store::{Store, StoreOptions};

use crate::support::{
    Db, LEASE, any, audit, completed, enqueue_many, has_due_work, log_line, offering, on_both_engines, schema, settle,
    task, worker,
};

on_both_engines![no_statement_on_the_way_of_a_task_reads_a_table_from_end_to_end];

/// What the tasks of the queue need, and how urgent they are: a lane for each pair.
const NEEDS: [&[&str]; 4] = [&["survey"], &["survey", "gpu"], &["manifest", "qdrant"], &["manifest", "local_fs"]];
const PRIORITIES: [i64; 5] = [-10, 0, 0, 3, 7];
/// What [`Db::plan`] takes for the limit of a claim.
const LIMIT: f64 = 10.0;

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
    enqueue_many(&store, 3).await;
    analyze(&db).await;
    let quiet = listen(&db, async |store| {
        task().enqueue(store).await;
        settle(store, worker("first").claim_one(store).await.lease, completed("{}")).await;
    });
    // Made when there is next to nothing, the plan of a claim must hold for everything that comes.
    claims_by_lane(&db, &quiet.await, true).await;
    fill(&db, &store).await;
    store.close().await;
    let overheard = listen(&db, async |store| live(&db, store).await).await;
    claims_by_lane(&db, &overheard, false).await;
    let statements: Vec<String> = overheard.into_iter().filter(|text| is_ours(&db, text) && !is_steady(text)).collect();
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

/// What a store says to its database while it does this. Other tests may talk meanwhile: they run the same store.
async fn listen(db: &Db, act: impl AsyncFnOnce(&Store)) -> BTreeSet<String> {
    // Connections made from here on are overheard.
    set_default_instrumentation(ear).unwrap();
    let store = db.open(StoreOptions::default()).await.unwrap();
    *OVERHEARD.lock().unwrap() = Some(BTreeSet::new());
    act(&store).await;
    OVERHEARD.lock().unwrap().take().unwrap_or_default()
}

/// Whether it is the statement whose plan is made once, under settings of its own.
fn is_steady(text: &str) -> bool {
    text.contains("share AS MATERIALIZED")
}

/// Whoever asks for work goes to each lane by its index, and reads no more of it than is asked for.
async fn claims_by_lane(db: &Db, overheard: &BTreeSet<String>, only_steady: bool) {
    let by_lane = overheard.iter().filter(|text| is_ours(db, text) && text.contains("r.lane_id = "));
    let by_lane: Vec<&String> = by_lane.filter(|text| !only_steady || is_steady(text) || !db.is_postgres()).collect();
    assert!(!by_lane.is_empty(), "claims were not overheard: {overheard:#?}");
    for statement in by_lane {
        let settings = overheard.iter().find(|text| is_steady(statement) && text.contains("force_generic_plan"));
        assert!(settings.is_some() || !is_steady(statement), "the settings were not overheard: {overheard:#?}");
        let settings = settings.map_or("SET LOCAL plan_cache_mode = force_custom_plan", String::as_str);
        let plan = if db.is_postgres() { db.measured(statement, settings).await } else { db.plan(statement).await };
        assert!(plan.iter().any(|line| line.contains("task_ready_lane")), "{plan:#?}\n{statement}");
        for line in plan.iter().filter(|line| line.contains("task_ready")) {
            let rows = line.split_once("(actual").and_then(|(_, actual)| actual.split_once("rows="));
            let rows = rows.map(|(_, rows)| rows.split(' ').next().unwrap().parse::<f64>().unwrap());
            let is_few = rows.is_none_or(|rows| rows <= LIMIT);
            assert!(is_few && !line.contains("Seq Scan"), "{line}\n{statement}");
        }
    }
}

/// Statements of the store about its own tables, in the dialect of this test's engine. What PostgreSQL cannot prepare
/// without being told types (`unnest` of parameters) joins by primary keys.
fn is_ours(db: &Db, text: &str) -> bool {
    let reads = ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb));
    let sqlite = text.contains('`') || text.contains("?1");
    let dialect = if text.contains('$') { db.is_postgres() } else { !db.is_postgres() && sqlite };
    // With their types in the text they can be prepared.
    let untyped =
        text.split("unnest($").skip(1).any(|rest| !rest.trim_start_matches(char::is_numeric).starts_with("::"));
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
    let limited = ClaimFilter { repositories: Some(vec!["myorg".to_owned()]), ..any() };
    for filter in [any(), offering(&["gpu", "survey"]), limited] {
        for level in [None, Some(IsolationLevel::L2)] {
            assert!(has_due_work(store, &filter, level).await);
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
    for needs in NEEDS {
        for priority in PRIORITIES {
            task().job(JobType::Task, needs).priority(priority).enqueue(store).await;
        }
    }
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
                // Each lane has its share.
                "lane_id" => {
                    "(SELECT l.id FROM lanes l WHERE l.place = n % (SELECT count(*) FROM queue_lanes))".to_owned()
                }
                column => format!("t.{column}"),
            })
            .collect();
        let numbers = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}), \
             lanes AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM queue_lanes)"
        );
        let (own, values) = (own.join(", "), values.join(", "));
        let insert = format!(
            "INSERT INTO {table} ({own}) {numbers} SELECT {values} FROM numbers CROSS JOIN (SELECT * FROM {table} LIMIT 1) AS t"
        );
        db.execute(&insert).await.unwrap();
    }
    analyze(db).await;
}

/// Autovacuum does this on a server; nobody does it for a SQLite file.
async fn analyze(db: &Db) {
    if db.is_postgres() {
        db.execute("ANALYZE").await.unwrap();
    }
}
