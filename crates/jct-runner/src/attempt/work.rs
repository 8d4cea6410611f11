//! The work of an attempt: the executor, then the prover, each under the orders of the dispatcher.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jct_evidence::RunEnded;
use jct_evidence::scan::{Scanner, SecretFinding, SecretPlace};
use jct_exec::process::LeaseTerm;
use jct_exec::{
    EgressSink, Execution, ExecutionIo, ExecutionRequest, JsonObject, LineSink, ManifestInput, ProgressSink,
};
use jct_lifecycle::ReasonCode;
use jct_prover::{LogGuard, ProofError, ProofRequest, Prover};
use jct_store::model::{ClaimedManifest, ClaimedTask, NewEvidence, RunReport};
use jct_tower::work::{Background, Causes};
use jct_trace::{LOG_FILE, OUTPUT_FILE, attempt_path};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::facts::{facts_of, report_of};
use super::outcome::{Context, Outcome};
use super::reason::reason_code;
use super::run::Job;
use super::supervise::{Reins, Supervised};
use super::tag::{Tag, tagged};
use crate::options::LONGEST_SPAN;
use crate::order::Order;

/// One attempt at the work of a task.
pub(crate) struct Work<'a> {
    pub(crate) job: &'a Job,
    pub(crate) task: &'a ClaimedTask,
    pub(crate) tag: &'a Tag,
    pub(crate) orders: &'a watch::Receiver<Order>,
    /// How long the lease lasts.
    pub(crate) term: &'a LeaseTerm,
    /// Fires when the store says that the lease is gone.
    pub(crate) revoked: &'a CancellationToken,
}

/// Where what the work says and leaves behind goes.
pub(crate) struct Outlets<J> {
    pub(crate) journal: Arc<J>,
    pub(crate) artifacts: PathBuf,
    pub(crate) egress: Arc<dyn EgressSink>,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) evidence: Option<NewEvidence>,
    pub(crate) report: RunReport,
    /// What the next run of the same manifest is to be told.
    pub(crate) manifest_state: Option<String>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, evidence: None, report: RunReport::default(), manifest_state: None }
    }
}

