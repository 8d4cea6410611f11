//! The engine's handle: a channel to the writers, a pool for reads, the wake-up tasks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use futures_util::FutureExt;
use jct_contract::{Clock, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Conn;
use super::connection::establish;
use super::signal::{Signal, listen};
use super::writer::{Writer, server_time};
use crate::context::Shared;
use crate::wake::Waker;
use crate::writer::Job;
use crate::{DatabaseUrl, OpenError, StoreError, StoreOptions};

pub(crate) struct PostgresEngine {
    pub(crate) jobs: Mutex<Option<mpsc::Sender<Job>>>,
    readers: Pool<Conn>,
    clock: Option<Arc<dyn Clock>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    helpers: Vec<JoinHandle<()>>,
}

/// Commands that may wait for a writer before callers have to.
const QUEUE_LENGTH: usize = 4_096;
/// How long a read waits for a connection of the pool.
const POOL_TIMEOUT: Duration = Duration::from_secs(10);

impl std::fmt::Debug for PostgresEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresEngine").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl PostgresEngine {
    pub(crate) async fn open(
        url: &DatabaseUrl,
        address: &str,
        options: &StoreOptions,
        waker: &Waker,
    ) -> Result<Self, OpenError> {
        let address: Arc<str> = address.into();
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Connect { database: url.to_string(), source };
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        let signal = Signal::default();
        let writer = Writer {
            url: Arc::clone(&address),
            jobs: Arc::new(tokio::sync::Mutex::new(receiver)),
            clock: options.clock.clone(),
            shared: Arc::new(Shared::new(options.audit)),
            waker: waker.clone(),
            signal: signal.clone(),
        };
        let mut writers = Vec::new();
        for _ in 0..options.writers.max(1) {
            let conn = establish(&address).await.map_err(|error| failed(error.into()))?;
            writers.push(tokio::spawn(writer.clone().run(Some(conn))));
        }
        let helpers = vec![
            tokio::spawn(signal.send(Arc::clone(&address))),
            tokio::spawn(listen(Arc::clone(&address), waker.clone())),
        ];
        let readers = readers(address, options.read_connections).map_err(|error| failed(error.into()))?;
        let (jobs, writers) = (Mutex::new(Some(sender)), Mutex::new(writers));
        Ok(Self { jobs, readers, clock: options.clock.clone(), writers, helpers })
    }

    pub(crate) fn pool(&self) -> Pool<Conn> {
        self.readers.clone()
    }

    pub(crate) fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.clock.clone()
    }

    pub(crate) async fn close(&self) {
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for writer in writers {
            // A writer ends by itself: its senders are gone.
            drop(writer.await);
        }
        self.helpers.iter().for_each(JoinHandle::abort);
        self.readers.close();
    }
}

impl Drop for PostgresEngine {
    fn drop(&mut self) {
        self.helpers.iter().for_each(JoinHandle::abort);
    }
}

/// A connection for a read.
pub(crate) async fn reader(pool: &Pool<Conn>) -> Result<Object<Conn>, StoreError> {
    match tokio::time::timeout(POOL_TIMEOUT, pool.get()).await {
        Ok(conn) => conn.map_err(StoreError::unavailable),
        Err(elapsed) => Err(StoreError::unavailable(elapsed)),
    }
}

/// The time leases are judged by.
pub(crate) async fn now(conn: &mut Conn, clock: Option<Arc<dyn Clock>>) -> Result<Timestamp, StoreError> {
    match clock {
        Some(clock) => Ok(clock.now()),
        None => server_time(conn).await,
    }
}

fn readers(address: Arc<str>, size: usize) -> Result<Pool<Conn>, StoreError> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let address = Arc::clone(&address);
        async move { establish(&address).await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<Conn>::new_with_config("", config);
    Pool::builder(manager).max_size(size.max(1)).build().map_err(StoreError::unavailable)
}
