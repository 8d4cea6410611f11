//! "Why is this task not running?", answered from data.

use std::time::Duration;

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::StoreError;
use jct_store::model::{Holder, Pause, QueuePosition, TaskRecord, TaskState, WorkerRecord};

use crate::Tower;

/// A worker that was not seen for this long is taken for gone: three presence updates.
const PRESENCE: Duration = Duration::from_secs(90);
/// A task may be claimed between two reads; it is looked at again, but not for ever.
const MAX_LOOKS: usize = 4;

/// Where a task stands and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Explanation {
    /// Held until somebody releases it.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// In the queue.
    Waiting {
        /// Since when it is in the queue.
        since: Timestamp,
        /// Attempts made so far.
        attempts: u32,
        /// Attempts it gets in all.
        max_attempts: u32,
        /// Everything that keeps it there; empty if a worker can take it at any moment.
        blockers: Vec<Blocker>,
    },
    /// Leased.
    Running {
        /// Since when.
        since: Timestamp,
        /// The attempt, from 1.
        attempt: u32,
        /// Who has it.
        holder: Holder,
        /// When the lease ends unless renewed.
        expires_at: Timestamp,
        /// Whether and when somebody asked to cancel.
        cancel_requested_at: Option<Timestamp>,
    },
    /// Over.
    Finished {
        /// How.
        status: TaskStatus,
        /// Why.
        reason: ReasonCode,
        /// When.
        at: Timestamp,
    },
}

