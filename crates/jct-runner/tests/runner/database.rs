//! The database of one test: a SQLite file, or a PostgreSQL database of its own when `JCT_TEST_POSTGRES_URL` names a
//! server on which the user may create some.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use jct_store::DatabaseUrl;

pub(crate) struct Database {
    url: DatabaseUrl,
    /// The server and the name to drop on it at the end.
    on_server: Option<(String, String)>,
}

impl Database {
    pub(crate) async fn new(folder: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let Ok(server) = std::env::var("JCT_TEST_POSTGRES_URL") else {
            return Self { url: DatabaseUrl::sqlite(folder.join("jct.db")), on_server: None };
        };
        let name = format!("jct_runner_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let mut address = url::Url::parse(&server).unwrap();
        address.set_path(&name);
        Self { url: address.as_str().parse().unwrap(), on_server: Some((server, name)) }
    }

    pub(crate) const fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((server, name)) = self.on_server.take() else { return };
        // A runtime of its own: the test's may already be on its way out.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        // A database that stays behind is no reason to fail a test that passed.
        drop(dropped.join());
    }
}

async fn execute(server: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}
