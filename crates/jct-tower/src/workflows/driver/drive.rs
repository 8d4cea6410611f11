//! One run under its lease, until nothing is to be done for it now.

use std::collections::BTreeMap;
use std::time::Duration;

use jct_contract::{TaskId, Timestamp};
use jct_store::StoreError;
use jct_store::model::{
    AdvanceAnswer, ClaimedRun, NewRunEnd, NewWorkflowFact, OpenedStep, RunAdvance, RunThen, WorkflowSteps,
};
use jct_workflow::run::{Progress, RunStatus};
use jct_workflow::{Command, StepDefinition};
use serde_json::json;

use super::super::book::Book;
use super::decide::{decide, definition, outcomes};
use super::look::{Look, Noted, look};
use super::tasks::{HandedIn, call_off, hand_in, look_up};
use crate::Tower;

/// A run that waits for nothing known is looked at after this time all the same.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A run in the hands of this process.
pub(super) struct Drive<'d> {
    pub(super) tower: &'d Tower,
    pub(super) claimed: &'d ClaimedRun,
    pub(super) book: Book,
    /// How long the lease lasts after each write.
    pub(super) lease: Duration,
}

/// What is written besides facts.
#[derive(Default)]
struct Besides {
    opened: Vec<OpenedStep>,
    cancelled: Vec<TaskId>,
    closed: Vec<TaskId>,
}

/// The lease is somebody else's by now; what was not kept is theirs to find out.
pub(super) struct Lost;

