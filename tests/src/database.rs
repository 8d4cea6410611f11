//! A database of its own for each test, gone when it is dropped.

use std::sync::atomic::{AtomicU32, Ordering};

use jct_store::DatabaseUrl;
use tempfile::TempDir;

const POSTGRES_VARIABLE: &str = "JCT_TEST_POSTGRES_URL";

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A fresh database on the server of `JCT_TEST_POSTGRES_URL`.
    Postgres,
}

/// A fresh, empty database.
#[derive(Debug)]
pub struct Database {
    address: String,
    /// The server's address and the database's name; none for SQLite.
    server: Option<(String, String)>,
    _folder: Option<TempDir>,
}

impl Database {
    /// Whether there is a server to test on; says so if there is none.
    #[must_use]
    pub fn has_postgres() -> bool {
        let found = std::env::var(POSTGRES_VARIABLE).is_ok();
        if !found {
            println!("skipped: {POSTGRES_VARIABLE} is not set");
        }
        found
    }

    /// Makes one.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let address = format!("sqlite:///{}", folder.path().join("jct.db").display());
                Self { address, server: None, _folder: Some(folder) }
            }
            Engine::Postgres => {
                let server = std::env::var(POSTGRES_VARIABLE).unwrap();
                let name = format!("jct_e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                execute(&server, &format!("CREATE DATABASE {name}"));
                let mut address = url::Url::parse(&server).unwrap();
                address.set_path(&name);
                Self { address: address.into(), server: Some((server, name)), _folder: None }
            }
        }
    }

    /// A database on a server that the test made for itself, and will take away with everything in it.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self { address: address.to_owned(), server: None, _folder: None }
    }

    /// How many rows each table was given or lost so far, in words: equal words mean that nothing was written.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        let store = self.url();
        match store.sqlite_path() {
            Some(path) => vec![format!("{:?}", std::fs::read(path.with_extension("db-wal")).map(|wal| wal.len()))],
            None => query(&self.address, ACTIVITY),
        }
    }

    /// What `DATABASE_URL` would say.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address as the store takes it.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        self.address.parse().unwrap()
    }

    /// Ends every connection to the database, as a restart of the server would; nothing on SQLite.
    pub fn cut_connections(&self) {
        if let Some((server, name)) = &self.server {
            execute(
                server,
                &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
            );
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Rows of every table with what moves whenever one is written; the presence of workers is left out.
const ACTIVITY: &str = "\
SELECT c.relname || ' ' || (xpath('/row/x/text()', query_to_xml(format('SELECT count(*) || '' '' || coalesce(max(xmin::text::bigint), 0) AS x FROM %I', c.relname), false, true, '')))[1]::text \
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'workers' ORDER BY 1";

fn query(address: &str, sql: &'static str) -> Vec<String> {
    let address = address.to_owned();
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
        })
    });
    done.join().unwrap()
}

/// Runs one statement on a connection, and a thread, of its own: whoever calls may be inside a runtime.
fn execute(address: &str, sql: &str) {
    let (address, sql) = (address.to_owned(), sql.to_owned());
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&sql).await.unwrap();
        });
    });
    done.join().unwrap();
}
