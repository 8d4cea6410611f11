//! The store's methods for reviews, and for what leaves the tower.

use jct_contract::RunId;
use jct_cwom::{EvidencePack, ReviewDecision};
use jct_lifecycle::LeaseRef;

use crate::command::{Answer, Command, RecordAnswer};
use crate::model::{
    EgressRecord, NewPush, NewReview, Page, PageStart, PendingReview, ReviewAnswer, RunContext, RunPlace,
};
use crate::{Store, StoreError};

impl Store {
    /// Decides about a run: the decision, where the run and its issue go, and the task that does the work again, all or
    /// nothing. Of several decisions at once, one wins.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn decide_review(&self, new: NewReview) -> Result<ReviewAnswer, StoreError> {
        match self.engine.write(Command::Review(Box::new(new))).await? {
            Answer::Reviewed(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Runs that wait for a review, oldest first. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn pending_reviews(&self, start: PageStart, limit: u32) -> Result<Page<PendingReview>, StoreError> {
        self.engine.pending_reviews(start, limit).await
    }

    /// Everything that belongs to a run of a task; `None` if there is no such run, or no task stands behind it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn run_place(&self, id: RunId) -> Result<Option<RunPlace>, StoreError> {
        self.engine.run_place(id).await
    }

    /// What a run is given to work with; `None` if there is no such run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn run_context(&self, id: RunId) -> Result<Option<RunContext>, StoreError> {
        self.engine.run_context(id).await
    }

    /// What was found out about a run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn evidence_of(&self, run: RunId) -> Result<Option<EvidencePack>, StoreError> {
        self.engine.evidence_of(run).await
    }

    /// What was decided about a run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn review_of(&self, run: RunId) -> Result<Option<ReviewDecision>, StoreError> {
        self.engine.review_of(run).await
    }

    /// Notes requests that a running attempt made to the world, one audit entry each. A write without its lease is
    /// refused like every other.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn record_egress(&self, lease: LeaseRef, records: Vec<EgressRecord>) -> Result<RecordAnswer, StoreError> {
        match self.engine.write(Command::Egress { lease, records }).await? {
            Answer::Recorded(answer) => Ok(answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Notes that a commit of a run was pushed, as an artifact of the run; false if there is no such run, or the same
    /// push is known already.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn record_push(&self, push: NewPush) -> Result<bool, StoreError> {
        match self.engine.write(Command::Push(Box::new(push))).await? {
            Answer::Done(done) => Ok(done),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }
}
