//! Connections to the file, and the lock that lets two processes take turns on it.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::Conn;
use crate::StoreError;

/// Runs what it is given at once, on the calling thread.
pub(crate) struct OnTheSpot;

impl SpawnBlocking for OnTheSpot {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// Drives a future whose every await is [`OnTheSpot`]: it is ready at the first look.
pub(crate) fn complete<T>(future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    future.now_or_never().unwrap_or_else(|| Err(StoreError::corrupt("a query on SQLite had to wait")))
}

/// WAL with full synchronisation: a commit that was acknowledged survives the power cord.
const WRITER_SETUP: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";
const READER_SETUP: &str = "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA cache_size = -2000; \
     PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;";

pub(crate) fn establish_writer(path: &Path) -> ConnectionResult<SqliteConnection> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            ConnectionError::BadConnection(format!("failed to make the folder {}: {error}", folder.display()))
        })?;
    }
    establish(path, WRITER_SETUP)
}

pub(super) fn establish_reader(path: &Path) -> ConnectionResult<Conn> {
    Ok(SyncConnectionWrapper::with_runtime(establish(path, READER_SETUP)?, OnTheSpot))
}

fn establish(path: &Path, setup: &str) -> ConnectionResult<SqliteConnection> {
    let path = path.to_str().ok_or_else(|| ConnectionError::BadConnection("the path is not UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(path)?;
    let deadline = Instant::now() + SETUP_PATIENCE;
    while let Err(error) = conn.batch_execute(setup) {
        if !is_locked(&error) || Instant::now() > deadline {
            return Err(ConnectionError::CouldntSetupConfiguration(error));
        }
        std::thread::sleep(SETUP_PAUSE);
    }
    Ok(conn)
}

/// How long a connection may try to be set up, and how long it pauses between two tries. Changing to WAL takes a lock
/// for which SQLite does not ask its busy handler: of processes that start together, all but one are refused at once.
const SETUP_PATIENCE: Duration = Duration::from_secs(10);
const SETUP_PAUSE: Duration = Duration::from_millis(5);

/// Diesel has no kind for a lock that another connection holds; SQLite's words for it have been these for ever.
fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, info) if info.message().ends_with("is locked"))
}

/// The file whose lock is the right to write. SQLite's own busy handler has no queue: competing writers can starve for
/// seconds.
pub(crate) fn lock_file(path: &Path) -> std::io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push("-writer.lock");
    OpenOptions::new().create(true).truncate(false).write(true).open(name)
}