/// One thing that keeps a task waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The queue is paused.
    QueuePaused(Pause),
    /// Its time has not come.
    NotDue {
        /// When it comes.
        until: Timestamp,
    },
    /// It waits before its next attempt.
    BackingOff {
        /// Until when.
        until: Timestamp,
        /// How the last attempt ended.
        last_reason: ReasonCode,
    },
    /// No living worker offers the executor it needs.
    NoWorker {
        /// The executor.
        executor: String,
        /// Living workers in all.
        workers: usize,
    },
    /// Every worker that could take it is full.
    WorkersBusy {
        /// The executor.
        executor: String,
        /// Their slots, all taken.
        slots: u64,
    },
    /// Others come first.
    Behind {
        /// How many due tasks; counting stops at 10,000.
        ahead: u64,
    },
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no such task.
    #[error("no such task")]
    NotFound,
    /// The database failed.
    #[error("failed to read what the task waits for")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Explains where a task stands.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn task_explain(&self, id: TaskId) -> Result<Explanation, ExplainError> {
        for _ in 0..MAX_LOOKS {
            let record = self.store().task_get(id).await?.ok_or(ExplainError::NotFound)?;
            if record.state.status() != TaskStatus::Queued {
                return Ok(settled(&record));
            }
            if let Some(position) = self.store().queue_position(id).await? {
                return self.waiting(&record, &position).await;
            }
        }
        let record = self.store().task_get(id).await?.ok_or(ExplainError::NotFound)?;
        Ok(settled(&record))
    }

    async fn waiting(&self, record: &TaskRecord, position: &QueuePosition) -> Result<Explanation, ExplainError> {
        let TaskState::Queued { run_at, last_reason, .. } = &record.state else { return Ok(settled(record)) };
        let now = self.store().now().await?;
        let paused = self.store().queue_status().await?.paused;
        let workers =
            self.store().workers(Timestamp::from_micros(now.as_micros().saturating_sub(micros(PRESENCE)))).await?;
        let due = Due { now, run_at: *run_at, last_reason: *last_reason };
        Ok(with_blockers(settled(record), blockers(due, paused, position, &workers)))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// When a task may run, and why not before.
#[derive(Clone, Copy)]
struct Due {
    now: Timestamp,
    run_at: Timestamp,
    last_reason: Option<ReasonCode>,
}

/// Everything that keeps a queued task waiting, the most decisive first.
fn blockers(due: Due, paused: Option<Pause>, position: &QueuePosition, workers: &[WorkerRecord]) -> Vec<Blocker> {
    let mut found: Vec<Blocker> = paused.map(Blocker::QueuePaused).into_iter().collect();
    if due.now < due.run_at {
        found.push(match due.last_reason {
            Some(last_reason) => Blocker::BackingOff { until: due.run_at, last_reason },
            None => Blocker::NotDue { until: due.run_at },
        });
    }
    let executor = || position.executor.clone();
    let fitting: Vec<_> =
        workers.iter().filter(|worker| worker.takes_any || worker.executors.contains(&position.executor)).collect();
    if fitting.is_empty() {
        found.push(Blocker::NoWorker { executor: executor(), workers: workers.len() });
    } else if fitting.iter().all(|worker| worker.running >= worker.slots) {
        let slots = fitting.iter().map(|worker| u64::from(worker.slots)).sum();
        found.push(Blocker::WorkersBusy { executor: executor(), slots });
    }
    if position.ahead > 0 {
        found.push(Blocker::Behind { ahead: position.ahead });
    }
    found
}

fn with_blockers(explanation: Explanation, found: Vec<Blocker>) -> Explanation {
    match explanation {
        Explanation::Waiting { since, attempts, max_attempts, .. } => {
            Explanation::Waiting { since, attempts, max_attempts, blockers: found }
        }
        other => other,
    }
}

/// What the record alone tells.
fn settled(record: &TaskRecord) -> Explanation {
    match &record.state {
        TaskState::Pending { held_at } => Explanation::Held { since: *held_at },
        TaskState::Queued { queued_at, attempts, max_attempts, .. } => Explanation::Waiting {
            since: *queued_at,
            attempts: *attempts,
            max_attempts: *max_attempts,
            blockers: Vec::new(),
        },
        TaskState::Running { acquired_at, attempt, holder, expires_at, cancel_requested_at, .. } => {
            Explanation::Running {
                since: *acquired_at,
                attempt: *attempt,
                holder: holder.clone(),
                expires_at: *expires_at,
                cancel_requested_at: *cancel_requested_at,
            }
        }
        TaskState::Finished { status, reason, finished_at, .. } => {
            Explanation::Finished { status: *status, reason: *reason, at: *finished_at }
        }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::WorkerId;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn worker(executor: &str, takes_any: bool, running: u32) -> WorkerRecord {
        WorkerRecord {
            id: WorkerId::at(at(0)),
            name: "w".to_owned(),
            version: "0".to_owned(),
            executors: vec![executor.to_owned()],
            takes_any,
            slots: 2,
            running,
            started_at: at(0),
            last_seen_at: at(0),
            stopped_at: None,
        }
    }

    fn due(run_at: i64, last_reason: Option<ReasonCode>) -> Due {
        Due { now: at(100), run_at: at(run_at), last_reason }
    }

    #[track_caller]
    fn check(due: Due, paused: bool, ahead: u64, workers: &[WorkerRecord], expect: &[Blocker]) {
        let task_id = TaskId::at(at(0));
        let position = QueuePosition { executor: "survey".to_owned(), ahead, task_id };
        let paused = paused.then(pause);
        assert_eq!(blockers(due, paused, &position, workers), expect);
    }

    fn pause() -> Pause {
        Pause { by: "ana".to_owned(), reason: "maintenance".to_owned(), at: at(50) }
    }

    #[test]
    fn nothing_blocks_a_due_task_with_a_free_worker() {
        check(due(100, None), false, 0, &[worker("survey", false, 1)], &[]);
        check(due(100, None), false, 0, &[worker("command", true, 0)], &[]);
    }

    #[test]
    fn each_blocker_is_named_with_its_data() {
        let free = [worker("survey", false, 0)];
        check(due(130, None), false, 0, &free, &[Blocker::NotDue { until: at(130) }]);
        let backing_off = Blocker::BackingOff { until: at(130), last_reason: ReasonCode::LeaseLost };
        check(due(130, Some(ReasonCode::LeaseLost)), false, 0, &free, &[backing_off]);
        check(due(0, None), true, 0, &free, &[Blocker::QueuePaused(pause())]);
        check(due(0, None), false, 7, &free, &[Blocker::Behind { ahead: 7 }]);
        let executor = || "survey".to_owned();
        let none = Blocker::NoWorker { executor: executor(), workers: 1 };
        check(due(0, None), false, 0, &[worker("command", false, 0)], &[none]);
        let busy = Blocker::WorkersBusy { executor: executor(), slots: 2 };
        check(due(0, None), false, 0, &[worker("survey", false, 2)], &[busy]);
    }

    #[test]
    fn all_blockers_are_told_at_once() {
        let expect = [
            Blocker::QueuePaused(pause()),
            Blocker::NotDue { until: at(130) },
            Blocker::NoWorker { executor: "survey".to_owned(), workers: 0 },
            Blocker::Behind { ahead: 3 },
        ];
        check(due(130, None), true, 3, &[], &expect);
    }
}
