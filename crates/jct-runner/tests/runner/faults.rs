//! A store with faults to order: a database that is away, answers that get lost, leases that vanish.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jct_contract::{RunId, WorkerId};
use jct_lifecycle::{LeaseRef, RetryPolicy};
use jct_store::model::{
    Claim, ClaimedTask, DueWork, EgressRecord, HeartbeatAnswer, NewEvent, NewWorker, Reaped, SettleAnswer, Settlement,
};
use jct_store::{RecordAnswer, Store, StoreError, Wake};
use jct_tower::work::{Background, WorkStore};

/// What goes wrong with one settlement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SettleFault {
    /// The database is away.
    Unavailable,
    /// It is written, and the answer gets lost.
    AnswerLost,
    /// The database refuses for good.
    Corrupt,
}

#[derive(Debug)]
pub(crate) struct FaultyStore {
    store: Store,
    settle_faults: Mutex<Vec<SettleFault>>,
    heartbeats_fail: AtomicBool,
    heartbeats_lose: AtomicBool,
    records_fail: AtomicUsize,
    records_stale: AtomicBool,
    claims_fail: AtomicBool,
    /// Calls that would write, other than the registration of the worker.
    pub(crate) claims: AtomicUsize,
    pub(crate) heartbeats: AtomicUsize,
    pub(crate) settlements: AtomicUsize,
}

impl FaultyStore {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            settle_faults: Mutex::default(),
            heartbeats_fail: AtomicBool::default(),
            heartbeats_lose: AtomicBool::default(),
            records_fail: AtomicUsize::default(),
            records_stale: AtomicBool::default(),
            claims_fail: AtomicBool::default(),
            claims: AtomicUsize::default(),
            heartbeats: AtomicUsize::default(),
            settlements: AtomicUsize::default(),
        }
    }

    /// The next settlements go wrong like this, in order.
    pub(crate) fn fail_settlements(&self, faults: impl IntoIterator<Item = SettleFault>) {
        let mut ordered: Vec<_> = faults.into_iter().collect();
        ordered.reverse();
        *self.settle_faults.lock().unwrap() = ordered;
    }

    /// From now on no heartbeat reaches the database, or it does again.
    pub(crate) fn fail_heartbeats(&self, fail: bool) {
        self.heartbeats_fail.store(fail, Ordering::SeqCst);
    }

    /// From now on every heartbeat learns that the lease is lost, or not any more.
    pub(crate) fn lose_leases(&self, lose: bool) {
        self.heartbeats_lose.store(lose, Ordering::SeqCst);
    }

    /// The next records of events fail.
    pub(crate) fn fail_records(&self, count: usize) {
        self.records_fail.store(count, Ordering::SeqCst);
    }

    /// From now on records of events learn that the lease is lost.
    pub(crate) fn refuse_records(&self) {
        self.records_stale.store(true, Ordering::SeqCst);
    }

    pub(crate) fn fail_claims(&self, fail: bool) {
        self.claims_fail.store(fail, Ordering::SeqCst);
    }
}

fn away() -> StoreError {
    StoreError::Unavailable("ordered by the test".into())
}

#[async_trait]
impl WorkStore for FaultyStore {
    fn wake(&self) -> Wake {
        self.store.wake()
    }

    async fn due_work(&self, claim: &Claim) -> Result<DueWork, StoreError> {
        self.store.due_work(claim).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedTask>, StoreError> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        if self.claims_fail.load(Ordering::SeqCst) { Err(away()) } else { self.store.claim(claim).await }
    }

    async fn heartbeat(
        &self,
        worker_id: WorkerId,
        leases: Vec<LeaseRef>,
        lease: Duration,
    ) -> Result<Vec<HeartbeatAnswer>, StoreError> {
        self.heartbeats.fetch_add(1, Ordering::SeqCst);
        if self.heartbeats_fail.load(Ordering::SeqCst) {
            return Err(away());
        }
        if self.heartbeats_lose.load(Ordering::SeqCst) {
            return Ok(vec![HeartbeatAnswer::Lost; leases.len()]);
        }
        self.store.heartbeat(worker_id, leases, lease).await
    }

    async fn record(&self, lease: LeaseRef, events: Vec<NewEvent>) -> Result<RecordAnswer, StoreError> {
        if self.records_stale.load(Ordering::SeqCst) {
            return Ok(RecordAnswer::Stale);
        }
        let failing = self.records_fail.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if failing.is_ok() { Err(away()) } else { self.store.record(lease, events).await }
    }

    async fn record_egress(&self, lease: LeaseRef, records: Vec<EgressRecord>) -> Result<RecordAnswer, StoreError> {
        self.store.record_egress(lease, records).await
    }

    async fn background(&self, run: RunId) -> Result<Background, StoreError> {
        self.store.background(run).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<SettleAnswer, StoreError> {
        self.settlements.fetch_add(1, Ordering::SeqCst);
        let fault = self.settle_faults.lock().unwrap().pop();
        match fault {
            None => self.store.settle(settlement).await,
            Some(SettleFault::Unavailable) => Err(away()),
            Some(SettleFault::Corrupt) => Err(StoreError::Corrupt { what: "ordered by the test".to_owned() }),
            Some(SettleFault::AnswerLost) => {
                self.store.settle(settlement).await?;
                Err(StoreError::OutcomeUnknown("ordered by the test".into()))
            }
        }
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
