//! The prover: a role of its own. It believes what it has seen, never what it was told.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Check, Clock, Operation, RequesterKind, SystemClock};
use jct_cwom::{Actor, EvidenceFindings};
use jct_evidence::scan::{Scanner, SecretFinding};
use jct_evidence::{Facts, RunEnded, judge};
use jct_exec::git::{RunCommit, RunKey};
use jct_exec::process::Bounds;
use jct_exec::{ExecutionIo, ExecutionRequest, GitError, Handover, Workshop};

use crate::changes::{self, Shown};
use crate::checks::{Bench, Checked, not_run};
use crate::error::ProofError;
use crate::folder::Artifacts;
use crate::history;
use crate::inventory::{self, Searched};
use crate::report;

/// The name under which the prover judges.
pub const PROVER: &str = "prover";

/// How a prover works.
#[derive(Debug, Clone)]
pub struct ProverOptions {
    /// All the time that a proof may take, its checks included. What was not checked then was not run.
    pub time_budget: Duration,
    /// Output kept of each check, in bytes.
    pub check_output_bytes: usize,
    /// Finds secrets, those of the worker among them.
    pub scanner: Scanner,
}

impl Default for ProverOptions {
    /// Ten minutes, 1 MiB a check, no secrets of the worker.
    fn default() -> Self {
        Self { time_budget: Duration::from_secs(600), check_output_bytes: 1 << 20, scanner: Scanner::new() }
    }
}

/// What is to be proven.
#[derive(Debug, Clone)]
pub struct ProofRequest<'a> {
    /// The attempt, as its executor was given it. Criteria and requirements are read from here.
    pub execution: &'a ExecutionRequest,
    /// What the task asks for.
    pub operation: Operation,
    /// The task's checks.
    pub checks: &'a [Check],
    /// The secrets that were found already: in the log, while it was written, and in the result.
    pub found: Vec<SecretFinding>,
}

/// What was found out. The files that it rests on are among the attempt's artifacts.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The verdict and what it rests on.
    pub findings: EvidenceFindings,
    /// Every secret that was found, where and by which rule.
    pub secrets: Vec<SecretFinding>,
}

/// Proves what attempts did. Cheap to share.
#[derive(Debug)]
pub struct Prover {
    workshop: Arc<Workshop>,
    options: ProverOptions,
}

impl Prover {
    /// Works with the repositories and the sandbox of `workshop`.
    #[must_use]
    pub const fn new(workshop: Arc<Workshop>, options: ProverOptions) -> Self {
        Self { workshop, options }
    }

    /// What finds secrets here; for the log of an attempt that is to be proven later.
    #[must_use]
    pub const fn scanner(&self) -> &Scanner {
        &self.options.scanner
    }

    /// All the time that one proof may take.
    #[must_use]
    pub const fn time_budget(&self) -> Duration {
        self.options.time_budget
    }

    /// Looks at what an attempt left behind and judges it. Nothing of the attempt runs any more.
    ///
    /// Works from `handover` in fresh checkouts; without one, nothing was changed and no check can be run. `io` is that of
    /// the attempt: its artifacts are cleaned of secrets and hashed, and patch, statistics, logs of the checks and
    /// verdict are added to them. Its cancellation ends the proof at once.
    ///
    /// # Errors
    ///
    /// [`ProofError`] when the prover could not work. Then there is no verdict.
    pub async fn prove(
        &self,
        request: &ProofRequest<'_>,
        handover: Option<&Handover>,
        ended: RunEnded,
        io: &ExecutionIo,
    ) -> Result<Proof, ProofError> {
        tokio::select! {
            biased;
            () = io.cancellation().cancelled() => Err(ProofError::Cancelled),
            proof = Box::pin(self.proof(request, handover, ended, io)) => proof,
        }
    }

    async fn proof(
        &self,
        request: &ProofRequest<'_>,
        handover: Option<&Handover>,
        ended: RunEnded,
        io: &ExecutionIo,
    ) -> Result<Proof, ProofError> {
        let bounds = io.bounds(self.options.time_budget);
        let artifacts = Artifacts::new(io.artifacts());
        let scanner = &self.options.scanner;
        io.progress(None, "proving what was done");

        let Searched { found, mut unsearched } = inventory::clean(&artifacts, scanner).await?;
        let mut secrets = request.found.clone();
        secrets.extend(found);
        let mut changes = None;
        if let Some(handover) = handover {
            let shown = self.change(request, handover, &artifacts, io, &bounds).await?;
            secrets.extend(shown.searched.found);
            unsearched.extend(shown.searched.unsearched);
            changes = Some(shown.facts);
        }
        let Checked { results, found } = match handover {
            // The checks of work that failed could show nothing that its failure does not.
            Some(handover) if ended == RunEnded::Done => {
                let bench = Bench {
                    workshop: &self.workshop,
                    request: request.execution,
                    handover,
                    io,
                    artifacts: &artifacts,
                    scanner,
                    bounds: &bounds,
                    output_limit: self.options.check_output_bytes,
                };
                bench.run(request.checks).await?
            }
            _ => not_run(request.checks),
        };
        secrets.extend(found);

        let facts = Facts {
            target_path: request.execution.path.clone(),
            acceptance_criteria: request.execution.acceptance_criteria.clone(),
            evidence_requirements: request.execution.evidence_requirements.clone(),
            changes,
            artifacts: inventory::facts(&artifacts, request.execution).await?,
            checks: results,
            secrets: distinct(secrets, scanner),
            unsearched,
            isolation: io.record().isolation().and_then(|report| serde_json::to_value(report).ok()),
            ..Facts::new(request.operation, ended)
        };
        let findings = judge(&facts);
        let by = Actor { actor_kind: RequesterKind::System, actor_id: PROVER.to_owned(), display: None };
        report::write(&artifacts, &findings, &by, SystemClock.now())
            .map_err(ProofError::files("write the evidence"))?;
        Ok(Proof { findings, secrets: facts.secrets })
    }
    /// Looks at the commits: each of them, and the change that they make together.
    async fn change(
        &self,
        request: &ProofRequest<'_>,
        handover: &Handover,
        artifacts: &Artifacts,
        io: &ExecutionIo,
        bounds: &Bounds,
    ) -> Result<Shown, ProofError> {
        let run = RunKey::parse(&request.execution.run_key).map_err(GitError::InvalidRunKey)?;
        let received = self.workshop.cache().received(&handover.repo, &run, bounds).await?;
        let is_it = |commit: &RunCommit| {
            (commit.base(), commit.head()) == (handover.base_commit.as_str(), handover.head_commit.as_str())
        };
        let commit = received.filter(is_it).ok_or(ProofError::NotReceived)?;
        let scanner = &self.options.scanner;
        let history = history::search(&commit, io.workspaces(), self.workshop.sandbox(), scanner, bounds).await?;
        changes::show(&commit, history, artifacts, scanner, bounds).await
    }
}

/// Without the findings that name the same secret in the same file again, and without secrets in the files' names.
fn distinct(findings: Vec<SecretFinding>, scanner: &Scanner) -> Vec<SecretFinding> {
    let mut seen = HashSet::new();
    let cleaned = findings.into_iter().map(|finding| {
        let file = scanner.redact_text(&finding.file).into_owned();
        SecretFinding { file, ..finding }
    });
    let mut is_new = |SecretFinding { place, file, rule, fingerprint, line: _ }: &SecretFinding| {
        seen.insert((*place, file.clone(), rule.clone(), fingerprint.clone()))
    };
    cleaned.filter(|finding| is_new(finding)).collect()
}
