//! A run with everything that is needed to decide about it.

use jct_contract::RunId;
use jct_cwom::{EvidencePack, Issue, ObjectKind, ReviewDecision, Run};
use jct_store::StoreError;
use jct_store::model::{RunPlace, WorkObject};

use crate::Tower;

/// A run and all that belongs to it.
#[derive(Clone, Debug)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// Its issue.
    pub issue: Issue,
    /// The attempt that it is, with evidence and review; absent if somebody made the run by hand.
    pub place: Option<RunPlace>,
}

/// Why there is no such view.
#[derive(Debug, thiserror::Error)]
pub enum RunViewError {
    /// There is no such run.
    #[error("no such run")]
    NotFound,
    /// The database failed.
    #[error("failed to read the run")]
    Store(#[from] StoreError),
}

impl RunView {
    /// What was found out about the run, once somebody has.
    #[must_use]
    pub fn pack(&self) -> Option<&EvidencePack> {
        self.place.as_ref()?.evidence.as_ref()
    }

    /// What was decided about the run, once somebody has.
    #[must_use]
    pub fn review(&self) -> Option<&ReviewDecision> {
        self.place.as_ref()?.review.as_ref()
    }
}

impl Tower {
    /// A run with everything that is needed to decide about it.
    ///
    /// # Errors
    /// [`RunViewError`].
    pub async fn run_view(&self, id: RunId) -> Result<RunView, RunViewError> {
        let found = self.store().object_get(ObjectKind::Run, id.into()).await?.map(|found| found.object);
        let Some(WorkObject::Run(run)) = found else { return Err(RunViewError::NotFound) };
        let issue = self.store().object_get(ObjectKind::Issue, run.content.for_issue.id).await?;
        let Some(WorkObject::Issue(issue)) = issue.map(|found| found.object) else {
            return Err(StoreError::Corrupt { what: format!("the issue of run {id} is missing") }.into());
        };
        // Read last: evidence and review come with the status of the run, never before it.
        let place = self.store().run_place(id).await?;
        Ok(RunView { run, issue, place })
    }
}
