//! Carries decisions about requests to the world into the audit log, as they are made and under the attempt's lease.

use std::time::Duration;

use jct_exec::{EgressDecision, EgressSink};
use jct_store::RecordAnswer;
use jct_store::model::EgressRecord;
use jct_tower::work::Causes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::relay::Relay;
use super::tag::tagged;

/// Decisions sent together at most.
const BATCH: usize = 64;
/// Between two tries while the database is away.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The end that the broker knows. Unbounded, because no decision may be lost; each stands for a request of an agent, of
/// which there are few.
pub(crate) struct Decisions(mpsc::UnboundedSender<EgressRecord>);

/// The other end.
pub(crate) type Decided = mpsc::UnboundedReceiver<EgressRecord>;

impl Decisions {
    pub(crate) fn channel() -> (Self, Decided) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

impl EgressSink for Decisions {
    fn decided(&self, decision: EgressDecision) {
        let EgressDecision { agent, host, port, method, path, allowed, reason } = decision;
        // Nobody listens any more only when the lease is gone, and with it the right to write.
        drop(self.0.send(EgressRecord { agent, host, port, method, path, allowed, reason }));
    }
}

impl Relay {
    /// Sends decisions until the work that makes them has ended and all are kept, or the lease is gone. When they cannot
    /// be kept for as long as a lease lasts, the lease has run out meanwhile, and the work is ended: nothing leaves the
    /// sandbox unrecorded.
    pub(crate) async fn run_decisions(&self, mut decided: Decided, lease: Duration) {
        let mut batch = Vec::new();
        while decided.recv_many(&mut batch, BATCH).await > 0 {
            let records = std::mem::take(&mut batch);
            let give_up_at = Instant::now() + lease;
            while !self.revoked.is_cancelled() {
                match self.store.record_egress(self.lease, records.clone()).await {
                    Ok(RecordAnswer::Recorded { .. }) => break,
                    Ok(RecordAnswer::Stale) => self.revoked.cancel(),
                    // An entry twice says what happened; none at all would hide it.
                    Err(_) if Instant::now() > give_up_at => self.revoked.cancel(),
                    Err(error) => {
                        tagged!(warn, self.tag, cause:% = Causes(&error); "cannot note requests to the world yet");
                        sleep(TRY_AGAIN).await;
                    }
                }
            }
        }
    }
}
