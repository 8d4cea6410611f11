//! A run as it is shown: its graph, and where each step is.

use std::collections::HashMap;

use jct_contract::WorkflowRunId;
use jct_store::StoreError;
use jct_store::model::{WorkflowRunRecord, WorkflowStepTask, WorkflowSteps};
use jct_workflow::run::SkipReason;
use jct_workflow::{StepState, StepStatus};

use super::book::Book;
use super::{WorkflowError, WorkflowRef};
use crate::Tower;
use crate::work::Causes;

/// A run with its graph.
#[derive(Clone, Debug)]
pub struct RunView {
    /// The run.
    pub run: WorkflowRunRecord,
    /// The name of its workflow.
    pub workflow: String,
    /// What expressions see as the event: JSON.
    pub event: String,
    /// The steps, in the order of the definition.
    pub steps: Vec<StepView>,
}

/// A step of a run.
#[derive(Clone, Debug)]
pub struct StepView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The steps that it waits for.
    pub dependencies: Vec<String>,
    /// Where it is.
    pub status: StepStatus,
    /// Whether it was kept from the run that this one is a fork of.
    pub kept: bool,
    /// Why it is there, if there is more to say.
    pub detail: Option<String>,
    /// Its attempts, oldest first.
    pub attempts: Vec<WorkflowStepTask>,
}

impl Tower {
    /// A run with its graph.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`], [`WorkflowError::RunNotFound`] or [`WorkflowError::Store`].
    pub async fn workflow_run(&self, which: &WorkflowRef, run: WorkflowRunId) -> Result<RunView, WorkflowError> {
        let record = self.workflow_run_record(which, run).await?;
        let mut book = self.book_of(&record).await?;
        let mut attempts: HashMap<String, Vec<WorkflowStepTask>> = HashMap::new();
        for task in self.store().workflow_steps(run, WorkflowSteps::All).await? {
            attempts.entry(task.step.clone()).or_default().push(task);
        }
        let states: HashMap<_, _> = book.state.steps(&book.known.plan).map(|(id, state)| (id.clone(), state)).collect();
        let steps = book.known.definition.steps().iter().map(|step| StepView {
            id: step.id().to_string(),
            name: step.name().to_owned(),
            dependencies: step.dependencies().iter().map(ToString::to_string).collect(),
            status: states.get(step.id()).map_or(StepStatus::Waiting, |state| state.status()),
            kept: book.kept.has(step.id()),
            detail: book.details.remove(step.id()).or_else(|| {
                let blocked = states.get(step.id()) == Some(&StepState::Skipped(SkipReason::Blocked));
                blocked.then(|| "a step that it waits for did not succeed".to_owned())
            }),
            attempts: attempts.remove(step.id().as_str()).unwrap_or_default(),
        });
        let (workflow, steps) = (book.known.definition.name().to_string(), steps.collect());
        Ok(RunView { run: record, workflow, event: book.event.to_string(), steps })
    }

    /// A run as it follows from its facts.
    pub(super) async fn book_of(&self, run: &WorkflowRunRecord) -> Result<Book, StoreError> {
        let broken = |error| StoreError::Corrupt { what: format!("workflow run {}: {}", run.id, Causes(&error)) };
        Book::read(self.workflow_catalog(), run, None).await?.map_err(broken)
    }
}
