//! The dispatcher: owns the slots and the leases, and nothing else does. It never waits for the database or for work;
//! it only reacts to what claimer, heartbeat, attempts, clock and shutdown tell it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use jct_lifecycle::LeaseRef;
use jct_store::model::ClaimedTask;
use jct_tower::work::Causes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::attempt::{Attempt, Job};
use crate::book::Book;
use crate::claimer::{Ask, Claimed};
use crate::heartbeat::{Heard, beat};
use crate::order::{Order, StopReason};
use crate::report::Ended;
use crate::{RunMode, Shutdown, Stage, WorkerError, WorkerReport};

/// A failed heartbeat is repeated after this part of the usual time.
const HEARTBEAT_RETRY_DIVISOR: u32 = 4;

pub(crate) struct Dispatcher {
    job: Arc<Job>,
    book: Book,
    attempts: JoinSet<(LeaseRef, Ended)>,
    claims: Claims,
    heartbeats: Heartbeats,
    /// When what still runs is given back; set while draining.
    grace_ends: Option<Instant>,
    report: WorkerReport,
}

/// The line to the claimer.
pub(crate) struct Claims {
    pub(crate) asks: mpsc::Sender<Ask>,
    pub(crate) answers: mpsc::Receiver<Claimed>,
    /// Ends the claimer's wait.
    pub(crate) stop: CancellationToken,
    pub(crate) state: ClaimState,
    pub(crate) failure: Option<WorkerError>,
}

/// Where claiming stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimState {
    /// Nothing is asked; asking makes sense.
    Idle,
    /// Asked, not answered.
    Asked,
    /// The queue had nothing; asking makes sense once an attempt has ended.
    Exhausted,
    /// Nothing is asked any more.
    Over,
    /// Asked before it was over; what still comes is given back.
    Closing,
}

impl Claims {
    /// Whether an answer is to come.
    const fn is_open(&self) -> bool {
        matches!(self.state, ClaimState::Asked | ClaimState::Closing)
    }
}

struct Heartbeats {
    sender: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    due: Instant,
    in_flight: bool,
}

impl Dispatcher {
    pub(crate) fn new(job: Arc<Job>, claims: Claims) -> Self {
        let (sender, heard) = mpsc::channel(1);
        let book = Book::new(job.options.lease);
        let heartbeats = Heartbeats { sender, heard, due: Instant::now(), in_flight: false };
        let (attempts, report) = (JoinSet::new(), WorkerReport::default());
        Self { job, book, attempts, claims, heartbeats, grace_ends: None, report }
    }

