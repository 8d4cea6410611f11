//! Claims on request, as a task of its own: a claim that is dropped half way would leave tasks leased that nobody
//! runs, and the dispatcher must never wait for one.

use jct_store::StoreError;
use jct_store::model::ClaimedTask;
use jct_tower::work::{Outage, WorkFeed};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A request for tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The most tasks to claim.
    pub(crate) limit: u32,
    /// Whether to wait until there are some, however long it takes.
    pub(crate) wait: bool,
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Claimed {
    /// A moment before the claim: leases count from here.
    pub(crate) asked_at: Instant,
    /// Empty only if there was nothing to do and the request did not wait, or the claimer was stopped.
    pub(crate) tasks: Vec<ClaimedTask>,
    /// Why a request that does not wait could not be answered.
    pub(crate) failure: Option<StoreError>,
}

pub(crate) struct Claimer {
    pub(crate) feed: WorkFeed,
    pub(crate) asks: mpsc::Receiver<Ask>,
    pub(crate) answers: mpsc::Sender<Claimed>,
    /// Ends the wait for tasks, never a claim.
    pub(crate) stop: CancellationToken,
}

impl Claimer {
    /// Answers each request once, until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        while let Some(ask) = self.asks.recv().await {
            let answer = self.answer(ask).await;
            if self.answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&mut self, ask: Ask) -> Claimed {
        let mut outage = Outage::new("looking for work", None).begins("cannot look for work");
        loop {
            let asked_at = Instant::now();
            let taken = self.feed.take(ask.limit).await;
            match taken {
                // A store that was closed never opens again.
                Err(failure) if !ask.wait || matches!(failure, StoreError::Closed) => {
                    return Claimed { asked_at, tasks: Vec::new(), failure: Some(failure) };
                }
                taken => {
                    outage.note(&taken);
                    if let Ok(tasks) = taken
                        && (!tasks.is_empty() || !ask.wait)
                    {
                        return Claimed { asked_at, tasks, failure: None };
                    }
                }
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Claimed { asked_at, tasks: Vec::new(), failure: None },
                _ = self.feed.rest() => {}
            }
        }
    }
}
