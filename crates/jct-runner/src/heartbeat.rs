//! Renewing all leases of a worker in one call, as a task of its own, so that a slow database holds up nobody.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::WorkerId;
use jct_lifecycle::LeaseRef;
use jct_store::StoreError;
use jct_store::model::HeartbeatAnswer;
use jct_tower::work::WorkStore;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// What one heartbeat learnt.
#[derive(Debug)]
pub(crate) struct Heard {
    /// A moment before the heartbeat: renewed leases count from here.
    pub(crate) asked_at: Instant,
    /// One answer for each lease, or why there is none.
    pub(crate) answers: Result<Vec<(LeaseRef, HeartbeatAnswer)>, Unheard>,
}

/// A heartbeat without an answer; the leases are as they were.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unheard {
    #[error("the heartbeat failed")]
    Store(#[source] StoreError),
    #[error("the heartbeat was not answered within {limit:?}")]
    TooSlow { limit: Duration },
    #[error("the store answered {answers} of {leases} leases")]
    Incomplete { answers: usize, leases: usize },
}

/// Sends one heartbeat and hands on what it learnt.
pub(crate) fn beat(
    store: Arc<dyn WorkStore>,
    worker_id: WorkerId,
    leases: Vec<LeaseRef>,
    lease: Duration,
    heard: mpsc::Sender<Heard>,
) {
    tokio::spawn(async move {
        let asked_at = Instant::now();
        // After a whole lease no answer could renew anything any more.
        let answered = timeout(lease, store.heartbeat(worker_id, leases.clone(), lease)).await;
        let answers = match answered {
            Err(_) => Err(Unheard::TooSlow { limit: lease }),
            Ok(Err(error)) => Err(Unheard::Store(error)),
            Ok(Ok(answers)) if answers.len() != leases.len() => {
                Err(Unheard::Incomplete { answers: answers.len(), leases: leases.len() })
            }
            Ok(Ok(answers)) => Ok(leases.into_iter().zip(answers).collect()),
        };
        // A dispatcher that is gone holds no lease any more.
        let _ = heard.send(Heard { asked_at, answers }).await;
    });
}