    /// Works until there is nothing left to do: never, unless the mode or a shutdown says so.
    ///
    /// # Errors
    ///
    /// [`WorkerError`] when no more work can be had.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) -> Result<WorkerReport, WorkerError> {
        self.on_stage(shutdown.stage());
        loop {
            self.ask();
            if self.is_over() {
                return self.claims.failure.map_or(Ok(self.report), Err);
            }
            let alarm = self.alarm();
            tokio::select! {
                claimed = self.claims.answers.recv(), if self.claims.is_open() => self.on_claimed(claimed),
                Some(ended) = self.attempts.join_next() => self.on_ended(ended),
                Some(heard) = self.heartbeats.heard.recv() => self.on_heard(heard),
                stage = shutdown.next() => self.on_stage(stage),
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => self.on_alarm(Instant::now()),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.attempts.is_empty() && matches!(self.claims.state, ClaimState::Exhausted | ClaimState::Over)
    }

    fn free_slots(&self) -> u32 {
        let running = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        self.job.options.slots.saturating_sub(running)
    }

    fn ask(&mut self) {
        let limit = self.free_slots();
        if self.claims.state != ClaimState::Idle || limit == 0 {
            return;
        }
        let ask = Ask { limit, wait: self.job.options.mode == RunMode::Serve };
        self.claims.state = ClaimState::Asked;
        // There is room for the one request that is ever open. A claimer that is gone does not answer, and is noticed
        // by that.
        let _ = self.claims.asks.try_send(ask);
    }

    fn on_claimed(&mut self, claimed: Option<Claimed>) {
        let Some(Claimed { asked_at, tasks, failure }) = claimed else {
            self.claims.state = ClaimState::Over;
            self.claims.failure = Some(WorkerError::ClaimerGone);
            return;
        };
        let closing = self.claims.state == ClaimState::Closing;
        self.claims.state = match self.job.options.mode {
            _ if closing || failure.is_some() => ClaimState::Over,
            RunMode::Serve => ClaimState::Idle,
            RunMode::Once => ClaimState::Over,
            RunMode::Drain if tasks.is_empty() => ClaimState::Exhausted,
            RunMode::Drain => ClaimState::Idle,
        };
        self.claims.failure = failure.map(WorkerError::Claim);
        for task in tasks {
            self.start(task, asked_at, closing);
        }
    }

    fn start(&mut self, task: ClaimedTask, asked_at: Instant, give_back: bool) {
        // A claim that took long leaves the less time for the first renewal.
        let due = asked_at + self.job.options.heartbeat;
        self.heartbeats.due = if self.book.is_empty() { due } else { due.min(self.heartbeats.due) };
        self.report.claimed += 1;
        let lease = task.lease;
        let (orders, term) = self.book.open(lease, asked_at);
        let attempt = Attempt::new(self.job.clone(), task, (orders, term));
        self.attempts.spawn(async move {
            let work = async { if give_back { attempt.give_back().await } else { attempt.run().await } };
            // A crash of one attempt is not the end of the others; its lease runs out.
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            (lease, ended.unwrap_or(Ended::Unsettled))
        });
    }

    fn on_ended(&mut self, ended: Result<(LeaseRef, Ended), tokio::task::JoinError>) {
        match ended {
            Ok((lease, ended)) => {
                self.book.close(&lease);
                self.report.count(ended);
            }
            Err(error) => log::error!(cause:% = Causes(&error); "an attempt vanished"),
        }
        if self.claims.state == ClaimState::Exhausted {
            self.claims.state = ClaimState::Idle;
        }
    }

    fn on_heard(&mut self, Heard { asked_at, answers }: Heard) {
        self.heartbeats.in_flight = false;
        let interval = self.job.options.heartbeat;
        match answers {
            Ok(answers) => {
                self.heartbeats.due = asked_at + interval;
                for (lease, answer) in answers {
                    self.book.answer(&lease, asked_at, answer);
                }
            }
            Err(error) => {
                self.heartbeats.due = Instant::now() + interval / HEARTBEAT_RETRY_DIVISOR;
                log::warn!(cause:% = Causes(&error); "the leases could not be renewed");
            }
        }
    }

    fn on_stage(&mut self, stage: Stage) {
        if stage == Stage::Serving {
            return;
        }
        self.claims.stop.cancel();
        self.claims.state = match self.claims.state {
            ClaimState::Asked | ClaimState::Closing => ClaimState::Closing,
            ClaimState::Idle | ClaimState::Exhausted | ClaimState::Over => ClaimState::Over,
        };
        if stage == Stage::GivingBack {
            log::info!(running = self.attempts.len(); "giving back what still runs");
            self.book.order_all(Order::kill(StopReason::GiveBack));
        } else {
            log::info!(running = self.attempts.len(); "draining: nothing more is claimed");
            self.grace_ends = Some(Instant::now() + self.job.options.grace);
        }
    }

    /// When the clock has something to say next.
    fn alarm(&self) -> Option<Instant> {
        let heartbeat = (!self.heartbeats.in_flight && !self.book.is_empty()).then_some(self.heartbeats.due);
        [heartbeat, self.book.next_end(), self.grace_ends].into_iter().flatten().min()
    }

    fn on_alarm(&mut self, now: Instant) {
        if self.book.next_end().is_some_and(|end| end <= now) {
            let lost = self.book.lose_ended(now);
            if lost > 0 {
                log::error!(leases = lost; "leases ended before they could be renewed, their work is killed");
            }
        }
        if self.grace_ends.is_some_and(|end| end <= now) {
            self.grace_ends = None;
            log::info!(running = self.attempts.len(); "the grace period is over, giving back what still runs");
            self.book.order_all(Order::stop(StopReason::GiveBack));
        }
        if !self.heartbeats.in_flight && self.heartbeats.due <= now {
            self.heartbeat(now);
        }
    }

    fn heartbeat(&mut self, now: Instant) {
        let leases = self.book.renewable();
        if leases.is_empty() {
            self.heartbeats.due = now + self.job.options.heartbeat;
            return;
        }
        let Job { store, worker_id, options, .. } = self.job.as_ref();
        self.heartbeats.in_flight = true;
        beat(store.clone(), *worker_id, leases, options.lease, self.heartbeats.sender.clone());
    }
}
