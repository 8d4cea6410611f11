//! A database and a folder for one measurement, gone afterwards.

use std::path::{Path, PathBuf};

use jct_store::{Store, StoreOptions};
use tempfile::TempDir;

use super::goals::Engine;
use super::postgres::PostgresServer;
use super::process;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Where measurements happen.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// SQLite files in a folder.
    Sqlite,
    /// Databases of a PostgreSQL server.
    Postgres(PostgresServer),
}

/// One database with its folder.
#[derive(Debug)]
pub(super) struct Scratch {
    place: Place,
    /// The name of the database on its server.
    database: Option<String>,
    folder: TempDir,
}

impl Place {
    pub(super) const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgresql,
        }
    }
}

impl Scratch {
    /// Makes an empty database with its schema, and a folder below `parent`.
    pub(super) async fn make(place: &Place, parent: &Path) -> Result<Self, Failure> {
        let folder = folder_in(parent)?;
        let database = match place {
            Place::Sqlite => None,
            Place::Postgres(server) => Some(server.create().await?),
        };
        let scratch = Self { place: place.clone(), database, folder };
        // A first open makes the schema, which is no part of any measurement.
        match scratch.open().await {
            Ok(store) => store.close().await,
            Err(failure) => {
                scratch.remove().await?;
                return Err(failure);
            }
        }
        Ok(scratch)
    }

    pub(super) async fn open(&self) -> Result<Store, Failure> {
        let url = database::parse(&self.address())?;
        let opened = Store::open(&url, StoreOptions::default()).await;
        opened.map_err(|error| Failure::caused(Exit::Unavailable, "the measured database cannot be opened", &error))
    }

    /// The address of the database. Never print it.
    pub(super) fn address(&self) -> String {
        match (&self.place, &self.database) {
            (Place::Postgres(server), Some(database)) => server.address_of(database),
            // The folder is absolute: with the three slashes before it, that is how it is read.
            _ => format!("sqlite:///{}", self.folder.path().join("bench.db").display()),
        }
    }

    pub(super) fn engine(&self) -> Engine {
        self.place.engine()
    }

    /// Bytes that were written to disk so far, by the process `pid` or for it; `None` if the system does not tell.
    pub(super) async fn written(&self, pid: u32) -> Result<Option<u64>, Failure> {
        match &self.place {
            Place::Sqlite => Ok(process::written(pid)),
            Place::Postgres(server) => server.written().await.map(Some),
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Removes the database and the folder.
    pub(super) async fn remove(self) -> Result<(), Failure> {
        if let (Place::Postgres(server), Some(database)) = (&self.place, &self.database) {
            server.drop(database).await?;
        }
        self.folder
            .close()
            .map_err(|error| Failure::caused(Exit::Local, "the folder of a measurement cannot be removed", &error))
    }
}

fn folder_in(parent: &Path) -> Result<TempDir, Failure> {
    let made = std::fs::create_dir_all(parent)
        .and_then(|()| parent.canonicalize())
        .and_then(|parent| tempfile::Builder::new().prefix("run-").tempdir_in(parent));
    made.map_err(|error| {
        Failure::caused(Exit::Local, format!("no folder can be made in {}", parent.display()), &error)
            .hint("name another with --folder")
    })
}
