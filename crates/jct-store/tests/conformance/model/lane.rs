//! One script on the real store: each step is done, then compared with the model.

use std::collections::HashMap;
use std::time::Duration;

use jct_contract::{JobType, TaskId, Timestamp};
use jct_lifecycle::{AttemptEnd, Disposition, Fence, LeaseRef, ReasonCode, TaskStatus};
use jct_store::model::{Claim, Enqueued, HeartbeatAnswer, Reaped, SettleAnswer, TaskState};
use jct_store::{ChangeAnswer, RecordAnswer, StatusAction, StatusChange, Store};

use super::reference::{Answer, Holder, Model, Place};
use super::script::{Action, End, Step};
use crate::support::{Worker, assert_rebuilt, audit, failed, log_line, offering, principal, settlement, task, worker};

const WORKER_LEASE: Duration = Duration::from_secs(30);
/// What only some claims offer.
const SPECIAL: &str = "special";
/// With the budget of every task in the model, 30 seconds, this is the model's lease of an outsider.
const GRACE: Duration = Duration::from_secs(10);

pub(super) struct Lane {
    name: String,
    model: Model,
    ids: Vec<TaskId>,
    workers: [Worker; 2],
}

/// Compares, and says what was compared if the two differ.
macro_rules! agree {
    ($what:expr, $store:expr, $model:expr) => {{
        let (store, model) = ($store, $model);
        if store != model {
            return Err(format!("{}:\n  the store: {store:?}\n  the model: {model:?}", $what));
        }
    }};
}

impl Lane {
    pub(super) fn new(name: String) -> Self {
        Self { name, model: Model::default(), ids: Vec::new(), workers: [worker("worker-0"), worker("worker-1")] }
    }

    pub(super) async fn step(&mut self, store: &Store, now: Timestamp, step: Step) -> Result<(), String> {
        self.model.now = now.as_micros();
        let before = self.model.clone();
        let expected = self.model.apply(step);
        let actual = self.act(store, &before, now, step).await?;
        agree!(format!("{step:?} was answered differently"), actual, expected);
        Ok(())
    }

    /// Compares where the tables say each task is. A task that is in two places has two lines here, and disagrees.
    pub(super) fn compare_places(&self, places: &HashMap<String, Vec<String>>, after: &str) -> Result<(), String> {
        for (n, (id, model)) in self.ids.iter().zip(&self.model.tasks).enumerate() {
            let expected = [model.row()];
            let rows = places.get(&id.to_string()).map_or(&[][..], Vec::as_slice);
            agree!(format!("{after}, rows of task {n}"), rows, &expected[..]);
        }
        Ok(())
    }

    async fn act(&mut self, store: &Store, model: &Model, now: Timestamp, step: Step) -> Result<Answer, String> {
        let told = |error: jct_store::StoreError| format!("{step:?} failed: {error:?}");
        let lease_of = |back| model.lease(back).map(|(task, generation, _)| self.lease_ref(task, generation));
        Ok(match step {
            Step::Enqueue { hold, key, variant, max_attempts, priority, special } => {
                let what = (hold, key, variant, max_attempts);
                self.enqueue(store, what, (priority, special)).await.map_err(told)?
            }
            Step::Claim { limit, worker, able } => self.claim(store, limit, worker, able).await.map_err(told)?,
            Step::Heartbeat { lease, worker } => {
                let Some(lease) = lease_of(lease) else { return Ok(Answer::Nothing) };
                let id = self.workers[worker].id;
                match store.heartbeat(id, vec![lease], WORKER_LEASE).await.map_err(told)?[0] {
                    HeartbeatAnswer::Held { cancel_requested, .. } => Answer::Held { cancel: cancel_requested },
                    HeartbeatAnswer::Lost => Answer::Lost,
                }
            }
            Step::Record { lease, lines } => {
                let Some(lease) = lease_of(lease) else { return Ok(Answer::Nothing) };
                let lines = (0..lines).map(|n| log_line(now, &format!("line {n}"))).collect();
                match store.record(lease, lines).await.map_err(told)? {
                    RecordAnswer::Recorded { .. } => Answer::Recorded,
                    RecordAnswer::Stale => Answer::NotRecorded,
                }
            }
            Step::Settle { lease, end } => {
                let Some(lease) = lease_of(lease) else { return Ok(Answer::Nothing) };
                settle(store, lease, end).await.map_err(told)?
            }
            Step::SettleAgain { lease } => {
                let Some(picked) = model.lease(lease) else { return Ok(Answer::Nothing) };
                let lease = self.lease_ref(picked.0, picked.1);
                settle(store, lease, model.accepted_end(picked)).await.map_err(told)?
            }
            Step::Change { task, by, fence, action } => {
                let Some(task) = model.task(task) else { return Ok(Answer::Nothing) };
                let fence = fence.and_then(|back| model.lease(back)).map(|lease| generation(lease.1));
                let change = StatusChange {
                    task_id: self.ids[task],
                    by: principal(&format!("outsider-{by}")),
                    fence,
                    action: status_action(action),
                };
                changed(store.change_status(change).await.map_err(told)?)
            }
        })
    }

