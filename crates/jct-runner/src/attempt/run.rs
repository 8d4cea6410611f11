//! The steps of one attempt, in order.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, ExecutorName, SystemClock, WorkerId};
use jct_exec::{ExecutionIo, ExecutionRequest, Executors};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{ClaimedTask, Settlement, TraceRef};
use jct_tower::work::{Causes, WorkStore};
use jct_trace::{Admission, AttemptIdentity, Output, SealedTrace, SealerHandle, TraceRoot, TraceWriter, attempt_path};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::outcome::{Context, Outcome};
use super::relay::Relay;
use super::settle::settle;
use super::supervise::Reins;
use super::tag::{Tag, tagged};
use crate::WorkerOptions;
use crate::options::LONGEST_SPAN;
use crate::order::Order;
use crate::report::Ended;

/// What all attempts of a worker share.
pub(crate) struct Job {
    pub(crate) worker_id: WorkerId,
    pub(crate) options: WorkerOptions,
    pub(crate) store: Arc<dyn WorkStore>,
    pub(crate) executors: Executors,
    pub(crate) traces: TraceRoot,
    pub(crate) sealer: SealerHandle,
}

/// One attempt under one lease.
pub(crate) struct Attempt {
    job: Arc<Job>,
    task: ClaimedTask,
    executor: ExecutorName,
    tag: Tag,
    orders: watch::Receiver<Order>,
}

/// Work that ended: what came of it, and the trace that is not sealed yet.
struct Worked {
    outcome: Outcome,
    writer: TraceWriter,
}

impl Attempt {
    pub(crate) fn new(job: Arc<Job>, task: ClaimedTask, orders: watch::Receiver<Order>) -> Self {
        let (executor, tag) = (task.task.executor(), Tag::of(&task));
        Self { job, task, executor, tag, orders }
    }

    /// Runs the attempt to its end and reports it.
    pub(crate) async fn run(self) -> Ended {
        let Self { task, executor, tag, .. } = &self;
        tagged!(info, tag, executor:% = executor, fence:% = task.lease.fence; "attempt started");
        let ended = match self.begin().await {
            Ok(writer) => self.run_traced(writer).await,
            Err(message) => self.settle(Outcome::failed(ReasonCode::WorkerError, &message).end, None).await,
        };
        tagged!(info, tag, ended = ended.as_str(); "attempt ended");
        ended
    }

    /// Hands the task back without having begun.
    pub(crate) async fn give_back(self) -> Ended {
        let ended = self.settle(AttemptEnd::GivenBack, None).await;
        tagged!(info, self.tag, ended = ended.as_str(); "task handed back without an attempt at it");
        ended
    }

    /// Begins the trace, or says why that was not possible.
    async fn begin(&self) -> Result<TraceWriter, String> {
        let identity = self.identity();
        let (traces, task) = (self.job.traces.clone(), self.task.task.clone());
        let begun = tokio::task::spawn_blocking(move || {
            let input = serde_json::to_value(&task).map_err(|error| failed("write the task into the trace", &error))?;
            traces.begin(identity, &input).map_err(|error| failed("begin the trace", &error))
        });
        begun.await.unwrap_or_else(|error| Err(failed("begin the trace", &error)))
    }

    fn identity(&self) -> AttemptIdentity {
        let Self { job, task, tag, .. } = self;
        let mut components = job.options.components.clone();
        components.insert("executor".to_owned(), self.executor.to_string());
        let admission = &task.admission;
        AttemptIdentity {
            task_id: tag.task_id,
            attempt: tag.attempt,
            fence: task.lease.fence,
            trace_id: tag.trace_id.clone(),
            worker: job.options.name.clone(),
            components,
            admission: Some(Admission {
                decision_id: admission.decision_id.to_string(),
                policy_digest: admission.policy_digest,
                task_digest: admission.input_digest,
            }),
            started_at: SystemClock.now(),
        }
    }

    async fn run_traced(&self, writer: TraceWriter) -> Ended {
        let relay = Relay {
            store: self.job.store.clone(),
            lease: self.task.lease,
            tag: self.tag.clone(),
            revoked: CancellationToken::new(),
        };
        let artifacts = writer.artifacts_dir();
        let journal = Arc::new(Journal::new(writer));
        let work = async {
            let outcome = self.work(&journal, artifacts, &relay.revoked).await;
            match &outcome {
                None => journal.mute(),
                Some(Outcome { output: Output::Error(error), .. }) => {
                    journal.note(&format!("{}: {}", error.code, error.message));
                }
                Some(Outcome { output: Output::Result(_), .. }) => {}
            }
            let writer = journal.close()?;
            match outcome {
                Some(outcome) => self.seal(Worked { outcome, writer }).await,
                None => self.abandon(writer).await,
            }
        };
        // The last events are sent while the trace is sealed; both come before the settlement, which ends the lease.
        let (sealed, ()) = tokio::join!(work, relay.run(&journal));
        // The lease may turn out to be gone as late as with the last events.
        let Some((end, trace)) = sealed.filter(|_| !relay.revoked.is_cancelled()) else {
            tagged!(warn, self.tag; "the lease was lost, the work was killed and nothing of it is reported");
            return Ended::Lost;
        };
        let has_trace = trace.is_some();
        let ended = self.settle(end, trace).await;
        if has_trace && ended.is_final() {
            self.link().await;
        }
        ended
    }