impl Work<'_> {
    /// Runs the executor and has proved what it did; `None` if the lease was lost meanwhile.
    pub(crate) async fn run<J: LineSink + ProgressSink + 'static>(&self, outlets: Outlets<J>) -> Option<Done> {
        let Self { job, task, tag, .. } = self;
        let name = task.task.executor();
        let offered = job.executors.names().collect::<Vec<_>>().join(", ");
        let mut request = self.request();
        let context = Context {
            executor: name.as_str(),
            operation: task.task.operation().as_str(),
            offered: &offered,
            time_budget_seconds: request.time_budget.as_secs(),
            trace_path: &attempt_path(tag.task_id, tag.attempt),
        };
        let Some(executor) = job.executors.get(name.as_str()) else {
            return Some(Outcome::no_executor(&context).into());
        };
        if executor.reads_background()
            && let Err(message) = self.brief(&mut request).await
        {
            return Some(Outcome::failed(ReasonCode::WorkerError, &message).into());
        }
        let scanner = job.proving.as_ref().map_or_else(Scanner::new, |proving| proving.prover.scanner().clone());
        let Outlets { journal, artifacts, egress } = outlets;
        let log = Arc::new(LogGuard::new(journal.clone(), scanner.clone(), LOG_FILE));
        let workspaces = job.options.workspaces.clone();
        let (mut reins, cancel) = self.reins();
        let io = ExecutionIo::new(log.clone(), journal, artifacts, workspaces, cancel)
            .with_egress(egress)
            .with_lease(self.term.clone());
        let mut supervised = reins.supervise(executor.run(&request, &io), request.time_budget).await;
        // Ended by the sandbox, before the dispatcher came to notice.
        if supervised.is_cancelled_unasked() && self.term.is_over() {
            return None;
        }
        let mut found = clean(&mut supervised, &scanner);
        let facts = clean_object(facts_of(io.record()), &scanner, &mut found);
        let outcome = Outcome::of(supervised, facts, &context)?;
        found.extend(log.findings());
        let (outcome, evidence) = self.prove(outcome, found, (&request, &io), &context).await?;
        let kept_because = outcome.failure().map(|reason| format!("the attempt ended with {reason}"));
        io.record().end_workspaces(kept_because.as_deref()).await;
        let manifest_state = io.record().manifest_state();
        Some(Done { outcome, evidence, report: report_of(io.record()), manifest_state })
    }

    /// Reins and the token that the work hears. The prover gets its own: what was told to stop and ended is proved all
    /// the same.
    fn reins(&self) -> (Reins, CancellationToken) {
        let cancel = CancellationToken::new();
        let (orders, revoked) = (self.orders.clone(), self.revoked.clone());
        (Reins { orders, revoked, cancel: cancel.clone(), patience: self.job.options.stop_patience }, cancel)
    }

    /// Has the work proved, if it came to an end that says something about it; `None` if the lease was lost meanwhile.
    async fn prove(
        &self,
        outcome: Outcome,
        found: Vec<SecretFinding>,
        (request, io): (&ExecutionRequest, &ExecutionIo),
        context: &Context<'_>,
    ) -> Option<(Outcome, Option<NewEvidence>)> {
        let (Some(proving), Some(ended)) = (&self.job.proving, outcome.ended()) else {
            return Some((outcome, None));
        };
        let (mut reins, cancel) = self.reins();
        let io = io.clone().with_cancellation(cancel);
        let proof = self.proof(&proving.prover, (request, found, ended), &io);
        let failure = match reins.supervise(proof, proving.prover.time_budget()).await {
            Supervised::Lost => return None,
            Supervised::Killed(told) => return Some((outcome.broken_off(told), None)),
            Supervised::Ended { ended: Ok(proof), .. } => {
                let outcome = outcome.judged(&proof.findings, context);
                let evidence = NewEvidence { findings: proof.findings, review: proving.review.clone() };
                return Some((outcome, Some(evidence)));
            }
            Supervised::Ended { ended: Err(ProofError::Cancelled), told: Some(told) } => {
                return Some((outcome.broken_off(told), None));
            }
            Supervised::Ended { ended: Err(ProofError::Cancelled), told: None } if self.term.is_over() => return None,
            Supervised::Ended { ended: Err(error), .. } => {
                (error.reason().map_or(ReasonCode::WorkerError, reason_code), Causes(&error).to_string())
            }
            Supervised::Overdue => (ReasonCode::WorkerError, "the prover did not keep to its time".to_owned()),
            Supervised::Panicked => (ReasonCode::WorkerError, "the prover panicked".to_owned()),
        };
        let (reason, message) = failure;
        tagged!(warn, self.tag, cause = message; "there is no proof of an attempt");
        Some((outcome.unproven(reason, &format!("the work could not be proved: {message}")), None))
    }

    async fn proof(
        &self,
        prover: &Prover,
        (execution, found, ended): (&ExecutionRequest, Vec<SecretFinding>, RunEnded),
        io: &ExecutionIo,
    ) -> Result<jct_prover::Proof, ProofError> {
        let task = &self.task.task;
        let checks = task.checks();
        let request = ProofRequest { execution, operation: task.operation(), checks: &checks, found };
        let handover = io.record().handover();
        prover.prove(&request, handover.as_ref(), ended, io).await
    }

    /// Adds what the run was opened with.
    async fn brief(&self, request: &mut ExecutionRequest) -> Result<(), String> {
        let Some(run) = self.task.run_id else { return Ok(()) };
        let read = self.job.store.background(run).await;
        let Background { context, constraints, doctrine } =
            read.map_err(|error| format!("failed to read what is known of the task: {}", Causes(&error)))?;
        *request = ExecutionRequest { context, constraints, doctrine, ..std::mem::take(request) };
        Ok(())
    }

    fn request(&self) -> ExecutionRequest {
        let Self { task: ClaimedTask { task, manifest, .. }, tag, .. } = self;
        let seconds = u64::try_from(task.constraints().time_budget_seconds()).unwrap_or(0);
        ExecutionRequest {
            task_id: tag.task_id.to_string(),
            run_key: self.task.run_id.map_or_else(|| format!("{}-{}", tag.task_id, tag.attempt), |run| run.to_string()),
            attempt: tag.attempt,
            trace_id: tag.trace_id.to_string(),
            repo: task.repo().to_string(),
            reference: task.ref_().to_owned(),
            path: task.path().to_owned(),
            operation: task.operation().to_string(),
            objective: task.objective().to_owned(),
            acceptance_criteria: task.acceptance_criteria().to_vec(),
            evidence_requirements: task.evidence_requirements().to_vec(),
            inputs: task.inputs().clone(),
            manifest: manifest.clone().map(|ClaimedManifest { name, hash, content, state }| ManifestInput {
                name,
                hash,
                content,
                state,
            }),
            time_budget: Duration::from_secs(seconds).min(LONGEST_SPAN),
            ..ExecutionRequest::default()
        }
    }
}

/// Takes the secrets out of what an executor reports, before it gets anywhere.
fn clean(supervised: &mut Supervised<Execution>, scanner: &Scanner) -> Vec<SecretFinding> {
    let Supervised::Ended { ended: execution, .. } = supervised else { return Vec::new() };
    let (Execution::Completed { output }
    | Execution::Failed { output, .. }
    | Execution::TimedOut { output }
    | Execution::Cancelled { output }) = &mut *execution;
    let mut found = Vec::new();
    *output = clean_object(std::mem::take(output), scanner, &mut found);
    if let Execution::Failed { message, .. } = execution {
        *message = scanner.redact_text(message).into_owned();
    }
    found
}

fn clean_object(object: JsonObject, scanner: &Scanner, found: &mut Vec<SecretFinding>) -> JsonObject {
    let mut value = serde_json::Value::Object(object);
    found.extend(scanner.clean_json(SecretPlace::Output, OUTPUT_FILE, &mut value));
    match value {
        serde_json::Value::Object(cleaned) => cleaned,
        _ => JsonObject::new(),
    }
}