    fn lease_ref(&self, task: usize, of: i64) -> LeaseRef {
        LeaseRef { task_id: self.ids[task], fence: generation(of) }
    }

    fn index(&self, id: TaskId) -> usize {
        self.ids.iter().position(|known| *known == id).unwrap_or(usize::MAX)
    }

    async fn enqueue(
        &mut self,
        store: &Store,
        (hold, key, variant, max_attempts): (bool, Option<u8>, u8, u32),
        (priority, special): (i64, bool),
    ) -> Result<Answer, jct_store::StoreError> {
        let mut new = task().executor(&self.name).budget(30).attempts(max_attempts);
        new = new.objective(&format!("variant {variant}"));
        new = new.priority(priority);
        if special {
            new = new.job(JobType::Task, &[&self.name, SPECIAL]);
        }
        if hold {
            new = new.held();
        }
        if variant == 1 {
            new = new.with_objects();
        }
        if let Some(key) = key {
            new = new.key(&format!("{}-{key}", self.name));
        }
        Ok(match store.enqueue(vec![new.build()]).await?[0] {
            Enqueued::Created { task_id, .. } => {
                self.ids.push(task_id);
                Answer::Created
            }
            Enqueued::Replayed { task_id } => Answer::Replayed(self.index(task_id)),
            Enqueued::KeyReused { task_id } => Answer::KeyReused(self.index(task_id)),
            Enqueued::ManifestGone => Answer::Nothing,
        })
    }

    async fn claim(
        &self,
        store: &Store,
        limit: u32,
        worker: usize,
        able: bool,
    ) -> Result<Answer, jct_store::StoreError> {
        let filter = if able { offering(&[SPECIAL, &self.name]) } else { offering(&[&self.name]) };
        let claim = Claim { filter, lease: WORKER_LEASE, ..self.workers[worker].request(limit) };
        let claimed = store.claim(claim).await?;
        Ok(Answer::Claimed(claimed.iter().map(|task| (self.index(task.lease.task_id), task.attempt)).collect()))
    }

    async fn compare_task(&self, store: &Store, n: usize, id: TaskId) -> Result<(), String> {
        let record = store.task_get(id).await.map_err(|error| format!("{error:?}"))?.ok_or("a task is gone")?;
        let model = &self.model.tasks[n];
        let generation_of = |attempts: usize| i64::try_from(attempts).unwrap();
        if let TaskState::Running { fence, .. } = record.state {
            agree!(format!("fence of task {n}"), fence, generation(generation_of(model.attempts.len())));
        }
        if let TaskState::Finished { status, outcome, .. } = &record.state {
            agree!(format!("result xor error of task {n}"), outcome.is_ok(), *status == TaskStatus::Completed);
        }
        agree!(format!("task {n}"), self.place(record.state), model.place);
        Ok(())
    }

    fn place(&self, state: TaskState) -> Place {
        match state {
            TaskState::Pending { .. } => Place::Pending,
            TaskState::Queued { run_at, attempts, max_attempts, .. } => {
                Place::Queued { run_at: run_at.as_micros(), attempts, max_attempts }
            }
            TaskState::Running { attempt, expires_at, holder, cancel_requested_at, .. } => Place::Running {
                holder: match holder {
                    jct_store::model::Holder::Worker { id, .. } => {
                        Holder::Worker(usize::from(id != self.workers[0].id))
                    }
                    jct_store::model::Holder::External { principal } => {
                        Holder::Outside(usize::from(principal != "outsider-0"))
                    }
                },
                attempt,
                expires_at: expires_at.as_micros(),
                cancel: cancel_requested_at.is_some(),
            },
            TaskState::Finished { status, reason, attempt, .. } => Place::Finished { status, reason, attempt },
        }
    }

    /// Lets the model reap, and compares what the store reaped of this lane.
    pub(super) fn reaped(&mut self, now: Timestamp, reaped: &HashMap<TaskId, &Reaped>) -> Result<(), String> {
        self.model.now = now.as_micros();
        let expected = self.model.reap();
        let mut actual: Vec<(usize, TaskStatus, ReasonCode)> = Vec::new();
        for (n, id) in self.ids.iter().enumerate() {
            if let Some(reaped) = reaped.get(id) {
                actual.push((n, reaped.status, reaped.reason));
            }
        }
        agree!("the reaper", actual, expected);
        Ok(())
    }

