//! The model: what the store should do, in plain values, without a database, a transaction or a race.

use jct_lifecycle::{ReasonCode, TaskStatus};

use super::script::{Action, End, Step};

/// How long a worker's lease lasts, and an outsider's (the budget of 30 s and a grace of 10), in microseconds.
const WORKER_LEASE: i64 = 30_000_000;
const OUTSIDE_LEASE: i64 = 40_000_000;

/// Everything a script may have brought about.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) tasks: Vec<Task>,
    /// Every lease a worker ever got: task, generation, worker.
    pub(super) leases: Vec<(usize, i64, usize)>,
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    key: Option<u8>,
    variant: u8,
    max_attempts: u32,
    priority: i64,
    special: bool,
    pub(super) place: Place,
    /// One entry an attempt; its fence's generation is its number, since each lease is one attempt.
    pub(super) attempts: Vec<Option<(ReasonCode, TaskStatus)>>,
    receipts: Vec<(i64, End, TaskStatus)>,
    pub(super) events: u64,
    pub(super) audits: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Pending,
    Queued { run_at: i64, attempts: u32, max_attempts: u32 },
    Running { holder: Holder, attempt: u32, expires_at: i64, cancel: bool },
    Finished { status: TaskStatus, reason: ReasonCode, attempt: Option<u32> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Worker(usize),
    Outside(usize),
}

/// What the store should answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The step had nothing to act on.
    Nothing,
    Created,
    Replayed(usize),
    KeyReused(usize),
    Claimed(Vec<(usize, u32)>),
    Held {
        cancel: bool,
    },
    Lost,
    Recorded,
    NotRecorded,
    Accepted(TaskStatus, ReasonCode),
    Repeated(TaskStatus),
    Stale(Option<i64>),
    Changed,
    Taken(u32),
    CancelRequested,
    Illegal(TaskStatus),
    HeldByWorker,
    HeldByOther,
    LeaseExpired,
    StaleFence,
}

impl Place {
    pub(super) const fn status(self) -> TaskStatus {
        match self {
            Self::Pending => TaskStatus::Pending,
            Self::Queued { .. } => TaskStatus::Queued,
            Self::Running { .. } => TaskStatus::Running,
            Self::Finished { status, .. } => status,
        }
    }
}

impl Model {
    /// The task or lease that `back` counts to, from the newest.
    fn pick(length: usize, back: usize) -> Option<usize> {
        (length > 0).then(|| length - 1 - back % length)
    }

    pub(super) fn lease(&self, back: usize) -> Option<(usize, i64, usize)> {
        Self::pick(self.leases.len(), back).map(|at| self.leases[at])
    }

    pub(super) fn task(&self, back: usize) -> Option<usize> {
        Self::pick(self.tasks.len(), back)
    }

    /// The end that [`Step::SettleAgain`] repeats.
    pub(super) fn accepted_end(&self, (task, generation, _): (usize, i64, usize)) -> End {
        let receipt = self.tasks[task].receipts.iter().find(|receipt| receipt.0 == generation);
        receipt.map_or(End::Complete, |receipt| receipt.1)
    }

    pub(super) fn apply(&mut self, step: Step) -> Answer {
        match step {
            Step::Enqueue { hold, key, variant, max_attempts, priority, special } => {
                self.enqueue(hold, (key, variant), max_attempts, (priority, special))
            }
            Step::Claim { limit, worker, able } => self.claim(limit as usize, worker, able),
            Step::Heartbeat { lease, worker } => self.with_lease(lease, |model, lease| model.heartbeat(lease, worker)),
            Step::Record { lease, lines } => self.with_lease(lease, |model, lease| model.record(lease, lines)),
            Step::Settle { lease, end } => self.with_lease(lease, |model, lease| model.settle(lease, end)),
            Step::SettleAgain { lease } => self.with_lease(lease, |model, lease| {
                let end = model.accepted_end(lease);
                model.settle(lease, end)
            }),
            Step::Change { task, by, fence, action } => {
                let fence = fence.and_then(|back| self.lease(back)).map(|lease| lease.1);
                match self.task(task) {
                    Some(task) => self.change(task, by, fence, action),
                    None => Answer::Nothing,
                }
            }
        }
    }

    fn with_lease(&mut self, back: usize, act: impl FnOnce(&mut Self, (usize, i64, usize)) -> Answer) -> Answer {
        match self.lease(back) {
            Some(lease) => act(self, lease),
            None => Answer::Nothing,
        }
    }

