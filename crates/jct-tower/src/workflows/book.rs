//! A run as it follows from its facts: where each step is, and when and why it came there.

use std::collections::HashMap;
use std::sync::Arc;

use jct_contract::Timestamp;
use jct_store::StoreError;
use jct_store::model::{WorkflowFact, WorkflowRunInput, WorkflowRunRecord};
use jct_workflow::run::Illegal;
use jct_workflow::{Fact, RunState, StepId, next};
use serde_json::Value;

use super::catalog::{Catalog, Known};
use super::kept::KeptSteps;

/// A run, told from its facts.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) known: Arc<Known>,
    /// What expressions see as the event.
    pub(super) event: Value,
    pub(super) kept: KeptSteps,
    pub(super) state: RunState,
    /// How many facts that is.
    pub(super) facts: u64,
    /// When the last fact about a step was kept.
    pub(super) last: HashMap<StepId, Timestamp>,
    /// What was said of a step last, for people.
    pub(super) details: HashMap<StepId, String>,
    /// Whether its time ran out.
    pub(super) timed_out: bool,
}

/// A run cannot be told, now or later: somebody wrote past the tower, or there is a defect.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokenBook {
    /// Its version of the workflow is no definition, or is gone.
    #[error("the definition of the run cannot be read")]
    Definition(#[source] StoreError),
    /// What it was begun with cannot be read.
    #[error("what the run was begun with cannot be read")]
    Input,
    /// A fact cannot be read, or is not the next one.
    #[error("fact number {0} of the run cannot be read")]
    Fact(u64),
    /// A fact is not possible where it stands.
    #[error("fact number {0} of the run is not possible")]
    Order(u64, #[source] Illegal),
}

impl Book {
    /// A run as it is now. Of one that was read `before` only those facts are read that are new.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not answer; [`BrokenBook`] if asking again is of no use.
    pub(super) async fn read(
        catalog: &Catalog,
        run: &WorkflowRunRecord,
        before: Option<Self>,
    ) -> Result<Result<Self, BrokenBook>, StoreError> {
        let mut book = match before {
            Some(book) => book,
            None => {
                let known = match catalog.version(run.workflow_id, run.version).await {
                    Ok(known) => known,
                    Err(error @ StoreError::Corrupt { .. }) => return Ok(Err(BrokenBook::Definition(error))),
                    Err(error) => return Err(error),
                };
                let Some(input) = catalog.store().workflow_run_input(run.id).await? else {
                    return Ok(Err(BrokenBook::Input));
                };
                match Self::open(known, &input) {
                    Ok(book) => book,
                    Err(error) => return Ok(Err(error)),
                }
            }
        };
        if book.facts < run.facts
            && let Err(error) = book.take(&catalog.store().workflow_facts(run.id, book.facts).await?)
        {
            return Ok(Err(error));
        }
        Ok(Ok(book))
    }

    /// A run before its first fact.
    fn open(known: Arc<Known>, input: &WorkflowRunInput) -> Result<Self, BrokenBook> {
        let event = serde_json::from_str(&input.event).map_err(|_| BrokenBook::Input)?;
        let kept = match &input.kept {
            Some(text) => KeptSteps::from_text(text).ok_or(BrokenBook::Input)?,
            None => KeptSteps::default(),
        };
        let (state, _) = RunState::begin_with(&known.plan, &kept.to_machine());
        Ok(Self {
            known,
            event,
            kept,
            state,
            facts: 0,
            last: HashMap::new(),
            details: HashMap::new(),
            timed_out: false,
        })
    }

    /// Takes the next facts as they were kept.
    fn take(&mut self, facts: &[WorkflowFact]) -> Result<(), BrokenBook> {
        for kept in facts {
            let fact = serde_json::from_str(&kept.fact).map_err(|_| BrokenBook::Fact(kept.seq))?;
            if kept.seq != self.facts + 1 {
                return Err(BrokenBook::Fact(kept.seq));
            }
            self.note(&fact, kept.detail.as_deref(), kept.at)
                .map_err(|illegal| BrokenBook::Order(kept.seq, illegal))?;
        }
        Ok(())
    }

    /// Takes one fact, if it is possible.
    pub(super) fn note(&mut self, fact: &Fact, detail: Option<&str>, at: Timestamp) -> Result<(), Illegal> {
        (self.state, _) = next(&self.known.plan, &self.state, fact)?;
        self.facts += 1;
        self.timed_out |= *fact == Fact::RunTimedOut;
        if let Some(step) = step_of(fact) {
            self.last.insert(step.clone(), at);
            match detail {
                Some(detail) => self.details.insert(step.clone(), detail.to_owned()),
                None => self.details.remove(step),
            };
        }
        Ok(())
    }

    /// Why a run that is over did not succeed, for people.
    pub(super) fn error(&self, run: &WorkflowRunRecord) -> Option<String> {
        use jct_workflow::StepStatus;
        use jct_workflow::run::RunStatus;
        match self.state.status() {
            RunStatus::Cancelled => {
                let by = run.cancel.as_ref().map_or("somebody", |cancel| cancel.by.as_str());
                Some(format!("called off by {by}"))
            }
            RunStatus::Failed if self.timed_out => {
                Some(format!("the run took longer than {} seconds", self.known.definition.timeout_seconds()))
            }
            RunStatus::Failed => {
                let wrong = |status: StepStatus| matches!(status, StepStatus::Failed | StepStatus::Cancelled);
                let (step, state) = self.state.steps(&self.known.plan).find(|(_, state)| wrong(state.status()))?;
                let why = self.details.get(step).map_or("", String::as_str);
                Some(format!("step `{step}` {}{}{why}", state.status(), if why.is_empty() { "" } else { ": " }))
            }
            RunStatus::Running | RunStatus::Stopping | RunStatus::Succeeded => None,
        }
    }
}

const fn step_of(fact: &Fact) -> Option<&StepId> {
    match fact {
        Fact::Decided { step, .. }
        | Fact::Ended { step, .. }
        | Fact::TimedOut { step, .. }
        | Fact::Woken { step, .. } => Some(step),
        Fact::CancelRequested | Fact::RunTimedOut => None,
    }
}
