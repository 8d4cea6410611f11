//! What a transaction needs beside its connection and its commands.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};

use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use crate::additions::Additions;
use crate::journal::Journal;
use crate::rows::ReadyRow;
use crate::types::Id;

/// The moment and the shared counters of one transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// Sampled after the writer got its turn: waiting for it must not eat into a lease.
    pub(crate) now: Timestamp,
    /// The life of the database: fences of another one count for nothing.
    pub(crate) epoch: i64,
    pub(crate) shared: &'a Shared,
}

impl Context<'_> {
    /// What a step of this transaction adds: nothing yet.
    pub(crate) fn additions(&self) -> Additions {
        Additions::new(Journal::new(self.now, self.shared.audit))
    }

    /// The leases that were handed out in this life of the database.
    pub(crate) fn of_this_epoch(&self, leases: &[LeaseRef]) -> Vec<LeaseRef> {
        leases.iter().copied().filter(|lease| lease.fence.epoch == self.epoch || cfg!(jct_broken_fence)).collect()
    }

    /// Rows went back to the queue. Where they do not sort behind the bound of their lane, the next claim reads its front again.
    pub(crate) fn went_back(&self, rows: &[ReadyRow]) {
        let mut bounds = self.shared.claim_bounds();
        for row in rows {
            if bounds.after.get(&row.lane_id).is_some_and(|after| (row.run_at, row.task_id) <= *after) {
                bounds.after.remove(&row.lane_id);
            }
        }
    }
}

/// What the writers of one process share.
#[derive(Debug)]
pub(crate) struct Shared {
    audit: bool,
    last_created_at: AtomicI64,
    claim_bounds: Mutex<ClaimBounds>,
}

impl Shared {
    pub(crate) fn new(audit: bool) -> Self {
        Self { audit, last_created_at: AtomicI64::default(), claim_bounds: Mutex::default() }
    }

    pub(crate) fn claim_bounds(&self) -> MutexGuard<'_, ClaimBounds> {
        self.claim_bounds.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A creation time no task of this process has: `now`, or the next free microsecond. Task ids carry it, so tasks
    /// handed in together keep their order.
    pub(crate) fn next_created_at(&self, now: Timestamp) -> Timestamp {
        let now = now.as_micros();
        let next = |last: i64| Some(now.max(last.saturating_add(1)));
        let last = self.last_created_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(now);
        Timestamp::from_micros(now.max(last.saturating_add(1)))
    }
}

/// How far the lanes have been claimed. While a long transaction keeps dead rows visible, a claim that starts at the
/// front of a lane reads all of them again; one that starts here does not.
#[derive(Debug, Default)]
pub(crate) struct ClaimBounds {
    /// The last place taken in each lane.
    pub(crate) after: HashMap<i64, (i64, Id)>,
    /// When the lanes were last read from their fronts, which must happen every now and then: rows that came late or went
    /// back may sort before the bound.
    pub(crate) probed_at: i64,
    /// When the last control was lifted, as far as the bounds know: what it held back may sort before them.
    pub(crate) lifted_at: Option<i64>,
}
