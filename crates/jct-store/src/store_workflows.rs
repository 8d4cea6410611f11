//! The store's methods for workflows and their runs.

use std::collections::HashMap;

use jct_contract::{Principal, TaskId, WorkflowId, WorkflowRunId};

use crate::command::{Answer, Command};
use crate::command_workflows::{WorkflowAnswer, WorkflowWrite};
use crate::model::{
    ActiveWorkflow, AdvanceAnswer, CancelRunAnswer, ClaimedRun, DueRuns, NamedPage, NewWorkflow, NewWorkflowRun, Page,
    PageStart, RunAdvance, RunClaim, RunStartAnswer, WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer,
    WorkflowFact, WorkflowRecord, WorkflowRunInput, WorkflowRunRecord, WorkflowStepTask, WorkflowSteps,
    WorkflowVersionRecord,
};
use crate::{Store, StoreError};

/// Sends a write about workflows and unpacks its one kind of answer.
macro_rules! write {
    ($self:ident, $write:expr => $answer:ident) => {
        match $self.engine.write(Command::Workflow(Box::new($write))).await? {
            Answer::Workflow(answer) => match *answer {
                WorkflowAnswer::$answer(answer) => Ok(answer),
                other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
            },
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    };
}

/// Writes.
impl Store {
    /// Keeps a workflow under a name that is free.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn workflow_create(&self, new: NewWorkflow) -> Result<WorkflowCreateAnswer, StoreError> {
        write!(self, WorkflowWrite::Create(new) => Created)
    }

    /// Changes a workflow in place, or gives it a new version. Runs keep the version that they were started with.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn workflow_change(&self, change: WorkflowChange) -> Result<WorkflowChangeAnswer, StoreError> {
        write!(self, WorkflowWrite::Change(change) => Changed)
    }

    /// Starts runs; one answer each, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; then none was started, unless it is
    /// [`StoreError::OutcomeUnknown`].
    pub async fn workflow_runs_start(&self, runs: Vec<NewWorkflowRun>) -> Result<Vec<RunStartAnswer>, StoreError> {
        write!(self, WorkflowWrite::Start(runs) => Started)
    }

    /// Leases a run; `None` if somebody drives it, or if it is over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn workflow_run_claim(&self, claim: RunClaim) -> Result<Option<ClaimedRun>, StoreError> {
        write!(self, WorkflowWrite::Claim(claim) => Claimed)
    }

    /// Moves a run on under its lease.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; then nothing was kept, unless it is
    /// [`StoreError::OutcomeUnknown`].
    pub async fn workflow_run_advance(&self, advance: RunAdvance) -> Result<AdvanceAnswer, StoreError> {
        write!(self, WorkflowWrite::Advance(advance) => Advanced)
    }

    /// Asks for a run of a workflow to be called off. Asking again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn workflow_run_cancel(
        &self,
        workflow: WorkflowId,
        run: WorkflowRunId,
        by: Principal,
    ) -> Result<CancelRunAnswer, StoreError> {
        write!(self, WorkflowWrite::Cancel { workflow, run, by } => Cancelled)
    }
}

/// Reads of the registry.
impl Store {
    /// One workflow.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_get(&self, id: WorkflowId) -> Result<Option<WorkflowRecord>, StoreError> {
        self.engine.workflow_get(id).await
    }

    /// The workflow of this name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_by_name(&self, name: &str) -> Result<Option<WorkflowRecord>, StoreError> {
        self.engine.workflow_by_name(name.to_owned()).await
    }

    /// A page of workflows by name, after the name `after`. `limit` is at most 500; a page with large definitions is
    /// shorter.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_list(
        &self,
        only_active: bool,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<WorkflowRecord>, StoreError> {
        self.engine.workflow_list(only_active, after, limit).await
    }

    /// Every workflow that events start.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflows_active(&self) -> Result<Vec<ActiveWorkflow>, StoreError> {
        self.engine.workflows_active().await
    }

    /// One version of a workflow, with its definition.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_version(
        &self,
        id: WorkflowId,
        version: u32,
    ) -> Result<Option<WorkflowVersionRecord>, StoreError> {
        self.engine.workflow_version(id, version).await
    }

    /// A page of the versions of a workflow, newest first and without their definitions; `None` if there is no such
    /// workflow. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_versions(
        &self,
        id: WorkflowId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<WorkflowVersionRecord>>, StoreError> {
        self.engine.workflow_versions(id, start, limit).await
    }
}

/// Reads of runs.
impl Store {
    /// A page of the runs of a workflow, newest first; `None` if there is no such workflow. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_runs(
        &self,
        id: WorkflowId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<WorkflowRunRecord>>, StoreError> {
        self.engine.workflow_runs(id, start, limit).await
    }

    /// One run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_run(&self, id: WorkflowRunId) -> Result<Option<WorkflowRunRecord>, StoreError> {
        self.engine.workflow_run(id).await
    }

    /// What a run was begun with.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_run_input(&self, id: WorkflowRunId) -> Result<Option<WorkflowRunInput>, StoreError> {
        self.engine.workflow_run_input(id).await
    }

    /// The facts of a run behind number `after`, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_facts(&self, id: WorkflowRunId, after: u64) -> Result<Vec<WorkflowFact>, StoreError> {
        self.engine.workflow_facts(id, after).await
    }

    /// The tasks of the steps of a run, by step and attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_steps(
        &self,
        id: WorkflowRunId,
        which: WorkflowSteps,
    ) -> Result<Vec<WorkflowStepTask>, StoreError> {
        self.engine.workflow_steps(id, which).await
    }

    /// The results of those of the tasks that are over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_results(&self, tasks: Vec<TaskId>) -> Result<HashMap<TaskId, Option<String>>, StoreError> {
        self.engine.task_results(tasks).await
    }

    /// Up to `limit` runs of each kind that have to be looked at and that nobody drives. A read: whoever drives runs and
    /// finds none writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workflow_runs_due(&self, limit: u32) -> Result<DueRuns, StoreError> {
        self.engine.workflow_runs_due(limit).await
    }
}
