//! The tasks of steps: handed in like any other, and called off.

use std::time::Duration;

use jct_contract::{Principal, RequesterKind, TaskId};
use jct_store::model::{OpenedStep, WorkflowRunRecord};
use jct_store::{StatusAction, StatusChange, StoreError};
use jct_workflow::run::{AttemptEnd, task_key};
use jct_workflow::{Fact, StepId};

use super::super::book::Book;
use super::decide::{definition, outcomes, task};
use super::look::Noted;
use crate::Tower;
use crate::intake::EnqueueRequest;
use crate::work::Causes;

/// Whose calling off of a task it is, in the audit log.
const DRIVER: &str = "workflows";

/// The intake keeps the keys of attempts for the driver. A task that was there before it did, or that a process of an
/// older version took in, is still no step of the run.
const FOREIGN: &str = "somebody else handed in a task under the key of this attempt";

/// What became of attempts that were handed in.
#[derive(Debug, Default)]
pub(super) struct HandedIn {
    pub(super) opened: Vec<OpenedStep>,
    /// Attempts whose tasks were refused.
    pub(super) refused: Vec<Noted>,
}

/// Hands in the tasks of attempts. One that was handed in before is the same task.
pub(super) async fn hand_in(
    tower: &Tower,
    book: &Book,
    run: &WorkflowRunRecord,
    attempts: &[(StepId, u32)],
) -> Result<HandedIn, StoreError> {
    let mut done = HandedIn::default();
    let outcomes = outcomes(tower.store(), book, run.id, attempts.iter().map(|(step, _)| step)).await?;
    let (mut requests, mut of) = (Vec::new(), Vec::new());
    for (id, attempt) in attempts {
        let Some(step) = definition(book, id) else { continue };
        match task(book, (run.id, run.version), (step, *attempt), &outcomes) {
            Ok(spec) => {
                of.push((step, *attempt));
                requests.push(EnqueueRequest {
                    spec,
                    trace_id: run.trace_id.clone(),
                    principal: run.started_by.clone(),
                    hold: false,
                    create_objects: None,
                });
            }
            Err(error) => done.refused.push(refused(id, *attempt, format!("the task: {error}"))),
        }
    }
    if requests.is_empty() {
        return Ok(done);
    }
    for ((step, attempt), answer) in of.into_iter().zip(tower.enqueue_own(requests).await?) {
        match answer {
            Ok(enqueued) if enqueued.record.submitter != run.started_by => {
                done.refused.push(refused(step.id(), attempt, FOREIGN.to_owned()));
            }
            Ok(enqueued) => {
                let enqueued_at = enqueued.record.created_at;
                done.opened.push(OpenedStep {
                    step: step.id().to_string(),
                    attempt,
                    task_id: enqueued.record.id,
                    enqueued_at,
                    deadline_at: enqueued_at.after(Duration::from_secs(step.timeout_seconds().into())),
                });
            }
            Err(error) => done.refused.push(refused(step.id(), attempt, Causes(&error).to_string())),
        }
    }
    Ok(done)
}

fn refused(step: &StepId, attempt: u32, why: String) -> Noted {
    (Fact::Ended { step: step.clone(), attempt, end: AttemptEnd::Refused }, Some(why))
}

/// Asks tasks to stop. One that is over already stays as it is.
pub(super) async fn call_off(tower: &Tower, tasks: &[TaskId]) -> Result<(), StoreError> {
    let by = Principal::new(RequesterKind::System, DRIVER);
    let by = by.map_err(|error| StoreError::Corrupt { what: error.to_string() })?;
    for task_id in tasks {
        let (by, action) = (by.clone(), StatusAction::Cancel { note: None });
        let answer = tower.store().change_status(StatusChange { task_id: *task_id, by, fence: None, action }).await?;
        log::debug!(task_id:% = task_id, answer:? = answer; "the task of a step was called off");
    }
    Ok(())
}

/// What an attempt that is to be called off was, though whoever handed it in did not live to say so.
pub(super) async fn look_up(
    tower: &Tower,
    book: &Book,
    run: &WorkflowRunRecord,
    attempts: &[(StepId, u32)],
) -> Result<(Vec<OpenedStep>, Vec<Noted>), StoreError> {
    let (mut opened, mut never) = (Vec::new(), Vec::new());
    for (id, attempt) in attempts {
        let known = tower.store().task_by_idempotency_key(&task_key(run.id, id, *attempt)).await?;
        let record = match known {
            Some((task, _)) => tower.store().task_get(task).await?,
            None => None,
        };
        let own = record.filter(|record| record.submitter == run.started_by);
        match (own, definition(book, id)) {
            (Some(record), Some(step)) => opened.push(OpenedStep {
                step: id.to_string(),
                attempt: *attempt,
                task_id: record.id,
                enqueued_at: record.created_at,
                deadline_at: record.created_at.after(Duration::from_secs(step.timeout_seconds().into())),
            }),
            _ => never.push((Fact::Ended { step: id.clone(), attempt: *attempt, end: AttemptEnd::Cancelled }, None)),
        }
    }
    Ok((opened, never))
}
