//! The engine's handle: a channel to the writer thread, a pool of readers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use futures_util::FutureExt;
use futures_util::future::ready;
use jct_contract::{Clock, SystemClock, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Conn;
use super::connection::{OnTheSpot, establish_reader, establish_writer, lock_file};
use super::watch::watch;
use super::writer::Writer;
use crate::context::Shared;
use crate::wake::Waker;
use crate::writer::Job;
use crate::{OpenError, StoreError, StoreOptions};

pub(crate) struct SqliteEngine {
    pub(crate) jobs: Mutex<Option<mpsc::Sender<Job>>>,
    readers: Pool<Conn>,
    clock: Arc<dyn Clock>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    watcher: JoinHandle<()>,
    runtime: Handle,
}

/// Commands that may wait for the writer before callers have to.
const QUEUE_LENGTH: usize = 4_096;

impl std::fmt::Debug for SqliteEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteEngine").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl SqliteEngine {
    pub(crate) fn open(path: &Path, options: &StoreOptions, waker: &Waker) -> Result<Self, OpenError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Connect {
            database: format!("sqlite:{}", path.display()),
            source,
        };
        let clock = options.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        let conn = establish_writer(path).map_err(|error| failed(error.into()))?;
        let writer = Writer {
            conn: SyncConnectionWrapper::with_runtime(conn, OnTheSpot),
            lock: lock_file(path).map_err(|error| failed(error.into()))?,
            latest: clock.now(),
            clock: Arc::clone(&clock),
            shared: Shared::new(options.audit),
            waker: waker.clone(),
        };
        let readers = readers(path.to_owned(), options.read_connections).map_err(|error| failed(error.into()))?;
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        let thread = std::thread::Builder::new()
            .name("jct-writer".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(|error| failed(error.into()))?;
        let watcher = tokio::spawn(watch(path.to_owned(), waker.clone()));
        let runtime = Handle::current();
        Ok(Self { jobs: Mutex::new(Some(sender)), readers, clock, thread: Mutex::new(Some(thread)), watcher, runtime })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs a read on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut conn = self.readers.get().await.map_err(StoreError::unavailable)?;
        self.runtime.spawn_blocking(move || read(&mut conn)).await.map_err(StoreError::unavailable)?
    }

    pub(crate) async fn close(&self) {
        self.watcher.abort();
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread ends by itself: its senders are gone.
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
        self.readers.close();
    }
}

impl Drop for SqliteEngine {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

fn readers(path: PathBuf, size: usize) -> Result<Pool<Conn>, StoreError> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| ready(establish_reader(&path)).boxed());
    let manager = AsyncDieselConnectionManager::<Conn>::new_with_config("", config);
    Pool::builder(manager).max_size(size.max(1)).build().map_err(StoreError::unavailable)
}
