//! Finding due tasks without writing while there are none.

use std::sync::Arc;

use jct_store::model::{Claim, ClaimedTask, DueWork};
use jct_store::{StoreError, Wake};

use super::{PollInterval, WorkStore};

/// One worker's view of the queue: [`WorkFeed::take`] looks once, [`WorkFeed::rest`] waits until looking again may
/// help.
pub struct WorkFeed {
    store: Arc<dyn WorkStore>,
    claim: Claim,
    /// INVARIANT: subscribed before the first look, so that a change between a look and a rest ends the rest at once.
    wake: Wake,
    poll: PollInterval,
    /// The last claim was filled: there is probably more, and looking first would only cost time.
    busy: bool,
    /// The last look saw something due that this worker did not get.
    outrun: bool,
}

impl WorkFeed {
    /// A feed that claims as `claim` says; its limit is given with each look instead.
    #[must_use]
    pub fn new(store: Arc<dyn WorkStore>, claim: Claim) -> Self {
        let wake = store.wake();
        Self { store, claim, wake, poll: PollInterval::new(), busy: false, outrun: false }
    }

    /// Leases up to `limit` tasks that are due now; empty when there are none. Writes only when there are some.
    ///
    /// Must not be dropped half way: tasks that were leased but not handed over stay leased until their leases end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read or written.
    pub async fn take(&mut self, limit: u32) -> Result<Vec<ClaimedTask>, StoreError> {
        self.outrun = false;
        if !self.busy {
            match self.store.due_work(&self.claim).await? {
                DueWork::Free => {}
                due => {
                    self.outrun = due == DueWork::KeptForOthers;
                    return Ok(Vec::new());
                }
            }
        }
        self.busy = false;
        let tasks = self.store.claim(Claim { limit, ..self.claim.clone() }).await?;
        self.busy = u32::try_from(tasks.len()).is_ok_and(|taken| taken == limit);
        self.outrun = tasks.is_empty();
        if !tasks.is_empty() {
            self.poll.reset();
        }
        Ok(tasks)
    }

    /// Whether the last look saw something due and got none of it: others were faster, or it is kept for another worker.
    #[must_use]
    pub const fn was_outrun(&self) -> bool {
        self.outrun
    }

    /// Waits until something changed in the store, at most until the next poll is due; says whether something did. May
    /// be dropped at any time.
    pub async fn rest(&mut self) -> bool {
        let limit = self.poll.wait(rand::random());
        let changed = self.wake.changed(limit).await;
        if changed {
            self.poll.reset();
        }
        changed
    }
}

impl std::fmt::Debug for WorkFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkFeed").field("claim", &self.claim).field("poll", &self.poll).finish_non_exhaustive()
    }
}
