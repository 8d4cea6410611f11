//! The steps of one attempt, in order.

use std::sync::Arc;

use jct_contract::{Clock, ExecutorName, SystemClock, WorkerId};
use jct_exec::Executors;
use jct_exec::process::LeaseTerm;
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{ArtifactFile, ClaimedTask, NewEvidence, RunReport, Settlement, TraceRef};
use jct_tower::work::{Causes, WorkStore};
use jct_trace::{
    ARTIFACTS_DIR, Admission, AttemptIdentity, FileEntry, Output, SealedTrace, SealerHandle, TraceRoot, TraceWriter,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::egress::Decisions;
use super::journal::Journal;
use super::outcome::Outcome;
use super::relay::Relay;
use super::settle::settle;
use super::tag::{Tag, tagged};
use super::work::{Done, Outlets, Work};
use crate::order::Order;
use crate::report::Ended;
use crate::{Proving, WorkerOptions};

/// What all attempts of a worker share.
pub(crate) struct Job {
    pub(crate) worker_id: WorkerId,
    pub(crate) options: WorkerOptions,
    pub(crate) store: Arc<dyn WorkStore>,
    pub(crate) executors: Executors,
    pub(crate) traces: TraceRoot,
    pub(crate) sealer: SealerHandle,
    pub(crate) proving: Option<Proving>,
}

/// One attempt under one lease.
pub(crate) struct Attempt {
    job: Arc<Job>,
    task: ClaimedTask,
    executor: ExecutorName,
    tag: Tag,
    orders: watch::Receiver<Order>,
    term: LeaseTerm,
}

/// What is reported of an attempt.
struct Report {
    end: AttemptEnd,
    trace: Option<SealedTrace>,
    evidence: Option<NewEvidence>,
    facts: RunReport,
    manifest_state: Option<String>,
}

impl From<AttemptEnd> for Report {
    fn from(end: AttemptEnd) -> Self {
        Self { end, trace: None, evidence: None, facts: RunReport::default(), manifest_state: None }
    }
}

impl Attempt {
    pub(crate) fn new(job: Arc<Job>, task: ClaimedTask, (orders, term): (watch::Receiver<Order>, LeaseTerm)) -> Self {
        let (executor, tag) = (task.task.executor(), Tag::of(&task));
        Self { job, task, executor, tag, orders, term }
    }

    /// Runs the attempt to its end and reports it.
    pub(crate) async fn run(self) -> Ended {
        let Self { task, executor, tag, .. } = &self;
        tagged!(info, tag, executor:% = executor, fence:% = task.lease.fence; "attempt started");
        let ended = match self.begin().await {
            Ok(writer) => self.run_traced(writer).await,
            Err(message) => self.settle(Outcome::failed(ReasonCode::WorkerError, &message).end.into()).await,
        };
        tagged!(info, tag, ended = ended.as_str(); "attempt ended");
        ended
    }

    /// Hands the task back without having begun.
    pub(crate) async fn give_back(self) -> Ended {
        let ended = self.settle(AttemptEnd::GivenBack.into()).await;
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
        let (decisions, decided) = Decisions::channel();
        let work = async {
            let Self { job, task, tag, orders, term, .. } = self;
            let work = Work { job, task, tag, orders, term, revoked: &relay.revoked };
            let outlets = Outlets { journal: Arc::clone(&journal), artifacts, egress: Arc::new(decisions) };
            let done = work.run(outlets).await;
            match done.as_ref().map(|done| &done.outcome.output) {
                None => journal.mute(),
                Some(Output::Error(error)) => journal.note(&format!("{}: {}", error.code, error.message)),
                Some(Output::Result(_)) => {}
            }
            let writer = journal.close()?;
            match done {
                Some(done) => Some(self.seal(done, writer).await),
                None => self.abandon(writer).await,
            }
        };
        // The last events are sent while the trace is sealed; both come before the settlement, which ends the lease.
        let (report, (), ()) =
            tokio::join!(work, relay.run(&journal), relay.run_decisions(decided, self.job.options.lease));
        // The lease may turn out to be gone as late as with the last events.
        let Some(report) = report.filter(|_| !relay.revoked.is_cancelled()) else {
            tagged!(warn, self.tag; "the lease was lost, the work was killed and nothing of it is reported");
            return Ended::Lost;
        };
        let has_trace = report.trace.is_some();
        let ended = self.settle(report).await;
        if has_trace && ended.is_final() {
            self.link().await;
        }
        ended
    }

    /// Seals the trace. Work whose trace cannot be sealed did not happen as far as anybody can prove: it failed.
    async fn seal(&self, done: Done, writer: TraceWriter) -> Report {
        let Done { outcome: Outcome { end, output }, evidence, report: facts, manifest_state } = done;
        match self.job.sealer.seal(writer.finish(output, SystemClock.now())).await {
            Ok(sealed) => Report { end, trace: Some(sealed), evidence, facts, manifest_state },
            Err(error) => {
                tagged!(error, self.tag, cause:% = Causes(&error); "the trace could not be sealed");
                let message = failed("seal the trace", &error);
                Outcome::failed(ReasonCode::WorkerError, &message).end.into()
            }
        }
    }

    /// Removes the folder of an attempt whose lease was lost.
    async fn abandon(&self, writer: TraceWriter) -> Option<Report> {
        let removed = tokio::task::spawn_blocking(|| writer.abandon()).await;
        if let Ok(Err(error)) = removed {
            tagged!(warn, self.tag, cause:% = Causes(&error); "a trace folder that counts for nothing was left behind");
        }
        None
    }

    async fn settle(&self, report: Report) -> Ended {
        let Report { end, trace, evidence, facts, manifest_state } = report;
        let artifacts = trace.as_ref().map(artifacts).unwrap_or_default();
        let settlement = Settlement {
            lease: self.task.lease,
            end,
            artifacts,
            trace: trace.map(|sealed| TraceRef {
                path: sealed.relative_path,
                manifest_digest: Some(sealed.manifest_digest.to_string()),
            }),
            evidence,
            report: facts,
            manifest_state,
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

/// What the attempt left on purpose, beside its input, output and logs.
fn artifacts(sealed: &SealedTrace) -> Vec<ArtifactFile> {
    let left = sealed.files.iter().filter(|file| file.path.segments().next() == Some(ARTIFACTS_DIR.into()));
    left.map(|FileEntry { path, size_bytes, digest, .. }| ArtifactFile {
        path: path.to_string(),
        size_bytes: *size_bytes,
        digest: *digest,
    })
    .collect()
}

fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> String {
    format!("failed to {what}: {}", Causes(error))
}