    /// Compares the whole history of every task: attempts, numbers of events, numbers of audit entries.
    pub(super) async fn compare_history(&self, store: &Store) -> Result<(), String> {
        for (n, (id, model)) in self.ids.iter().zip(&self.model.tasks).enumerate() {
            self.compare_task(store, n, *id).await?;
            let attempts = store.task_attempts(*id).await.map_err(|error| format!("{error:?}"))?;
            let ends: Vec<_> =
                attempts.iter().map(|attempt| attempt.end.as_ref().map(|end| (end.reason, end.next_status))).collect();
            agree!(format!("attempts of task {n}"), &ends, &model.attempts);
            let ordinals: Vec<(u32, Fence)> = attempts.iter().map(|attempt| (attempt.ordinal, attempt.fence)).collect();
            let expected: Vec<_> = (1..).zip(1..).take(ends.len()).map(|(n, g)| (n, generation(g))).collect();
            agree!(format!("ordinals and fences of task {n}"), ordinals, expected);
            let events = store.task_events(*id, 0, 10_000).await.map_err(|error| format!("{error:?}"))?;
            let events: Vec<u64> = events.unwrap_or_default().iter().map(|event| event.seq).collect();
            agree!(format!("events of task {n}"), events, (1..=model.events).collect::<Vec<_>>());
            assert_rebuilt(store, *id).await;
            let audits: Vec<u64> = audit(store, *id).await.iter().map(|entry| entry.seq).collect();
            agree!(format!("audit entries of task {n}"), audits, (1..=model.audits).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// The steps that end everything this lane left open.
    pub(super) fn farewell(&self) -> Vec<Step> {
        let cancel = |task| Step::Change { task, by: 0, fence: None, action: Action::Cancel };
        (0..self.ids.len()).map(cancel).collect()
    }

    pub(super) fn all_over(&self) -> Result<(), String> {
        let open = self.model.tasks.iter().filter(|task| !task.place.status().is_final()).count();
        agree!("tasks that never ended", open, 0);
        Ok(())
    }
}

const fn generation(generation: i64) -> Fence {
    Fence { epoch: 1, generation }
}

async fn settle(store: &Store, lease: LeaseRef, end: End) -> Result<Answer, jct_store::StoreError> {
    let end = match end {
        End::Complete => AttemptEnd::Completed { result: "{\"done\":true}".to_owned() },
        End::FailForGood => failed(ReasonCode::CommandFailed),
        End::FailForNow => failed(ReasonCode::WorkerError),
        End::GiveBack => AttemptEnd::GivenBack,
        End::Cancel => AttemptEnd::Cancelled,
    };
    let settlement = settlement(lease, end);
    Ok(match store.settle(settlement).await? {
        SettleAnswer::Accepted(Disposition::Finish(event, reason)) => Answer::Accepted(event.target(), reason),
        SettleAnswer::Accepted(Disposition::Retry(reason) | Disposition::Return(reason)) => {
            Answer::Accepted(TaskStatus::Queued, reason)
        }
        SettleAnswer::Repeated { status } => Answer::Repeated(status),
        SettleAnswer::Stale { current } => Answer::Stale(current.map(|fence| fence.generation)),
    })
}

fn status_action(action: Action) -> StatusAction {
    match action {
        Action::Release => StatusAction::Release,
        Action::Take => StatusAction::Take { assigned_to: None, grace: GRACE, most: None },
        Action::Complete => StatusAction::Complete { result: "{}".to_owned(), trace_path: None },
        Action::Fail => StatusAction::Fail { error: "reported".to_owned(), trace_path: None },
        Action::Cancel => StatusAction::Cancel { note: None },
    }
}

fn changed(answer: ChangeAnswer) -> Answer {
    match answer {
        ChangeAnswer::Changed => Answer::Changed,
        ChangeAnswer::Taken(lease) => Answer::Taken(lease.attempt),
        ChangeAnswer::CancelRequested => Answer::CancelRequested,
        ChangeAnswer::NotFound => Answer::Nothing,
        ChangeAnswer::Illegal(illegal) => Answer::Illegal(illegal.from),
        ChangeAnswer::HeldByWorker { .. } => Answer::HeldByWorker,
        ChangeAnswer::HeldByOther { .. } => Answer::HeldByOther,
        ChangeAnswer::HeldByControl(control) => panic!("nobody set {control:?}"),
        ChangeAnswer::AgentFull { agent, limit } => panic!("nobody limited {agent} to {limit}"),
        ChangeAnswer::LeaseExpired => Answer::LeaseExpired,
        ChangeAnswer::StaleFence { .. } => Answer::StaleFence,
    }
}
