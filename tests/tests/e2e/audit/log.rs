//! A log of a test's own, with the store, the sealer and the verification that the tower uses, and a way past them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use jct_audit::{ChainHash, Report, StoredEntry, link};
use jct_contract::{Principal, RequesterKind, Sha256Digest, SystemClock};
use jct_store::model::NewApiKey;
use jct_store::{Store, StoreOptions};
use jct_tests::{Database, Engine};
use jct_tower::audit::{SealError, Sealed, Sealer, SealerOptions, read_checkpoint_file, verify};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(super) struct Log {
    pub(super) store: Store,
    pub(super) sealer: Sealer,
    pub(super) folder: TempDir,
    runtime: Runtime,
    engine: Engine,
    // Dropped last: the database may not go before the store.
    database: Database,
}

pub(super) fn operator() -> Principal {
    Principal::new(RequesterKind::Human, "operator").unwrap()
}

impl Log {
    pub(super) fn new(engine: Engine) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let database = Database::new(engine);
        let folder = tempfile::tempdir().unwrap();
        let store = runtime.block_on(Store::open(&database.url(), StoreOptions::default())).unwrap();
        let options = options(&folder, "audit.key", "checkpoints.jsonl");
        let sealer = runtime.block_on(Sealer::open(store.clone(), options, Arc::new(SystemClock), operator())).unwrap();
        Self { store, sealer, folder, runtime, engine, database }
    }

    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A sealer of another process, with files of these names.
    pub(super) fn other_sealer(&self, key: &str, checkpoints: &str) -> Sealer {
        let options = options(&self.folder, key, checkpoints);
        self.run(Sealer::open(self.store.clone(), options, Arc::new(SystemClock), operator())).unwrap()
    }

    /// Writes one entry about the queue.
    pub(super) fn entry(&self) {
        self.run(async {
            if !self.store.queue_pause(operator(), "a reason".to_owned()).await.unwrap() {
                assert!(self.store.queue_resume(operator()).await.unwrap());
            }
        });
    }

    pub(super) fn entries(&self, count: usize) {
        (0..count).for_each(|_| self.entry());
    }

    /// Makes and revokes a key: a chain of two entries.
    pub(super) fn key(&self, name: &str) {
        let key = NewApiKey {
            principal: Principal::new(RequesterKind::Agent, name).unwrap(),
            scopes: vec!["tasks:read".to_owned()],
            key_digest: Sha256Digest::of(name.as_bytes()),
            expires_at: None,
            created_by: operator(),
        };
        self.run(async {
            self.store.key_create(key).await.unwrap();
            self.store.key_revoke(name.to_owned(), operator()).await.unwrap();
        });
    }

    pub(super) fn seal(&self) -> Result<Sealed, SealError> {
        self.run(self.sealer.seal())
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("checkpoints.jsonl")
    }

    /// Verifies against the copy outside the database, with the tower's first key pinned by nobody.
    pub(super) fn verify(&self) -> Report {
        let file = read_checkpoint_file(&self.file()).unwrap();
        self.run(verify(&self.store, None, Some(file), |_| {})).unwrap()
    }

    /// Verifies without any copy.
    pub(super) fn verify_alone(&self) -> Report {
        self.run(verify(&self.store, None, None, |_| {})).unwrap()
    }

    pub(super) fn chain(&self, kind: &str, id: &str) -> Vec<StoredEntry> {
        self.run(self.store.audit_chain(kind, id, 0, 10_000)).unwrap()
    }

    /// Runs statements as the owner of the database, who first takes the seat belts off.
    pub(super) fn tamper(&self, statements: &str) {
        match self.engine {
            Engine::Sqlite => {
                let path = self.database.url().sqlite_path().unwrap().to_str().unwrap().to_owned();
                let mut conn = SqliteConnection::establish(&path).unwrap();
                let belts: String = ["audit_log", "audit_keys", "audit_checkpoints"]
                    .map(|table| {
                        format!("DROP TRIGGER IF EXISTS {table}_no_update; DROP TRIGGER IF EXISTS {table}_no_delete;")
                    })
                    .concat();
                conn.batch_execute(&format!("PRAGMA busy_timeout = 10000; {belts} {statements}")).unwrap();
            }
            Engine::Postgres => {
                let belts: String = ["audit_log", "audit_keys", "audit_checkpoints"]
                    .map(|table| format!("ALTER TABLE {table} DISABLE TRIGGER USER;"))
                    .concat();
                let (address, sql) = (self.database.address().to_owned(), format!("{belts} {statements}"));
                self.run(async move {
                    let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await.unwrap();
                    tokio::spawn(connection);
                    client.batch_execute(&sql).await.unwrap();
                });
            }
        }
    }

    /// Writes a whole chain anew with `change` made to each entry, and every hash recomputed.
    pub(super) fn rewrite(&self, kind: &str, id: &str, change: impl Fn(&mut StoredEntry)) {
        let mut previous = ChainHash::GENESIS;
        let mut statements = String::new();
        for mut entry in self.chain(kind, id) {
            change(&mut entry);
            let hash = link(previous, &entry.fields());
            statements += &format!(
                "UPDATE audit_log SET actor_id = '{}', prev_hash = '{previous}', hash = '{hash}' \
                 WHERE entity_kind = '{kind}' AND entity_id = '{id}' AND seq = {};",
                entry.actor_id, entry.seq
            );
            previous = hash;
        }
        self.tamper(&statements);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

fn options(folder: &TempDir, key: &str, checkpoints: &str) -> SealerOptions {
    SealerOptions {
        key_file: folder.path().join(key),
        checkpoint_file: folder.path().join(checkpoints),
        entries: 10,
        interval: Duration::from_secs(1),
    }
}