impl Drive<'_> {
    /// Does what there is to do now, and gives the run back.
    pub(super) async fn run(&mut self) -> Result<Result<(), Lost>, StoreError> {
        loop {
            let now = self.tower.store().now().await?;
            let open = self.tower.store().workflow_steps(self.claimed.run.id, WorkflowSteps::Open).await?;
            let seen = look(&self.book, &self.claimed.run, &open, now);
            let kept = if seen.facts.is_empty() && seen.undecided.is_empty() {
                self.carry_out(seen, now).await?
            } else {
                self.take_note(seen, open.len(), now).await?
            };
            match kept {
                Kept::More => {}
                Kept::Done => return Ok(Ok(())),
                Kept::Lost => return Ok(Err(Lost)),
            }
        }
    }

    /// Keeps what happened, and the decisions that follow from it.
    async fn take_note(&mut self, seen: Look, open: usize, now: Timestamp) -> Result<Kept, StoreError> {
        let before = self.book.facts;
        let mut noted = self.apply(seen.facts, now);
        loop {
            let undecided = self.book.state.awaits(&self.book.known.plan).into_iter();
            let undecided: Vec<_> = undecided
                .filter_map(|command| if let Command::Decide { step } = command { Some(step) } else { None })
                .collect();
            if undecided.is_empty() {
                break;
            }
            let run = &self.claimed.run;
            let outcomes = outcomes(self.tower.store(), &self.book, run.id, undecided.iter()).await?;
            let steps: Vec<&StepDefinition> = undecided.iter().filter_map(|id| definition(&self.book, id)).collect();
            let decided: Vec<Noted> =
                steps.into_iter().map(|step| decide(&self.book, (run.id, run.version), step, &outcomes)).collect();
            noted.extend(self.apply(decided, now));
        }
        let is_clear = open == seen.closed.len();
        let besides = Besides { closed: seen.closed, ..Besides::default() };
        self.advance(before, noted, besides, Next::Hold { end_if_over: is_clear }).await
    }

    /// Does what the facts ask for, all of which are kept by now.
    async fn carry_out(&mut self, seen: Look, now: Timestamp) -> Result<Kept, StoreError> {
        let Look { closed, enqueue, stop, unknown, left, look_at, .. } = seen;
        let (tower, run) = (self.tower, &self.claimed.run);
        let HandedIn { mut opened, refused } = hand_in(tower, &self.book, run, &enqueue).await?;
        let (found, never) = look_up(tower, &self.book, run, &unknown).await?;
        call_off(tower, &stop).await?;
        call_off(tower, &left).await?;
        opened.extend(found.iter().cloned());
        let deadlines = opened.iter().map(|step| step.deadline_at).chain(look_at).min();
        // Whoever was called off just now may have ended at once.
        let is_more = !refused.is_empty() || !never.is_empty() || !found.is_empty() || !stop.is_empty();
        let next = if is_more {
            Next::Hold { end_if_over: true }
        } else {
            Next::Release { look_at: deadlines.unwrap_or_else(|| now.after(LOOK_AGAIN)) }
        };
        let before = self.book.facts;
        let noted = self.apply(refused.into_iter().chain(never).collect(), now);
        let closed = closed.into_iter().chain(left).collect();
        self.advance(before, noted, Besides { opened, cancelled: stop, closed }, next).await
    }

    /// Takes facts that are possible; one that came late or twice is none.
    fn apply(&mut self, facts: Vec<Noted>, now: Timestamp) -> Vec<Noted> {
        facts.into_iter().filter(|(fact, detail)| self.book.note(fact, detail.as_deref(), now).is_ok()).collect()
    }

    async fn advance(
        &self,
        facts_before: u64,
        noted: Vec<Noted>,
        besides: Besides,
        next: Next,
    ) -> Result<Kept, StoreError> {
        let ends = match (self.book.state.progress(), next) {
            (Progress::Finished(status), Next::Hold { end_if_over: true } | Next::Release { .. }) => Some(status),
            _ => None,
        };
        let status = ends.unwrap_or(match self.book.state.progress() {
            Progress::Running => RunStatus::Running,
            Progress::Stopping(_) | Progress::Finished(RunStatus::Cancelled) => RunStatus::Stopping,
            Progress::Finished(_) if self.book.timed_out => RunStatus::Stopping,
            // Something is left to be cleared away: until then it is not over for anybody else.
            Progress::Finished(_) => RunStatus::Running,
        });
        let facts = noted.into_iter().map(|(fact, detail)| {
            let text = serde_json::to_string(&fact);
            let fact =
                text.map_err(|error| StoreError::Corrupt { what: format!("a fact that is no JSON: {error}") })?;
            Ok(NewWorkflowFact { fact, detail })
        });
        let Besides { opened, cancelled, closed } = besides;
        let advance = RunAdvance {
            lease: self.claimed.lease,
            facts_before,
            facts: facts.collect::<Result<_, StoreError>>()?,
            status,
            end: ends.map(|_| NewRunEnd { result: Some(self.result()), error: self.book.error(&self.claimed.run) }),
            opened,
            cancelled,
            closed,
            knows_cancel: self.book.state.progress() != Progress::Running,
            then: match next {
                Next::Hold { .. } => RunThen::Hold(self.lease),
                Next::Release { look_at } => RunThen::Release { look_at },
            },
        };
        match self.tower.store().workflow_run_advance(advance).await? {
            AdvanceAnswer::Stale => Ok(Kept::Lost),
            AdvanceAnswer::Advanced { .. } if ends.is_some() => {
                let run = &self.claimed.run;
                log::info!(trace_id = run.trace_id.as_str(), run_id:% = run.id, status:% = status; "workflow run ended");
                Ok(Kept::Done)
            }
            AdvanceAnswer::Advanced { .. } => match next {
                Next::Hold { .. } => Ok(Kept::More),
                Next::Release { .. } => Ok(Kept::Done),
            },
        }
    }

    /// What a run that is over came to: how many steps ended how.
    fn result(&self) -> String {
        let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
        for (_, state) in self.book.state.steps(&self.book.known.plan) {
            *counts.entry(state.status().as_str()).or_default() += 1;
        }
        json!({ "steps": counts }).to_string()
    }
}

/// What becomes of the lease after a write.
#[derive(Clone, Copy)]
enum Next {
    /// There may be more to do.
    Hold {
        /// Whether nothing is left to be cleared away if the run is over.
        end_if_over: bool,
    },
    /// There is nothing more to do now.
    Release {
        /// When to look again though nothing happens.
        look_at: Timestamp,
    },
}

/// What became of a write.
enum Kept {
    /// It was kept, and there may be more to do.
    More,
    /// It was kept, and the run was given back.
    Done,
    /// It was not: the lease is gone.
    Lost,
}
