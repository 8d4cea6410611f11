//! A store that can be told to forget leases, as the real one does when they ran out or a backup was restored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jct_contract::{RunId, WorkerId};
use jct_lifecycle::{LeaseRef, RetryPolicy};
use jct_store::model::{
    Claim, ClaimedTask, DueWork, EgressRecord, HeartbeatAnswer, NewEvent, NewWorker, Reaped, SettleAnswer, Settlement,
};
use jct_store::{RecordAnswer, Store, StoreError, Wake};
use jct_tower::work::{Background, WorkStore};

/// Passes everything on, but heartbeats only until it forgets.
pub(crate) struct LosingStore {
    pub(crate) store: Store,
    /// Whether heartbeats are refused.
    pub(crate) forgets: Arc<AtomicBool>,
}

#[async_trait]
impl WorkStore for LosingStore {
    fn wake(&self) -> Wake {
        self.store.wake()
    }

    async fn due_work(&self, claim: &Claim) -> Result<DueWork, StoreError> {
        self.store.due_work(claim).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedTask>, StoreError> {
        self.store.claim(claim).await
    }

    async fn heartbeat(
        &self,
        worker_id: WorkerId,
        leases: Vec<LeaseRef>,
        lease: Duration,
    ) -> Result<Vec<HeartbeatAnswer>, StoreError> {
        if self.forgets.load(Ordering::SeqCst) {
            return Ok(vec![HeartbeatAnswer::Lost; leases.len()]);
        }
        self.store.heartbeat(worker_id, leases, lease).await
    }

    async fn record(&self, lease: LeaseRef, events: Vec<NewEvent>) -> Result<RecordAnswer, StoreError> {
        self.store.record(lease, events).await
    }

    async fn record_egress(&self, lease: LeaseRef, records: Vec<EgressRecord>) -> Result<RecordAnswer, StoreError> {
        self.store.record_egress(lease, records).await
    }

    async fn background(&self, run: RunId) -> Result<Background, StoreError> {
        self.store.background(run).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<SettleAnswer, StoreError> {
        self.store.settle(settlement).await
    }

    async fn reap(&self, retry: RetryPolicy, limit: u32, jitter: f64) -> Result<Vec<Reaped>, StoreError> {
        self.store.reap(retry, limit, jitter).await
    }

    async fn worker_started(&self, worker: NewWorker) -> Result<(), StoreError> {
        self.store.worker_started(worker).await
    }

    async fn worker_seen(&self, id: WorkerId) -> Result<(), StoreError> {
        self.store.worker_seen(id).await
    }

    async fn worker_stopped(&self, id: WorkerId) -> Result<(), StoreError> {
        self.store.worker_stopped(id).await
    }
}
