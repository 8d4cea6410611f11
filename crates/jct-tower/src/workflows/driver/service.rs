//! The driver: finds runs that have to be looked at, and drives a few of them at once. Several processes may do it; a run
//! whose driver died is left to the others when its lease ends.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jct_contract::{Timestamp, WorkerId, WorkflowRunId};
use jct_event::WorkflowRunStatus;
use jct_store::StoreError;
use jct_store::model::{AdvanceAnswer, ClaimedRun, NewRunEnd, RunAdvance, RunClaim, RunThen, WorkflowSteps};

use super::super::book::{Book, BrokenBook};
use super::drive::Drive;
use super::tasks::call_off;
use crate::Tower;
use crate::status::Service;
use crate::work::{Causes, Rest};

/// Runs that are looked for at once.
const BATCH: u32 = 50;
/// Runs that are driven at once.
const AT_ONCE: usize = 4;
/// Nothing that is done under one lease takes longer, but for a database that does not answer.
const LEASE: Duration = Duration::from_secs(15);
/// Changes in this time after a look are looked at together.
const GATHER: Duration = Duration::from_millis(2);
/// Runs whose facts are kept in memory; beyond that all are read anew.
const BOOKS: usize = 64;

/// Drives runs of workflows.
#[derive(Debug)]
pub struct WorkflowDriver {
    tower: Tower,
    holder: WorkerId,
    lease: Duration,
    /// Runs as they were when this process gave them back. Facts only grow, so that what was read of them stays right.
    books: Mutex<HashMap<WorkflowRunId, Book>>,
    service: Option<Service>,
}

impl WorkflowDriver {
    /// A driver that hands the tasks of steps in to this tower.
    #[must_use]
    pub fn new(tower: Tower) -> Self {
        let holder = WorkerId::at(tower.clock().now());
        Self { tower, holder, lease: LEASE, books: Mutex::default(), service: None }
    }

    /// The same with leases of another length.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Drives runs for as long as the future is polled. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut rest = Rest::new(self.tower.store(), GATHER, "driving workflows", self.service.as_ref());
        loop {
            let driven = self.drive_due().await;
            let next = driven.as_ref().ok().copied().flatten();
            rest.note(&driven.map(drop));
            match next {
                None => rest.rest().await,
                Some(next) => rest.rest_at_most(self.until(next).await).await,
            }
        }
    }

    /// Drives every run that is due; when the next one will be though nothing happens. Writes only if there is one.
    ///
    /// # Errors
    /// [`StoreError`] if runs cannot be looked for. A run that cannot be driven just now is left until its lease ends.
    pub async fn drive_due(&self) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let due = self.tower.store().workflow_runs_due(BATCH).await?;
            if due.runs.is_empty() {
                return Ok(due.next);
            }
            stream::iter(due.runs).for_each_concurrent(AT_ONCE, |run| self.drive(run)).await;
        }
    }

    async fn until(&self, next: Timestamp) -> Duration {
        // A clock that cannot be read is no reason to wait shorter than usual.
        self.tower.store().now().await.map_or(Duration::MAX, |now| next.since(now))
    }

    /// Drives one run, if nobody else does.
    async fn drive(&self, run_id: WorkflowRunId) {
        let claim = RunClaim { run_id, holder: self.holder, lease: self.lease };
        let driven = match self.tower.store().workflow_run_claim(claim).await {
            Ok(None) => return,
            Ok(Some(claimed)) => self.drive_claimed(&claimed).await,
            Err(error) => Err(error),
        };
        if let Err(error) = driven {
            log::warn!(run_id:% = run_id, cause:% = Causes(&error); "a workflow run cannot be driven just now");
        }
    }

    async fn drive_claimed(&self, claimed: &ClaimedRun) -> Result<(), StoreError> {
        let run = &claimed.run;
        let before = self.books().remove(&run.id).filter(|book| book.facts <= run.facts);
        let book = match Book::read(self.tower.workflow_catalog(), run, before).await? {
            Ok(book) => book,
            Err(why) => return self.give_up(claimed, &why).await,
        };
        let mut drive = Drive { tower: &self.tower, claimed, book, lease: self.lease };
        if drive.run().await?.is_ok() {
            let mut books = self.books();
            if books.len() >= BOOKS {
                books.clear();
            }
            books.insert(claimed.run.id, drive.book);
        } else {
            log::warn!(run_id:% = claimed.run.id; "a workflow run was driven too slowly and is left to others");
        }
        Ok(())
    }

    /// Ends a run that nobody can drive, so that it does not come again and again.
    async fn give_up(&self, claimed: &ClaimedRun, why: &BrokenBook) -> Result<(), StoreError> {
        let ClaimedRun { lease, run } = claimed;
        let error = Causes(why).to_string();
        log::error!(run_id:% = run.id, cause = error.as_str(); "a workflow run cannot be driven and is given up");
        let open = self.tower.store().workflow_steps(run.id, WorkflowSteps::Open).await?;
        let tasks: Vec<_> = open.iter().map(|task| task.task_id).collect();
        call_off(&self.tower, &tasks).await?;
        let advance = RunAdvance {
            lease: *lease,
            facts_before: run.facts,
            facts: Vec::new(),
            status: WorkflowRunStatus::Failed,
            end: Some(NewRunEnd { result: None, error: Some(error) }),
            opened: Vec::new(),
            cancelled: Vec::new(),
            closed: tasks,
            knows_cancel: true,
            then: RunThen::Hold(self.lease),
        };
        let answer = self.tower.store().workflow_run_advance(advance).await?;
        if answer == AdvanceAnswer::Stale {
            log::warn!(run_id:% = run.id; "a workflow run was given up too slowly and is left to others");
        }
        Ok(())
    }

    fn books(&self) -> MutexGuard<'_, HashMap<WorkflowRunId, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
