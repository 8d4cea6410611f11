//! Runs the task's checks, each in a fresh checkout of its own: what one of them does cannot help the next, and what the
//! executor did outside of its commits helps none.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::Check;
use jct_cwom::{CheckEnd, CheckResult};
use jct_evidence::scan::{Scanner, SecretFinding};
use jct_exec::process::{Bounds, Capture, CommandSpec, ProcessEnd, ProcessOutcome};
use jct_exec::{ExecutionIo, ExecutionRequest, Fate, Handover, Session, Workshop};

use crate::check_log::{CheckLog, Printed};
use crate::error::{NoCheckout, ProofError, no_verdict};
use crate::folder::{Artifacts, CHECKS_FOLDER};

/// Characters of a check's name that its log is called by.
const MOST_NAME_CHARS: usize = 64;
/// Set to the name of the check that runs.
const NAME_VARIABLE: &str = "JCT_CHECK";

/// Where checks run, and on what.
pub(crate) struct Bench<'a> {
    pub(crate) workshop: &'a Workshop,
    pub(crate) request: &'a ExecutionRequest,
    pub(crate) handover: &'a Handover,
    pub(crate) io: &'a ExecutionIo,
    pub(crate) artifacts: &'a Artifacts,
    pub(crate) scanner: &'a Scanner,
    pub(crate) bounds: &'a Bounds,
    pub(crate) output_limit: usize,
}

/// How the checks went.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) results: Vec<CheckResult>,
    pub(crate) found: Vec<SecretFinding>,
}

/// Results of checks that were not run.
pub(crate) fn not_run(checks: &[Check]) -> Checked {
    Checked { results: checks.iter().map(|check| result(check, CheckEnd::NotRun, None)).collect(), found: Vec::new() }
}

impl Bench<'_> {
    /// Runs all of them, one after the other. Once the time is over, the rest is not run.
    pub(crate) async fn run(&self, checks: &[Check]) -> Result<Checked, ProofError> {
        let mut checked = Checked::default();
        let capture = self.io.capture();
        for (index, check) in checks.iter().enumerate() {
            if self.bounds.is_over() {
                checked.results.push(result(check, CheckEnd::NotRun, None));
                continue;
            }
            let what = format!("check {} of {} (`{}`)", index + 1, checks.len(), check.name);
            self.io.progress(None, &format!("running {what}"));
            let (outcome, found) = self.run_one(index, check).await?;
            capture.system(format!("{what}: {}", said(&outcome)));
            checked.results.push(outcome);
            checked.found.extend(found);
        }
        Ok(checked)
    }

    async fn run_one(&self, index: usize, check: &Check) -> Result<(CheckResult, Vec<SecretFinding>), ProofError> {
        let Self { workshop, request, handover, io, bounds, .. } = *self;
        let opened = Session::open_handover(workshop, request, handover, io, bounds.clone()).await;
        match opened.map_err(NoCheckout::from) {
            Ok(session) => {
                let ran = self.run_in(&session, index, check).await;
                session.close(Fate::Done).await;
                ran
            }
            Err(NoCheckout::NotStarted) => Ok((result(check, CheckEnd::NotStarted, None), Vec::new())),
            Err(NoCheckout::NotRun) => Ok((result(check, CheckEnd::NotRun, None), Vec::new())),
            Err(NoCheckout::Error(error)) => Err(error),
        }
    }

    async fn run_in(
        &self,
        session: &Session,
        index: usize,
        check: &Check,
    ) -> Result<(CheckResult, Vec<SecretFinding>), ProofError> {
        let file = format!("{CHECKS_FOLDER}/{}-{}.log", index + 1, file_name(&check.name));
        let log = Arc::new(CheckLog::new(&file, self.scanner.clone()));
        let capture = Capture::new(log.clone(), self.output_limit);
        let outcome = session.run_into(&command(session, check), &capture).await;
        let ProcessOutcome { end, duration, .. } = outcome;
        if let Some(error) = no_verdict(&end) {
            return Err(error);
        }
        let Printed { text, tests, found } = log.printed();
        self.artifacts.write(&file, text.as_bytes()).map_err(ProofError::files("write the log of a check"))?;
        let (ended, exit_code) = ended(&end);
        Ok((CheckResult { tests, duration_ms: millis(duration), ..result(check, ended, exit_code) }, found))
    }
}

/// What a command of the executor gets, a check gets too: the same sandbox, network and environment.
fn command(session: &Session, check: &Check) -> CommandSpec {
    let environment = session.environment().clone().with(NAME_VARIABLE, &check.name);
    let (program, arguments) = check.command.split_first().map_or(("", [].as_slice()), |(a, b)| (a.as_str(), b));
    session.command_with(program, arguments, environment, session.confinement())
}

fn result(check: &Check, ended: CheckEnd, exit_code: Option<i32>) -> CheckResult {
    CheckResult {
        name: check.name.clone(),
        command: check.command.clone(),
        criterion: check.criterion,
        exit_code,
        ended,
        duration_ms: 0,
        tests: None,
    }
}

fn ended(end: &ProcessEnd) -> (CheckEnd, Option<i32>) {
    match end {
        ProcessEnd::Exited { code } => (CheckEnd::Exited, Some(*code)),
        ProcessEnd::Signalled { .. } => (CheckEnd::Signalled, None),
        ProcessEnd::TimedOut => (CheckEnd::TimedOut, None),
        ProcessEnd::LimitHit { .. } => (CheckEnd::LimitExceeded, None),
        ProcessEnd::SpawnFailed(_) => (CheckEnd::NotStarted, None),
        // Those two end the proof before.
        ProcessEnd::Cancelled | ProcessEnd::SandboxFailed { .. } => (CheckEnd::NotRun, None),
    }
}

fn said(result: &CheckResult) -> String {
    let CheckResult { ended, exit_code, duration_ms, .. } = result;
    match exit_code {
        Some(0) => format!("passed after {duration_ms} ms"),
        Some(code) => format!("exited with status {code} after {duration_ms} ms"),
        None => format!("{ended} after {duration_ms} ms"),
    }
}

/// A name that is safe as a part of a file name.
fn file_name(name: &str) -> String {
    let safe = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.') { character } else { '_' }
    };
    name.chars().take(MOST_NAME_CHARS).map(safe).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
