//! Runs: started by hand, listed, called off, done again from a step on.

use std::time::Duration;

use jct_contract::{EventId, Principal, Sha256Digest, TaskId, TraceId, WorkflowRunId};
use jct_event::NewEvent;
use jct_store::StoreError;
use jct_store::model::{
    CancelRunAnswer, NewWorkflowRun, Page, PageStart, RunCause, RunFork, RunKey, RunStartAnswer, WorkflowRunRecord,
    WorkflowStepTask, WorkflowSteps,
};
use jct_workflow::{Kept, StepId, event_value};

use super::kept::KeptSteps;
use super::{WorkflowError, WorkflowRef};
use crate::Tower;

/// A run to be started by hand.
#[derive(Clone, Debug)]
pub struct StartRun {
    /// What expressions are to see as the event; it is not handed in as one.
    pub event: Option<NewEvent>,
    /// Makes asking again harmless: under the same key, the same event or none again answers with the run that was started
    /// first. Its rules are those of the key of a task ([`jct_contract::door::idempotency_key`]); each workflow has keys of
    /// its own, and they live as long as their runs.
    pub idempotency_key: Option<String>,
    /// Who was authenticated; the tasks of its steps are theirs.
    pub principal: Principal,
    /// Follows the run and its tasks.
    pub trace_id: TraceId,
}

/// A run that was asked for.
#[derive(Clone, Debug)]
pub struct StartedRun {
    /// The run as it stands now.
    pub run: WorkflowRunRecord,
    /// Whether it was there already; then nothing was started.
    pub replayed: bool,
}

impl Tower {
    /// Starts a run of the version in force, whether the workflow is active or not. A repetition is answered with the run
    /// that was started first, whatever its version.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`], [`WorkflowError::KeyReused`] or [`WorkflowError::Store`].
    pub async fn workflow_start(&self, which: &WorkflowRef, start: StartRun) -> Result<StartedRun, WorkflowError> {
        let StartRun { event, idempotency_key, principal, trace_id } = start;
        let key = idempotency_key.map(|key| RunKey { key, digest: digest(event.as_ref()) });
        let workflow = self.workflow(which).await?;
        let known = self.workflow_catalog().version(workflow.id, workflow.version).await?;
        let now = self.clock().now();
        let event = event.map(|event| event_value(&event, EventId::at(now), now)).unwrap_or_default();
        let new = NewWorkflowRun {
            workflow_id: workflow.id,
            version: workflow.version,
            cause: RunCause::Hand { by: principal, key },
            event: event.to_string().into(),
            depth: 0,
            timeout: Duration::from_secs(known.definition.timeout_seconds().into()),
            trace_id,
        };
        self.started(new).await
    }

    /// A page of the runs of a workflow, newest first.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] or [`WorkflowError::Store`].
    pub async fn workflow_runs(
        &self,
        which: &WorkflowRef,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<WorkflowRunRecord>, WorkflowError> {
        let id = self.workflow(which).await?.id;
        self.store().workflow_runs(id, start, limit).await?.ok_or(WorkflowError::NotFound)
    }

    /// Asks for a run to be called off: steps that wait are not begun, tasks that run are asked to stop. Asking again
    /// changes nothing.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`], [`WorkflowError::RunNotFound`], [`WorkflowError::Over`] or
    /// [`WorkflowError::Store`].
    pub async fn workflow_cancel(
        &self,
        which: &WorkflowRef,
        run: WorkflowRunId,
        by: Principal,
    ) -> Result<WorkflowRunRecord, WorkflowError> {
        let id = self.workflow(which).await?.id;
        match self.store().workflow_run_cancel(id, run, by).await? {
            CancelRunAnswer::Requested(record) => Ok(*record),
            CancelRunAnswer::Over(record) => Err(WorkflowError::Over { status: record.status }),
            CancelRunAnswer::NotFound => Err(WorkflowError::RunNotFound),
        }
    }

    /// Does a run that is over again from a step on, in the version and with the event that it had. Steps that succeeded
    /// and do not come after that step keep their results.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`], [`WorkflowError::RunNotFound`], [`WorkflowError::Fork`] or [`WorkflowError::Store`].
    pub async fn workflow_fork(
        &self,
        which: &WorkflowRef,
        run: WorkflowRunId,
        from: StepId,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<WorkflowRunRecord, WorkflowError> {
        let old = self.workflow_run_record(which, run).await?;
        let book = self.book_of(&old).await?;
        let kept = Kept::of_fork(&book.known.plan, &book.state, &from).map_err(WorkflowError::Fork)?;
        let tasks = self.store().workflow_steps(run, WorkflowSteps::All).await?;
        let kept =
            KeptSteps::of(&kept, |step| task_of(&tasks, step).or_else(|| book.kept.succeeded.get(step).copied()));
        let new = NewWorkflowRun {
            workflow_id: old.workflow_id,
            version: old.version,
            cause: RunCause::Fork {
                by,
                fork: RunFork { from: run, step: from.to_string() },
                kept: kept.to_text(),
                event_id: old.event_id,
            },
            event: book.event.to_string().into(),
            depth: old.depth,
            timeout: Duration::from_secs(book.known.definition.timeout_seconds().into()),
            trace_id,
        };
        Ok(self.started(new).await?.run)
    }

    async fn started(&self, new: NewWorkflowRun) -> Result<StartedRun, WorkflowError> {
        match self.store().workflow_runs_start(vec![new]).await?.pop() {
            Some(RunStartAnswer::Started(run)) => {
                log::info!(
                    trace_id = run.trace_id.as_str(), run_id:% = run.id, workflow_id:% = run.workflow_id,
                    by = run.started_by.name(); "workflow run started"
                );
                Ok(StartedRun { run: *run, replayed: false })
            }
            Some(RunStartAnswer::Replayed(run)) => Ok(StartedRun { run: *run, replayed: true }),
            Some(RunStartAnswer::KeyReused { run }) => Err(WorkflowError::KeyReused { run }),
            Some(RunStartAnswer::NotFound) => Err(WorkflowError::NotFound),
            other => Err(StoreError::Corrupt { what: format!("a run that was not started: {other:?}") }.into()),
        }
    }

    /// A run, if it is one of this workflow.
    pub(super) async fn workflow_run_record(
        &self,
        which: &WorkflowRef,
        run: WorkflowRunId,
    ) -> Result<WorkflowRunRecord, WorkflowError> {
        let id = self.workflow(which).await?.id;
        let record = self.store().workflow_run(run).await?;
        record.filter(|record| record.workflow_id == id).ok_or(WorkflowError::RunNotFound)
    }
}

/// What a repetition has to ask for to be one: the event as it was handed in, or none.
fn digest(event: Option<&NewEvent>) -> Sha256Digest {
    event.map_or_else(|| Sha256Digest::of(b"null"), NewEvent::digest)
}

/// The task of the attempt of a step that ended last.
pub(super) fn task_of(tasks: &[WorkflowStepTask], step: &StepId) -> Option<TaskId> {
    let own = tasks.iter().filter(|task| task.step == step.as_str() && task.end.is_some());
    own.max_by_key(|task| task.attempt).map(|task| task.task_id)
}