    /// Runs the executor; `None` if the lease was lost meanwhile.
    async fn work(
        &self,
        journal: &Arc<Journal>,
        artifacts: std::path::PathBuf,
        revoked: &CancellationToken,
    ) -> Option<Outcome> {
        let Self { job, task, executor, tag, orders } = self;
        let offered = job.executors.names().collect::<Vec<_>>().join(", ");
        let request = self.request();
        let context = Context {
            executor: executor.as_str(),
            operation: task.task.operation().as_str(),
            offered: &offered,
            time_budget_seconds: request.time_budget.as_secs(),
            trace_path: &attempt_path(tag.task_id, tag.attempt),
        };
        let Some(executor) = job.executors.get(executor.as_str()) else {
            return Some(Outcome::no_executor(&context));
        };
        let cancel = CancellationToken::new();
        let io = ExecutionIo::new(
            journal.clone(),
            journal.clone(),
            artifacts,
            job.options.workspaces.clone(),
            cancel.clone(),
        );
        let patience = job.options.stop_patience;
        let reins = Reins { orders: orders.clone(), revoked: revoked.clone(), cancel, patience };
        let supervised = reins.supervise(executor.as_ref(), &request, &io).await;
        Outcome::of(supervised, &context)
    }

    fn request(&self) -> ExecutionRequest {
        let Self { task: ClaimedTask { task, .. }, tag, .. } = self;
        let seconds = u64::try_from(task.constraints().time_budget_seconds()).unwrap_or(0);
        ExecutionRequest {
            task_id: tag.task_id.to_string(),
            attempt: tag.attempt,
            trace_id: tag.trace_id.to_string(),
            repo: task.repo().to_string(),
            reference: task.ref_().to_owned(),
            path: task.path().to_owned(),
            operation: task.operation().to_string(),
            objective: task.objective().to_owned(),
            inputs: task.inputs().clone(),
            time_budget: Duration::from_secs(seconds).min(LONGEST_SPAN),
        }
    }

    /// Seals the trace. Work whose trace cannot be sealed did not happen as far as anybody can prove: it failed.
    async fn seal(&self, Worked { outcome, writer }: Worked) -> Option<(AttemptEnd, Option<SealedTrace>)> {
        let Outcome { end, output } = outcome;
        match self.job.sealer.seal(writer.finish(output, SystemClock.now())).await {
            Ok(sealed) => Some((end, Some(sealed))),
            Err(error) => {
                tagged!(error, self.tag, cause:% = Causes(&error); "the trace could not be sealed");
                let message = failed("seal the trace", &error);
                Some((Outcome::failed(ReasonCode::WorkerError, &message).end, None))
            }
        }
    }

    /// Removes the folder of an attempt whose lease was lost.
    async fn abandon(&self, writer: TraceWriter) -> Option<(AttemptEnd, Option<SealedTrace>)> {
        let removed = tokio::task::spawn_blocking(|| writer.abandon()).await;
        if let Ok(Err(error)) = removed {
            tagged!(warn, self.tag, cause:% = Causes(&error); "a trace folder that counts for nothing was left behind");
        }
        None
    }

    async fn settle(&self, end: AttemptEnd, trace: Option<SealedTrace>) -> Ended {
        let settlement = Settlement {
            lease: self.task.lease,
            end,
            trace: trace.map(|sealed| TraceRef {
                path: sealed.relative_path,
                manifest_digest: Some(sealed.manifest_digest.to_string()),
            }),
            retry: self.job.options.retry,
            jitter: rand::random(),
        };
        let Job { store, options, .. } = self.job.as_ref();
        settle(store.as_ref(), &settlement, &self.orders, options.lease, &self.tag).await
    }

    /// Points the task's own files at those of this attempt. A convenience: failing changes nothing that counts.
    async fn link(&self) {
        let (traces, Tag { task_id, attempt, .. }) = (self.job.traces.clone(), self.tag.clone());
        let linked = tokio::task::spawn_blocking(move || traces.accept(task_id, attempt)).await;
        if let Ok(Err(error)) = linked {
            tagged!(warn, self.tag, cause:% = Causes(&error); "the links to the accepted trace were not set");
        }
    }
}

fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> String {
    format!("failed to {what}: {}", Causes(error))
}
