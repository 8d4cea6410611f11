//! The reads about workflows, for the engine at hand.

use std::collections::HashMap;

use jct_contract::{TaskId, WorkflowId, WorkflowRunId};

use crate::engine::{Engine, Kind, read};
use crate::model::{
    ActiveWorkflow, DueRuns, NamedPage, Page, PageStart, WorkflowFact, WorkflowRecord, WorkflowRunInput,
    WorkflowRunRecord, WorkflowStepTask, WorkflowSteps, WorkflowVersionRecord,
};
use crate::{StoreError, postgres, sqlite};

impl Engine {
    pub(crate) async fn workflow_get(&self, id: WorkflowId) -> Result<Option<WorkflowRecord>, StoreError> {
        read!(self, workflow_reads::get(id))
    }

    pub(crate) async fn workflow_by_name(&self, name: String) -> Result<Option<WorkflowRecord>, StoreError> {
        read!(self, workflow_reads::by_name(name))
    }

    pub(crate) async fn workflow_list(
        &self,
        only_active: bool,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<WorkflowRecord>, StoreError> {
        read!(self, workflow_reads::list(only_active, after, limit))
    }

    pub(crate) async fn workflows_active(&self) -> Result<Vec<ActiveWorkflow>, StoreError> {
        read!(self, workflow_reads::active())
    }

    pub(crate) async fn workflow_version(
        &self,
        id: WorkflowId,
        version: u32,
    ) -> Result<Option<WorkflowVersionRecord>, StoreError> {
        read!(self, workflow_reads::version(id, version))
    }

    pub(crate) async fn workflow_versions(
        &self,
        id: WorkflowId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<WorkflowVersionRecord>>, StoreError> {
        read!(self, workflow_reads::versions(id, start, limit))
    }

    pub(crate) async fn workflow_runs(
        &self,
        id: WorkflowId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<WorkflowRunRecord>>, StoreError> {
        read!(self, workflow_reads::runs(id, start, limit))
    }

    pub(crate) async fn workflow_run(&self, id: WorkflowRunId) -> Result<Option<WorkflowRunRecord>, StoreError> {
        read!(self, workflow_reads::run(id))
    }

    pub(crate) async fn workflow_run_input(&self, id: WorkflowRunId) -> Result<Option<WorkflowRunInput>, StoreError> {
        read!(self, workflow_reads::input(id))
    }

    pub(crate) async fn workflow_facts(&self, id: WorkflowRunId, after: u64) -> Result<Vec<WorkflowFact>, StoreError> {
        read!(self, workflow_reads::facts(id, after))
    }

    pub(crate) async fn workflow_steps(
        &self,
        id: WorkflowRunId,
        which: WorkflowSteps,
    ) -> Result<Vec<WorkflowStepTask>, StoreError> {
        read!(self, workflow_reads::steps(id, which))
    }

    pub(crate) async fn task_results(&self, tasks: Vec<TaskId>) -> Result<HashMap<TaskId, Option<String>>, StoreError> {
        read!(self, workflow_reads::results(tasks))
    }

    pub(crate) async fn workflow_runs_due(&self, limit: u32) -> Result<DueRuns, StoreError> {
        read!(self, workflow_reads::due(now, limit))
    }
}
