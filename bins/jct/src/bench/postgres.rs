//! Fresh databases on a PostgreSQL server: the one statement that is not the store's business, since it must be
//! sent from outside the database that it makes.

use tokio_postgres::{Client, NoTls};
use url::Url;

use crate::exit::Exit;
use crate::failure::Failure;

/// A server on which databases may be made.
#[derive(Clone)]
pub(super) struct PostgresServer {
    url: Url,
}

impl PostgresServer {
    /// The server that an address names. Its own database is only connected to.
    pub(super) fn new(address: &str) -> Result<Self, Failure> {
        let address = address.replacen("postgres://", "postgresql://", 1);
        match Url::parse(&address) {
            Ok(url) if url.scheme() == "postgresql" && url.has_host() => Ok(Self { url }),
            // The address may hold a password: it is not repeated.
            _ => Err(Failure::new(Exit::Usage, "the address is none of a PostgreSQL server")
                .hint("write it as `postgres://user:password@host:port/database`")),
        }
    }

    /// Makes an empty database and returns its name.
    pub(super) async fn create(&self) -> Result<String, Failure> {
        let name = format!("jct_bench_{}", uuid::Uuid::new_v4().simple());
        self.execute(&format!("CREATE DATABASE {name}")).await?;
        Ok(name)
    }

    /// Removes a database that [`Self::create`] made, with whoever is still connected to it.
    pub(super) async fn drop(&self, name: &str) -> Result<(), Failure> {
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// The address of a database of this server. Never print it.
    pub(super) fn address_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    /// Bytes that the server wrote to its log so far, for all its databases.
    pub(super) async fn written(&self) -> Result<u64, Failure> {
        const WRITTEN: &str = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";
        let row = self.connect().await?.query_one(WRITTEN, &[]).await;
        let bytes = row.and_then(|row| row.try_get::<_, i64>(0));
        let bytes = bytes.map_err(|error| failed("the PostgreSQL server does not tell what it wrote", &error))?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    async fn execute(&self, statement: &str) -> Result<(), Failure> {
        let client = self.connect().await?;
        client
            .batch_execute(statement)
            .await
            .map_err(|error| failed("a database for the measurement cannot be made or removed", &error))
    }

    async fn connect(&self) -> Result<Client, Failure> {
        let connected = tokio_postgres::connect(self.url.as_str(), NoTls).await;
        let (client, connection) =
            connected.map_err(|error| failed("the PostgreSQL server cannot be reached", &error))?;
        // The statements report what breaks; the connection only has to be driven.
        drop(tokio::spawn(connection));
        Ok(client)
    }
}

fn failed(what: &str, error: &tokio_postgres::Error) -> Failure {
    Failure::caused(Exit::Unavailable, what, error).hint("the user of --postgres-url needs the right to make databases")
}

impl std::fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresServer").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}
