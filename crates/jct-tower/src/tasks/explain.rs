//! "Why is this task not running?", answered from data.

use std::time::Duration;

use jct_contract::{CapabilitySet, IsolationLevel, JobType, RunId, TaskId, Timestamp};
use jct_cwom::Status;
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::StoreError;
use jct_store::model::{
    ControlRecord, Holder, JobRecordFacts, ObjectFilter, PageStart, Pause, QueuePosition, TaskRecord, TaskState,
    WorkerRecord,
};

use super::held::Held;
use crate::Tower;
use crate::agents::PRESENCE;

/// A task may be claimed between two reads; it is looked at again, but not for ever.
const MAX_LOOKS: usize = 4;
/// Runs of one issue that wait for a review; usually there is one.
const RUNS_LOOKED_AT: u32 = 20;

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
        /// The run that waits for a review, if the work is done and nobody has said yet that it is good.
        under_review: Option<RunId>,
    },
}

/// One thing that keeps a task waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The queue is paused.
    QueuePaused(Pause),
    /// A control holds it, or every worker that could take it.
    HeldByControl(Box<ControlRecord>),
    /// An agent that it needs runs as much as it may.
    AgentFull {
        /// The name of the agent.
        agent: String,
        /// The most tasks that it may run at once.
        limit: u32,
    },
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
    /// No living worker offers what it needs.
    NoWorker {
        /// The executor.
        executor: String,
        /// Everything that it needs; the executor and nothing else for most tasks.
        needs: CapabilitySet,
        /// Living workers in all.
        workers: usize,
    },
    /// Living workers offer its executor, but none of them the isolation that it insists on.
    IsolationUnavailable {
        /// The level that it insists on.
        needed: IsolationLevel,
        /// What each worker that offers the executor gives, by name.
        workers: Vec<(String, IsolationLevel)>,
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
            match record.state.status() {
                TaskStatus::Queued => {}
                TaskStatus::Completed => return self.reviewed(&record).await,
                _ => return Ok(settled(&record)),
            }
            if let Some(position) = self.store().queue_position(id).await? {
                return self.waiting(&record, &position).await;
            }
        }
        let record = self.store().task_get(id).await?.ok_or(ExplainError::NotFound)?;
        Ok(settled(&record))
    }

    /// A task that is completed, with the run that waits for a review.
    async fn reviewed(&self, record: &TaskRecord) -> Result<Explanation, ExplainError> {
        let mut explanation = settled(record);
        if let (Explanation::Finished { under_review, .. }, Some(issue_id)) = (&mut explanation, record.issue_id) {
            let status = Some(Status::UnderReview);
            let waiting = ObjectFilter::Runs { issue_id: Some(issue_id), repo_id: None, status, mode: None };
            // The runs of an issue are those of its task and of the tasks that follow.
            for run in self.store().object_list(waiting, PageStart::Offset(0), RUNS_LOOKED_AT).await?.items {
                let id = RunId::from_uuid(run.object.id().as_uuid());
                if self.store().run_place(id).await?.is_some_and(|place| place.task_id == record.id) {
                    *under_review = Some(id);
                    break;
                }
            }
        }
        Ok(explanation)
    }

    /// What controls and limits say about a task.
    async fn held_back(&self, record: &TaskRecord) -> Result<Held, StoreError> {
        let policy = self.store().task_admission(record.id).await?.map(|admission| admission.policy_digest);
        let (controls, agents) = (self.store().controls_active().await?, self.store().agents().await?);
        Ok(Held::new(&record.task, policy.as_ref(), controls, agents))
    }

    async fn waiting(&self, record: &TaskRecord, position: &QueuePosition) -> Result<Explanation, ExplainError> {
        let TaskState::Queued { run_at, last_reason, .. } = &record.state else { return Ok(settled(record)) };
        let now = self.store().now().await?;
        let paused = self.store().queue_status().await?.paused;
        let workers =
            self.store().workers(Timestamp::from_micros(now.as_micros().saturating_sub(micros(PRESENCE)))).await?;
        let due = Due { now, run_at: *run_at, last_reason: *last_reason };
        let needed = record.task.minimum_isolation();
        let needs = Needs { executor: &position.executor, job: &record.job, isolation: needed };
        let held = self.held_back(record).await?;
        Ok(with_blockers(settled(record), blockers(due, paused, position.ahead, needs, (&workers, &held))))
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

/// What a worker must give to take a task.
#[derive(Clone, Copy)]
struct Needs<'a> {
    executor: &'a str,
    job: &'a JobRecordFacts,
    isolation: Option<IsolationLevel>,
}

/// Everything that keeps a queued task waiting, the most decisive first.
fn blockers(
    due: Due,
    paused: Option<Pause>,
    ahead: u64,
    needs: Needs<'_>,
    (workers, held): (&[WorkerRecord], &Held),
) -> Vec<Blocker> {
    let mut found: Vec<Blocker> = paused.map(Blocker::QueuePaused).into_iter().collect();
    found.extend(held.of_task());
    if due.now < due.run_at {
        found.push(match due.last_reason {
            Some(last_reason) => Blocker::BackingOff { until: due.run_at, last_reason },
            None => Blocker::NotDue { until: due.run_at },
        });
    }
    let (free, why) = held.of_workers(workers.iter().filter(|worker| is_able(needs, worker)));
    // Some could, were they free to.
    if of_workers(needs, &free).is_some() {
        found.extend(why);
    }
    found.extend(of_workers(needs, workers));
    if ahead > 0 {
        found.push(Blocker::Behind { ahead });
    }
    found
}

