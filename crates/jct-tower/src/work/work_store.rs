//! The seam between work and the database.
//!
//! [`Store`] is the only implementation that ships. The trait names the few calls that a worker makes, so that a test
//! can put a fault between the worker and a real store.

use std::time::Duration;

use async_trait::async_trait;
use jct_contract::{RunId, WorkerId};
use jct_lifecycle::{LeaseRef, RetryPolicy};
use jct_store::model::{
    Claim, ClaimedTask, DueWork, EgressRecord, HeartbeatAnswer, NewEvent, NewWorker, Reaped, SettleAnswer, Settlement,
};
use jct_store::{RecordAnswer, Store, StoreError, Wake};

use super::background::{Background, background_of};

/// The calls of a worker; each means what the method of [`Store`] with the same name means.
#[async_trait]
pub trait WorkStore: Send + Sync {
    /// A subscription to changes.
    fn wake(&self) -> Wake;
    /// What this claim would find now. A read.
    async fn due_work(&self, claim: &Claim) -> Result<DueWork, StoreError>;
    /// Leases due tasks.
    async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedTask>, StoreError>;
    /// Renews leases; one answer each, in order.
    async fn heartbeat(
        &self,
        worker_id: WorkerId,
        leases: Vec<LeaseRef>,
        lease: Duration,
    ) -> Result<Vec<HeartbeatAnswer>, StoreError>;
    /// Appends events of a running attempt.
    async fn record(&self, lease: LeaseRef, events: Vec<NewEvent>) -> Result<RecordAnswer, StoreError>;
    /// Notes requests that a running attempt made to the world.
    async fn record_egress(&self, lease: LeaseRef, records: Vec<EgressRecord>) -> Result<RecordAnswer, StoreError>;
    /// What a run was opened with.
    async fn background(&self, run: RunId) -> Result<Background, StoreError>;
    /// Ends an attempt.
    async fn settle(&self, settlement: Settlement) -> Result<SettleAnswer, StoreError>;
    /// Ends leases that ran out.
    async fn reap(&self, retry: RetryPolicy, limit: u32, jitter: f64) -> Result<Vec<Reaped>, StoreError>;
    /// Registers a worker process.
    async fn worker_started(&self, worker: NewWorker) -> Result<(), StoreError>;
    /// Updates the presence of a worker process.
    async fn worker_seen(&self, id: WorkerId) -> Result<(), StoreError>;
    /// Notes that a worker process said goodbye.
    async fn worker_stopped(&self, id: WorkerId) -> Result<(), StoreError>;
}

#[async_trait]
impl WorkStore for Store {
    fn wake(&self) -> Wake {
        Store::wake(self)
    }

    async fn due_work(&self, claim: &Claim) -> Result<DueWork, StoreError> {
        Store::due_work(self, claim).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedTask>, StoreError> {
        Store::claim(self, claim).await
    }

    async fn heartbeat(
        &self,
        worker_id: WorkerId,
        leases: Vec<LeaseRef>,
        lease: Duration,
    ) -> Result<Vec<HeartbeatAnswer>, StoreError> {
        Store::heartbeat(self, worker_id, leases, lease).await
    }

    async fn record(&self, lease: LeaseRef, events: Vec<NewEvent>) -> Result<RecordAnswer, StoreError> {
        Store::record(self, lease, events).await
    }

    async fn record_egress(&self, lease: LeaseRef, records: Vec<EgressRecord>) -> Result<RecordAnswer, StoreError> {
        Store::record_egress(self, lease, records).await
    }

    async fn background(&self, run: RunId) -> Result<Background, StoreError> {
        background_of(self, run).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<SettleAnswer, StoreError> {
        Store::settle(self, settlement).await
    }

    async fn reap(&self, retry: RetryPolicy, limit: u32, jitter: f64) -> Result<Vec<Reaped>, StoreError> {
        Store::reap(self, retry, limit, jitter).await
    }

    async fn worker_started(&self, worker: NewWorker) -> Result<(), StoreError> {
        Store::worker_started(self, worker).await
    }

    async fn worker_seen(&self, id: WorkerId) -> Result<(), StoreError> {
        Store::worker_seen(self, id).await
    }

    async fn worker_stopped(&self, id: WorkerId) -> Result<(), StoreError> {
        Store::worker_stopped(self, id).await
    }
}