    fn enqueue(
        &mut self,
        hold: bool,
        (key, variant): (Option<u8>, u8),
        max_attempts: u32,
        (priority, special): (i64, bool),
    ) -> Answer {
        let owner = key.and_then(|_| self.tasks.iter().position(|task| task.key == key));
        if let Some(owner) = owner {
            let same = self.tasks[owner].variant == variant;
            return if same { Answer::Replayed(owner) } else { Answer::KeyReused(owner) };
        }
        let place = if hold { Place::Pending } else { Place::Queued { run_at: self.now, attempts: 0, max_attempts } };
        let (attempts, receipts) = (Vec::new(), Vec::new());
        let (events, audits) = (1, 1);
        self.tasks.push(Task {
            key,
            variant,
            max_attempts,
            priority,
            special,
            place,
            attempts,
            receipts,
            events,
            audits,
        });
        Answer::Created
    }

    fn claim(&mut self, limit: usize, worker: usize, able: bool) -> Answer {
        let mut due: Vec<(i64, i64, usize)> = self
            .tasks
            .iter()
            .enumerate()
            .filter_map(|(n, task)| match task.place {
                Place::Queued { run_at, .. } if run_at <= self.now && (able || !task.special) => {
                    Some((-task.priority, run_at, n))
                }
                _ => None,
            })
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        let claimed = due.into_iter().map(|(_, _, n)| {
            let attempt = self.start(n, Holder::Worker(worker), WORKER_LEASE);
            self.leases.push((n, i64::from(attempt), worker));
            (n, attempt)
        });
        Answer::Claimed(claimed.collect())
    }

    fn start(&mut self, n: usize, holder: Holder, length: i64) -> u32 {
        let expires_at = self.now + length;
        let task = &mut self.tasks[n];
        task.attempts.push(None);
        let attempt = u32::try_from(task.attempts.len()).unwrap();
        task.place = Place::Running { holder, attempt, expires_at, cancel: false };
        task.note_change();
        attempt
    }

    /// Whether exactly this lease is alive.
    fn is_alive(&self, (task, generation, _): (usize, i64, usize)) -> bool {
        matches!(self.tasks[task].place, Place::Running { attempt, expires_at, .. }
            if i64::from(attempt) == generation && self.now < expires_at)
    }

    fn heartbeat(&mut self, lease: (usize, i64, usize), worker: usize) -> Answer {
        if !self.is_alive(lease) || lease.2 != worker {
            return Answer::Lost;
        }
        match &mut self.tasks[lease.0].place {
            Place::Running { expires_at, cancel, .. } => {
                *expires_at = self.now + WORKER_LEASE;
                Answer::Held { cancel: *cancel }
            }
            _ => Answer::Lost,
        }
    }

    fn record(&mut self, lease: (usize, i64, usize), lines: u64) -> Answer {
        if self.is_alive(lease) {
            self.tasks[lease.0].events += lines;
            return Answer::Recorded;
        }
        self.tasks[lease.0].audits += 1;
        Answer::NotRecorded
    }

    fn settle(&mut self, lease: (usize, i64, usize), end: End) -> Answer {
        let (n, generation, _) = lease;
        if self.is_alive(lease) {
            let (status, reason) = self.end(n, end, None);
            self.tasks[n].receipts.push((generation, end, status));
            return Answer::Accepted(status, reason);
        }
        let task = &mut self.tasks[n];
        if let Some(receipt) = task.receipts.iter().find(|receipt| receipt.0 == generation && receipt.1 == end) {
            return Answer::Repeated(receipt.2);
        }
        task.audits += 1;
        Answer::Stale(match task.place {
            Place::Running { attempt, .. } => Some(i64::from(attempt)),
            _ => None,
        })
    }

    /// Ends the running attempt of a task; `retried_as` is the reason of a retryable end, if it is not the worker's own.
    fn end(&mut self, n: usize, end: End, retried_as: Option<ReasonCode>) -> (TaskStatus, ReasonCode) {
        let now = self.now;
        let task = &mut self.tasks[n];
        let Place::Running { attempt, cancel, .. } = task.place else { panic!("only what runs can end") };
        let own = retried_as.unwrap_or(match end {
            End::Complete => ReasonCode::Completed,
            End::FailForGood => ReasonCode::CommandFailed,
            End::FailForNow => ReasonCode::WorkerError,
            End::GiveBack => ReasonCode::GivenBack,
            End::Cancel => ReasonCode::Cancelled,
        });
        let over = |status, reason| (Place::Finished { status, reason, attempt: Some(attempt) }, reason);
        let again = |run_at, max_attempts| (Place::Queued { run_at, attempts: attempt, max_attempts }, own);
        let (place, reason) = match end {
            End::Complete => over(TaskStatus::Completed, own),
            End::Cancel => over(TaskStatus::Cancelled, own),
            _ if cancel => over(TaskStatus::Cancelled, ReasonCode::Cancelled),
            End::FailForGood => over(TaskStatus::Failed, own),
            End::GiveBack => {
                task.max_attempts += 1;
                again(now, task.max_attempts)
            }
            // Five seconds, doubled for each attempt.
            End::FailForNow if attempt < task.max_attempts => {
                again(now + 5_000_000 * (1 << (attempt - 1)), task.max_attempts)
            }
            End::FailForNow => over(TaskStatus::Failed, ReasonCode::RetriesExhausted),
        };
        task.place = place;
        task.attempts[attempt as usize - 1] = Some((own, place.status()));
        task.note_change();
        (place.status(), reason)
    }

