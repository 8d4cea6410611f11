//! A database of its own for each test, on either engine, gone when the test is over, however it ends.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use futures_util::FutureExt;
use jct_contract::{Clock, ManualClock, Timestamp};
use jct_store::{DatabaseUrl, OpenError, Store, StoreOptions};
use tempfile::TempDir;

const POSTGRES_VARIABLE: &str = "JCT_TEST_POSTGRES_URL";

/// One test's database, its clock and the stores that the test opened on it.
#[derive(Clone)]
pub(crate) struct Db(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    place: Place,
    clock: Arc<ManualClock>,
    opened: Mutex<Vec<Store>>,
}

enum Place {
    Sqlite {
        #[expect(dead_code, reason = "the folder goes when its handle goes")]
        folder: TempDir,
    },
    Postgres(String),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

impl Db {
    fn new(url: DatabaseUrl, place: Place) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_800_000_000_000_000)));
        Self(Arc::new(Inner { url, place, clock, opened: Mutex::new(Vec::new()) }))
    }

    /// A store on this database, migrated, judging leases by the test's clock.
    pub(crate) async fn store(&self) -> Store {
        self.open(StoreOptions::default()).await.unwrap()
    }

    /// A store as a process with these options would open it; the clock is the test's.
    pub(crate) async fn open(&self, options: StoreOptions) -> Result<Store, OpenError> {
        let options = StoreOptions { clock: Some(self.0.clock.clone()), ..options };
        let store = Store::open(&self.0.url, options).await?;
        self.0.opened.lock().unwrap().push(store.clone());
        Ok(store)
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.0.place, Place::Postgres(_))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: Duration) {
        self.0.clock.advance(span);
    }

    pub(crate) fn pass_seconds(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Runs statements past the store, as somebody with a database shell would.
    pub(crate) async fn execute(&self, sql: &str) -> Result<(), String> {
        match &self.0.place {
            Place::Sqlite { .. } => self.sqlite().batch_execute(sql).map_err(|error| error.to_string()),
            Place::Postgres(address) => {
                connect(address).await.batch_execute(sql).await.map_err(|error| match error.as_db_error() {
                    Some(error) => error.message().to_owned(),
                    None => error.to_string(),
                })
            }
        }
    }

    /// The column `line`, which must be text, of a query past the store.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        match &self.0.place {
            Place::Sqlite { .. } => {
                let lines: Vec<Line> = diesel::sql_query(sql).load(&mut self.sqlite()).unwrap();
                lines.into_iter().map(|row| row.line).collect()
            }
            Place::Postgres(address) => {
                let rows = connect(address).await.query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get("line")).collect()
            }
        }
    }

    /// How the database would run a statement of the store, line by line.
    pub(crate) async fn plan(&self, statement: &str) -> Vec<String> {
        self.explain(statement, "EXPLAIN", "SET LOCAL plan_cache_mode = force_custom_plan").await
    }

    /// How the database has run a statement of the store under these settings; its effects are undone. Only PostgreSQL
    /// says so.
    pub(crate) async fn measured(&self, statement: &str, settings: &str) -> Vec<String> {
        if self.is_postgres() { self.explain(statement, "EXPLAIN ANALYZE", settings).await } else { Vec::new() }
    }

    async fn explain(&self, statement: &str, explain: &str, settings: &str) -> Vec<String> {
        match &self.0.place {
            Place::Sqlite { .. } => {
                let plan: Vec<Detail> =
                    diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(&mut self.sqlite()).unwrap();
                plan.into_iter().map(|row| row.detail).collect()
            }
            Place::Postgres(address) => {
                let client = connect(address).await;
                let prepare = format!("PREPARE overheard AS {statement}");
                client.batch_execute(&prepare).await.unwrap_or_else(|error| panic!("{error:?}: {statement}"));
                let types =
                    "SELECT unnest(parameter_types)::text AS line FROM pg_prepared_statements WHERE name = 'overheard'";
                let types = client.query(types, &[]).await.unwrap();
                let values: Vec<String> =
                    (1..).zip(&types).map(|(n, row)| busy_value(statement, n, row.get("line"))).collect();
                let list = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
                client.batch_execute(&format!("BEGIN; {settings}")).await.unwrap();
                let explained = client.simple_query(&format!("{explain} EXECUTE overheard {list}")).await.unwrap();
                client.batch_execute("ROLLBACK").await.unwrap();
                explained
                    .into_iter()
                    .filter_map(|message| match message {
                        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                        _ => None,
                    })
                    .collect()
            }
        }
    }

    pub(crate) async fn count(&self, table: &str) -> u64 {
        let lines = self.lines(&format!("SELECT CAST(count(*) AS TEXT) AS line FROM {table}")).await;
        lines[0].parse().unwrap()
    }

    fn sqlite(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.0.url.sqlite_path().unwrap().to_str().unwrap()).unwrap();
        // What a test does past the store is none of the store's statements.
        conn.set_instrumentation(None::<Box<dyn diesel::connection::Instrumentation>>);
        conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON").unwrap();
        conn
    }

    async fn run<T: Future<Output = ()>>(self, test: impl FnOnce(Self) -> T) {
        let outcome = AssertUnwindSafe(test(self.clone())).catch_unwind().await;
        let opened = std::mem::take(&mut *self.0.opened.lock().unwrap());
        for store in opened {
            store.close().await;
        }
        if let Place::Postgres(_) = &self.0.place {
            drop_database(&self.0.url, &self.0.place).await;
        }
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Runs a test on SQLite, in a file in a folder of its own.
pub(crate) async fn on_sqlite<T: Future<Output = ()>>(test: impl FnOnce(Db) -> T) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
    Db::new(url, Place::Sqlite { folder }).run(test).await;
}

/// Runs a test on PostgreSQL, in a database of its own, or says that it was skipped.
pub(crate) async fn on_postgres<T: Future<Output = ()>>(test: impl FnOnce(Db) -> T) {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
        println!("skipped: {POSTGRES_VARIABLE} is not set");
        return;
    };
    let name = format!("jct_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let client = connect(&server).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut address = url::Url::parse(&server).unwrap();
    address.set_path(&name);
    let url: DatabaseUrl = address.as_str().parse().unwrap();
    Db::new(url, Place::Postgres(address.into())).run(test).await;
}

/// A value for parameter `n` of a statement, as a busy tower would send it.
fn busy_value(statement: &str, n: usize, kind: &str) -> String {
    let follows = |word: &str| statement.contains(&format!("{word} ${n}"));
    let optional = ["text", "text[]"].iter().any(|kind| statement.contains(&format!("${n}::{kind} IS NULL")));
    match kind {
        _ if optional => "NULL".to_owned(),
        "boolean" => "TRUE".to_owned(),
        "bigint[]" => "'{1}'".to_owned(),
        "bigint" if follows("LIMIT") => "10".to_owned(),
        "bigint" if follows("OFFSET") => "0".to_owned(),
        "bigint" => "1800000100000000".to_owned(),
        "uuid" => "'01900000-0000-7000-8000-000000001000'".to_owned(),
        "uuid[]" => "'{01900000-0000-7000-8000-000000001000}'".to_owned(),
        "text[]" => "'{survey}'".to_owned(),
        _ => "'queued'".to_owned(),
    }
}

async fn drop_database(url: &DatabaseUrl, place: &Place) {
    let (Ok(server), Place::Postgres(_)) = (std::env::var(POSTGRES_VARIABLE), place) else { return };
    let shown = url.to_string();
    let name = shown.rsplit('/').next().unwrap_or_default();
    connect(&server).await.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}

async fn connect(address: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(address, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
