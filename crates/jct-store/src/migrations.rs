//! Migrations: embedded, run at start under a lock, told apart from "newer than this binary".

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{DatabaseUrl, OpenError, postgres, sqlite};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Held while migrating on PostgreSQL, so that two processes that start together take turns. Any constant will do.
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(73140102025)";

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
    /// Whether this binary knows it.
    pub known: bool,
}

/// What to do with a database's migrations.
#[derive(Clone, Copy, Debug)]
enum Task {
    Look,
    Migrate,
    Rollback(usize),
}

/// The migrations of a database, oldest first.
///
/// # Errors
///
/// [`OpenError`] when the database cannot be reached.
pub async fn status(url: &DatabaseUrl) -> Result<Vec<MigrationStatus>, OpenError> {
    run(url, Task::Look).await
}

/// Brings a database up to date; returns its migrations afterwards.
///
/// # Errors
///
/// [`OpenError`] when the database cannot be reached or a migration fails.
pub async fn migrate(url: &DatabaseUrl) -> Result<Vec<MigrationStatus>, OpenError> {
    run(url, Task::Migrate).await
}

/// Takes back the last `steps` migrations, with everything they hold; returns the migrations afterwards.
///
/// # Errors
///
/// [`OpenError`] when the database cannot be reached or a migration fails.
pub async fn rollback(url: &DatabaseUrl, steps: usize) -> Result<Vec<MigrationStatus>, OpenError> {
    run(url, Task::Rollback(steps)).await
}

/// Makes sure that the schema fits this binary.
pub(crate) async fn prepare(url: &DatabaseUrl, allowed: bool) -> Result<(), OpenError> {
    let mut all = status(url).await?;
    if allowed && all.iter().any(|migration| migration.known && !migration.applied) {
        all = migrate(url).await?;
    }
    if let Some(unknown) = all.iter().find(|migration| !migration.known) {
        return Err(OpenError::Newer { unknown: unknown.name.clone() });
    }
    match all.iter().filter(|migration| !migration.applied).count() {
        0 => Ok(()),
        pending => Err(OpenError::Outdated { pending }),
    }
}

async fn run(url: &DatabaseUrl, task: Task) -> Result<Vec<MigrationStatus>, OpenError> {
    let database = url.to_string();
    let own = url.clone();
    // A thread of its own: diesel's harness blocks, and must not block a runtime it does not know.
    let (done, outcome) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(done.send(run_blocking(&own, task))));
    let outcome = outcome.await.unwrap_or_else(|_| Err(Failure::Migrate("the migration panicked".into())));
    outcome.map_err(|failure| match failure {
        Failure::Connect(source) => OpenError::Connect { database, source },
        Failure::Migrate(source) => OpenError::Migrate(source),
    })
}

enum Failure {
    Connect(Box<dyn std::error::Error + Send + Sync>),
    Migrate(Box<dyn std::error::Error + Send + Sync>),
}

fn run_blocking(url: &DatabaseUrl, task: Task) -> Result<Vec<MigrationStatus>, Failure> {
    match (url.sqlite_path(), url.postgres_url()) {
        (Some(path), _) => {
            let mut conn = sqlite::establish_writer(path).map_err(|error| Failure::Connect(error.into()))?;
            let lock = sqlite::lock_file(path).map_err(|error| Failure::Connect(error.into()))?;
            lock.lock().map_err(|error| Failure::Connect(error.into()))?;
            // The lock goes with the file.
            work::<Sqlite, _>(&mut conn, || SQLITE, task).map_err(Failure::Migrate)
        }
        (None, address) => run_on_postgres(address.unwrap_or_default(), task),
    }
}

fn run_on_postgres(address: &str, task: Task) -> Result<Vec<MigrationStatus>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::Connect(error.into()))?;
    runtime.block_on(async {
        let mut conn = postgres::establish(address).await.map_err(|error| Failure::Connect(error.into()))?;
        conn.batch_execute(LOCK).await.map_err(|error| Failure::Migrate(error.into()))?;
        let mut harness = AsyncMigrationHarness::new(conn);
        work::<Pg, _>(&mut harness, || POSTGRES, task).map_err(Failure::Migrate)
    })
}

fn work<DB: Backend, H: MigrationHarness<DB>>(
    harness: &mut H,
    source: fn() -> EmbeddedMigrations,
    task: Task,
) -> Outcome<Vec<MigrationStatus>> {
    match task {
        Task::Look => {}
        Task::Migrate => {
            harness.run_pending_migrations(source())?;
        }
        Task::Rollback(steps) => {
            let applied = harness.applied_migrations()?.len();
            for _ in 0..steps.min(applied) {
                harness.revert_last_migration(source())?;
            }
        }
    }
    let known: Vec<Box<dyn Migration<DB>>> = MigrationSource::<DB>::migrations(&source())?;
    list(&known, &harness.applied_migrations()?)
}

fn list<DB: Backend>(
    known: &[Box<dyn Migration<DB>>],
    applied: &[MigrationVersion<'static>],
) -> Outcome<Vec<MigrationStatus>> {
    let mut all: Vec<MigrationStatus> = known
        .iter()
        .map(|migration| MigrationStatus {
            name: migration.name().to_string(),
            applied: applied.contains(&migration.name().version()),
            known: true,
        })
        .collect();
    let unknown = applied.iter().filter(|version| !known.iter().any(|one| one.name().version() == **version));
    all.extend(unknown.map(|version| MigrationStatus { name: version.to_string(), applied: true, known: false }));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}
