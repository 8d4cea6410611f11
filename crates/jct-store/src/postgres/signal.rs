//! Wake-ups across processes: NOTIFY, coalesced and outside the writers' transactions, and LISTEN.
//!
//! A NOTIFY inside each commit would take a database-wide lock each time. Here one connection sends at most one every
//! few milliseconds, however many commits there were; and it is only a hint, since whoever waits also polls.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use tokio::sync::Notify;

use super::Conn;
use super::connection::establish;
use crate::wake::Waker;

/// Changes within this time are told as one.
const COALESCE: Duration = Duration::from_millis(2);
/// The wait before connecting again.
const RECONNECT: Duration = Duration::from_secs(2);

/// Tells the other processes that something changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Signal(Arc<Notify>);

impl Signal {
    pub(super) fn raise(&self) {
        self.0.notify_one();
    }

    /// Sends until the task that runs it ends.
    pub(super) async fn send(self, url: Arc<str>) {
        loop {
            if let Ok(mut conn) = establish(&url).await {
                loop {
                    self.0.notified().await;
                    if diesel::sql_query("NOTIFY jct_changes").execute(&mut conn).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(COALESCE).await;
                }
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }
}

/// Wakes everybody in this process when another one told of a change.
pub(super) async fn listen(url: Arc<str>, waker: Waker) {
    loop {
        match establish(&url).await {
            Ok(conn) => listen_on(conn, &waker).await,
            Err(error) => log::debug!("no wake-ups from other processes, polling goes on: {error}"),
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_on(mut conn: Conn, waker: &Waker) {
    if conn.batch_execute("LISTEN jct_changes").await.is_err() {
        return;
    }
    // Whatever happened while nobody listened.
    waker.wake();
    let mut notifications = std::pin::pin!(conn.notifications_stream());
    while let Some(Ok(_)) = notifications.next().await {
        waker.wake();
    }
}