    fn change(&mut self, n: usize, by: usize, fence: Option<i64>, action: Action) -> Answer {
        let task = &mut self.tasks[n];
        let finished = |status, reason, attempts: usize| {
            let attempt = u32::try_from(attempts).ok().filter(|attempt| *attempt > 0);
            Place::Finished { status, reason, attempt }
        };
        let next = match (task.place, action) {
            (Place::Pending, Action::Release) => {
                Place::Queued { run_at: self.now, attempts: 0, max_attempts: task.max_attempts }
            }
            (Place::Queued { .. }, Action::Take) => {
                return Answer::Taken(self.start(n, Holder::Outside(by), OUTSIDE_LEASE));
            }
            (Place::Queued { .. }, Action::Fail) => {
                finished(TaskStatus::Failed, ReasonCode::ReportedFailure, task.attempts.len())
            }
            (Place::Pending | Place::Queued { .. }, Action::Cancel) => {
                finished(TaskStatus::Cancelled, ReasonCode::Cancelled, task.attempts.len())
            }
            (Place::Running { .. }, Action::Complete | Action::Fail | Action::Cancel) => {
                return self.change_running(n, by, fence, action);
            }
            (place, _) => return Answer::Illegal(place.status()),
        };
        task.place = next;
        task.note_change();
        Answer::Changed
    }

    fn change_running(&mut self, n: usize, by: usize, fence: Option<i64>, action: Action) -> Answer {
        let now = self.now;
        let task = &mut self.tasks[n];
        let Place::Running { holder, attempt, expires_at, cancel } = &mut task.place else { return Answer::Nothing };
        match (*holder, action) {
            (Holder::Worker(_), Action::Cancel) => {
                task.audits += u64::from(!*cancel);
                task.events += u64::from(!*cancel);
                *cancel = true;
                return Answer::CancelRequested;
            }
            (Holder::Worker(_), _) => return Answer::HeldByWorker,
            (Holder::Outside(_), Action::Cancel) => {}
            (Holder::Outside(owner), _) if owner != by => return Answer::HeldByOther,
            (Holder::Outside(_), _) if fence.is_some_and(|fence| fence != i64::from(*attempt)) => {
                task.audits += 1;
                return Answer::StaleFence;
            }
            (Holder::Outside(_), _) => {}
        }
        if *expires_at <= now {
            return Answer::LeaseExpired;
        }
        match action {
            Action::Complete => self.end(n, End::Complete, None),
            Action::Cancel => self.end(n, End::Cancel, None),
            _ => self.end(n, End::FailForGood, Some(ReasonCode::ReportedFailure)),
        };
        Answer::Changed
    }

    /// Ends every lease that ran out; tells which tasks that were, and what they are now.
    pub(super) fn reap(&mut self) -> Vec<(usize, TaskStatus, ReasonCode)> {
        let mut reaped = Vec::new();
        for n in 0..self.tasks.len() {
            let Place::Running { holder, expires_at, .. } = self.tasks[n].place else { continue };
            if expires_at <= self.now {
                let (status, reason) = match holder {
                    Holder::Worker(_) => self.end(n, End::FailForNow, Some(ReasonCode::LeaseLost)),
                    Holder::Outside(_) => self.end(n, End::FailForGood, Some(ReasonCode::ExternalTimeout)),
                };
                reaped.push((n, status, reason));
            }
        }
        reaped
    }
}

impl Task {
    /// The one row that says where the task is, as [`super::tables::places`] shows it.
    pub(super) fn row(&self) -> String {
        match self.place {
            Place::Pending => "held".to_owned(),
            Place::Queued { run_at, attempts, max_attempts } => format!("ready {run_at} {attempts}/{max_attempts}"),
            Place::Running { holder, attempt, expires_at, cancel } => {
                let kind = if matches!(holder, Holder::Worker(_)) { "worker" } else { "external" };
                let cancel = if cancel { " cancel" } else { "" };
                format!("lease {kind} {expires_at} {attempt}/{}{cancel}", self.max_attempts)
            }
            Place::Finished { status, reason, attempt } => {
                let proof = if status == TaskStatus::Completed { "result" } else { "error" };
                format!("outcome {status} {reason} {} {proof}", attempt.unwrap_or(0))
            }
        }
    }

    fn note_change(&mut self) {
        self.events += 1;
        self.audits += 1;
    }
}