/// Whether a worker could take it, if it had the time.
fn is_able(needs: Needs<'_>, worker: &WorkerRecord) -> bool {
    let blocker = of_workers(needs, std::slice::from_ref(worker));
    !matches!(blocker, Some(Blocker::NoWorker { .. } | Blocker::IsolationUnavailable { .. }))
}

/// Why no worker takes it, if none does.
fn of_workers(needs: Needs<'_>, workers: &[WorkerRecord]) -> Option<Blocker> {
    let Needs { executor, job, isolation: needed } = needs;
    let takes = |worker: &WorkerRecord| {
        worker.takes_any && job.job_type == JobType::Task || job.capabilities.is_subset_of(&worker.capabilities)
    };
    let offering: Vec<_> = workers.iter().filter(|worker| takes(worker)).collect();
    if offering.is_empty() {
        let needs = job.capabilities.clone();
        return Some(Blocker::NoWorker { executor: executor.to_owned(), needs, workers: workers.len() });
    }
    // A worker that does not say which level it gives takes tasks of every level.
    let gives = |worker: &WorkerRecord| needed <= worker.isolation || worker.isolation.is_none();
    let able: Vec<_> = offering.iter().filter(|worker| gives(worker)).collect();
    match needed {
        Some(needed) if able.is_empty() => {
            let given = offering.iter().filter_map(|worker| Some((worker.name.clone(), worker.isolation?)));
            Some(Blocker::IsolationUnavailable { needed, workers: given.collect() })
        }
        _ if able.iter().all(|worker| worker.running >= worker.slots) => {
            let slots = able.iter().map(|worker| u64::from(worker.slots)).sum();
            Some(Blocker::WorkersBusy { executor: executor.to_owned(), slots })
        }
        _ => None,
    }
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
            Explanation::Finished { status: *status, reason: *reason, at: *finished_at, under_review: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{Priority, WorkerId};

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
            capabilities: capabilities(&[executor]),
            adapters: Vec::new(),
            slots: 2,
            running,
            started_at: at(0),
            last_seen_at: at(0),
            stopped_at: None,
            isolation: None,
        }
    }

    fn capabilities(words: &[&str]) -> CapabilitySet {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    fn job(job_type: JobType, needs: &[&str]) -> JobRecordFacts {
        JobRecordFacts {
            job_type,
            priority: Priority::default(),
            capabilities: capabilities(needs),
            affinity_key: None,
        }
    }

    fn due(run_at: i64, last_reason: Option<ReasonCode>) -> Due {
        Due { now: at(100), run_at: at(run_at), last_reason }
    }

    #[track_caller]
    fn check(due: Due, paused: bool, ahead: u64, workers: &[WorkerRecord], expect: &[Blocker]) {
        let paused = paused.then(pause);
        let needs = Needs { executor: "survey", job: &job(JobType::Task, &["survey"]), isolation: None };
        assert_eq!(blockers(due, paused, ahead, needs, (workers, &Held::default())), expect);
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
        let none = Blocker::NoWorker { executor: executor(), needs: capabilities(&["survey"]), workers: 1 };
        check(due(0, None), false, 0, &[worker("command", false, 0)], &[none]);
        let busy = Blocker::WorkersBusy { executor: executor(), slots: 2 };
        check(due(0, None), false, 0, &[worker("survey", false, 2)], &[busy]);
    }

    #[test]
    fn a_task_waits_for_a_worker_that_gives_the_isolation_it_insists_on() {
        use IsolationLevel::{L1, L2, L3};
        let gives = |name: &str, isolation, running| WorkerRecord {
            name: name.to_owned(),
            isolation,
            ..worker("survey", false, running)
        };
        let check = |needed, workers: &[WorkerRecord], expect| {
            let needs = Needs { executor: "survey", job: &job(JobType::Task, &["survey"]), isolation: needed };
            assert_eq!(of_workers(needs, workers), expect, "{needed:?}");
        };
        let weak = [gives("w1", Some(L2), 0), gives("w2", Some(L1), 2)];
        let given = vec![("w1".to_owned(), L2), ("w2".to_owned(), L1)];
        check(Some(L3), &weak, Some(Blocker::IsolationUnavailable { needed: L3, workers: given }));
        check(Some(L2), &weak, None);
        check(None, &weak, None);
        // The free worker is of no use to it.
        let strong_is_busy = [gives("w1", Some(L2), 0), gives("w3", Some(L3), 2)];
        check(Some(L3), &strong_is_busy, Some(Blocker::WorkersBusy { executor: "survey".to_owned(), slots: 2 }));
        check(Some(L3), &[gives("old", None, 0)], None);
    }

    #[test]
    fn a_job_waits_for_a_worker_that_offers_all_that_it_needs() {
        let manifest = job(JobType::Manifest, &["manifest", "qdrant"]);
        let needs = Needs { executor: "manifest", job: &manifest, isolation: None };
        let offers = |words: &[&str]| WorkerRecord { capabilities: capabilities(words), ..worker("survey", true, 0) };
        // Whoever takes any task does not for that take any job.
        let none = Blocker::NoWorker {
            executor: "manifest".to_owned(),
            needs: capabilities(&["manifest", "qdrant"]),
            workers: 1,
        };
        assert_eq!(of_workers(needs, &[offers(&["manifest"])]), Some(none));
        assert_eq!(of_workers(needs, &[offers(&["qdrant", "manifest", "github"])]), None);
    }

    #[test]
    fn all_blockers_are_told_at_once() {
        let expect = [
            Blocker::QueuePaused(pause()),
            Blocker::NotDue { until: at(130) },
            Blocker::NoWorker { executor: "survey".to_owned(), needs: capabilities(&["survey"]), workers: 0 },
            Blocker::Behind { ahead: 3 },
        ];
        check(due(130, None), true, 3, &[], &expect);
    }
}
