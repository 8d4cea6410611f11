//! Whether a step is wanted, and what its task is: from the event and from what became of the steps before it.

use std::collections::{BTreeSet, HashMap};

use jct_contract::{TaskId, TaskSpec, WorkflowRunId};
use jct_store::model::WorkflowSteps;
use jct_store::{Store, StoreError};
use jct_workflow::run::Decision;
use jct_workflow::template::StepFacts;
use jct_workflow::{Context, Fact, FillError, StepDefinition, StepId, StepOutcome, StepStatus};
use serde_json::Value;

use super::super::book::Book;
use super::super::runs::task_of;
use super::look::Noted;

/// What became of steps, for the expressions of others.
pub(super) type Outcomes = HashMap<StepId, StepOutcome>;

/// What became of every step that the expressions of these steps name.
pub(super) async fn outcomes(
    store: &Store,
    book: &Book,
    run: WorkflowRunId,
    steps: impl Iterator<Item = &StepId>,
) -> Result<Outcomes, StoreError> {
    let named: BTreeSet<&StepId> =
        steps.filter_map(|step| definition(book, step)).flat_map(StepDefinition::named).collect();
    if named.is_empty() {
        return Ok(Outcomes::new());
    }
    let wanted = named.iter().map(ToString::to_string).collect();
    let tasks = store.workflow_steps(run, WorkflowSteps::Of(wanted)).await?;
    let own = |step: &StepId| task_of(&tasks, step).or_else(|| book.kept.succeeded.get(step).copied());
    let of: HashMap<&StepId, TaskId> = named.iter().filter_map(|step| Some((*step, own(step)?))).collect();
    let mut results = store.task_results(of.values().copied().collect()).await?;
    let mut outcome = |step: &StepId| {
        let status = book.state.step(&book.known.plan, step).map_or(StepStatus::Waiting, |state| state.status());
        let task = of.get(step).filter(|_| status != StepStatus::Skipped);
        let text = task.and_then(|task| results.remove(task)).flatten();
        StepOutcome { status, result: text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null) }
    };
    Ok(named.into_iter().map(|step| (step.clone(), outcome(step))).collect())
}

/// The decision about a step.
pub(super) fn decide(book: &Book, run: (WorkflowRunId, u32), step: &StepDefinition, outcomes: &Outcomes) -> Noted {
    let decided = |decision, detail| (Fact::Decided { step: step.id().clone(), decision }, detail);
    let holds = step.when().map_or(Ok(true), |when| when.holds(&context(book, run, step, outcomes)));
    match holds {
        Ok(false) => decided(Decision::Skip, Some("`when` came to false".to_owned())),
        Err(error) => decided(Decision::Fail, Some(format!("`when`: {error}"))),
        Ok(true) => match task(book, run, (step, 1), outcomes) {
            Ok(_) => decided(Decision::Run, None),
            Err(error) => decided(Decision::Fail, Some(format!("the task: {error}"))),
        },
    }
}

/// The task of an attempt of a step.
pub(super) fn task(
    book: &Book,
    run: (WorkflowRunId, u32),
    (step, attempt): (&StepDefinition, u32),
    outcomes: &Outcomes,
) -> Result<TaskSpec, FillError> {
    let facts = StepFacts {
        workflow: book.known.definition.name(),
        run: run.0,
        step: step.id(),
        attempt,
        timeout_seconds: step.timeout_seconds(),
    };
    step.task().fill(&context(book, run, step, outcomes), facts)
}

/// The definition of a step of the run.
pub(super) fn definition<'b>(book: &'b Book, step: &StepId) -> Option<&'b StepDefinition> {
    book.known.definition.steps().iter().find(|known| known.id() == step)
}

fn context(book: &Book, (run, version): (WorkflowRunId, u32), step: &StepDefinition, outcomes: &Outcomes) -> Context {
    let named = outcomes.iter().filter(|(id, _)| step.named().contains(id));
    Context::for_step(&book.event, run, (book.known.definition.name().as_str(), version), named)
}
