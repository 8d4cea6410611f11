//! What an attempt leaves behind beside its output: facts that the worker reports and the executor cannot forget to
//! pass on, because they are noted where they arise.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::execution::with_causes;
use crate::sandbox::IsolationReport;
use crate::session::KeptFiles;
use crate::workspace::Workspace;

/// The commit that an executor hands over, as the host has received and checked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handover {
    /// `owner/name` in lower case.
    pub repo: String,
    /// The commit that the work began with.
    pub base_commit: String,
    /// The commit that it led to; `base_commit` when nothing was changed.
    pub head_commit: String,
}

impl Handover {
    /// Whether anything was changed.
    pub fn is_empty(&self) -> bool {
        self.base_commit == self.head_commit
    }
}

/// What a model cost, as far as its adapter reports it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Tokens read.
    pub tokens_in: Option<u64>,
    /// Tokens written.
    pub tokens_out: Option<u64>,
    /// Rounds of the conversation.
    pub turns: Option<u64>,
    /// Price in US dollars.
    pub cost_usd: Option<f64>,
    /// The model's name.
    pub model: Option<String>,
}

impl Usage {
    /// Adds what another call cost. The last model named stays.
    pub fn add(&mut self, other: Self) {
        let Self { tokens_in, tokens_out, turns, cost_usd, model } = other;
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        self.tokens_in = sum(self.tokens_in, tokens_in);
        self.tokens_out = sum(self.tokens_out, tokens_out);
        self.turns = sum(self.turns, turns);
        self.cost_usd = match (self.cost_usd, cost_usd) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.model = model.or(self.model.take());
    }
}

/// What was decided about one request that wanted to leave the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EgressDecision {
    /// The agent on whose behalf.
    pub agent: String,
    /// The host that was asked for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The request's method.
    pub method: String,
    /// The request's path, without the query.
    pub path: String,
    /// Whether it was let through.
    pub allowed: bool,
    /// The rule that decided.
    pub reason: String,
}

/// Hears every decision as it is made. Called from async code: must not block for long.
pub trait EgressSink: Send + Sync {
    /// Takes one decision.
    fn decided(&self, decision: EgressDecision);
}

/// The facts of one attempt. Shared by all who work on it.
#[derive(Default)]
pub struct RunRecord {
    facts: Mutex<Facts>,
    /// Those of work that is done and not judged yet.
    workspaces: Mutex<Vec<Workspace>>,
    egress: Option<Arc<dyn EgressSink>>,
}

#[derive(Debug, Default)]
struct Facts {
    handover: Option<Handover>,
    isolation: Option<IsolationReport>,
    usage: Option<Usage>,
    kept_files: Option<KeptFiles>,
    manifest_state: Option<String>,
}

impl RunRecord {
    pub(crate) fn with_egress(sink: Arc<dyn EgressSink>) -> Self {
        Self { egress: Some(sink), ..Self::default() }
    }

    /// Notes the commit that was handed over. The first one stays: a second is a mistake of the executor and is logged.
    pub fn set_handover(&self, handover: Handover) {
        let mut facts = self.facts();
        match &facts.handover {
            Some(first) if *first != handover => log::error!("an attempt handed over twice, the second is left out"),
            Some(_) => {}
            None => facts.handover = Some(handover),
        }
    }

    /// The commit that was handed over.
    pub fn handover(&self) -> Option<Handover> {
        self.facts().handover.clone()
    }

    /// Notes how a process of the attempt was isolated. The weakest report stays.
    pub fn note_isolation(&self, report: &IsolationReport) {
        let mut facts = self.facts();
        if facts.isolation.as_ref().is_none_or(|known| report.effective < known.effective) {
            facts.isolation = Some(report.clone());
        }
    }

    /// How the least isolated process of the attempt was isolated; `None` when none has run.
    pub fn isolation(&self) -> Option<IsolationReport> {
        self.facts().isolation.clone()
    }

    /// Adds to what the attempt has cost.
    pub fn add_usage(&self, usage: Usage) {
        self.facts().usage.get_or_insert_default().add(usage);
    }

    /// What the attempt has cost; `None` when nothing was reported.
    pub fn usage(&self) -> Option<Usage> {
        self.facts().usage.clone()
    }

    /// Notes what became of the files that the work left to be kept.
    pub fn set_kept_files(&self, kept: KeptFiles) {
        self.facts().kept_files = Some(kept);
    }

    /// What became of the files that the work left to be kept; `None` when it left none.
    pub fn kept_files(&self) -> Option<KeptFiles> {
        self.facts().kept_files.clone()
    }

    /// Notes what the next run of the same manifest is to be told. It is kept only if the attempt completes, so whoever
    /// calls this has everything else written already.
    pub fn keep_manifest_state(&self, state: String) {
        self.facts().manifest_state = Some(state);
    }

    /// What the next run of the same manifest is to be told; `None` leaves what is known as it is.
    pub fn manifest_state(&self) -> Option<String> {
        self.facts().manifest_state.clone()
    }

    /// Holds the workspace of work that is done until [`RunRecord::end_workspaces`]. One that is never ended is kept.
    pub(crate) fn hold(&self, workspace: Workspace) {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
    }

    /// Ends the workspaces of work that is done, once it was judged: they are removed, or kept for a while if there is
    /// a reason to. What fails here is logged: it changes nothing about the work.
    pub async fn end_workspaces(&self, kept_because: Option<&str>) {
        let held = std::mem::take(&mut *self.workspaces.lock().unwrap_or_else(PoisonError::into_inner));
        for workspace in held {
            let ended = match kept_because {
                Some(why) => workspace.keep(why).await,
                None => workspace.close().await,
            };
            if let Err(error) = ended {
                log::warn!("{}", with_causes(&error));
            }
        }
    }

    /// Passes a decision about a request on to whoever listens.
    pub fn egress(&self, decision: EgressDecision) {
        if let Some(sink) = &self.egress {
            sink.decided(decision);
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RunRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunRecord").field("facts", &*self.facts()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handover(head: &str) -> Handover {
        Handover { repo: "org/demo".to_owned(), base_commit: "a".to_owned(), head_commit: head.to_owned() }
    }

    #[test]
    fn the_first_handover_stays() {
        let record = RunRecord::default();
        assert_eq!(record.handover(), None);
        record.set_handover(handover("b"));
        record.set_handover(handover("c"));
        assert_eq!(record.handover(), Some(handover("b")));
        assert!(handover("a").is_empty() && !handover("b").is_empty());
    }

    #[test]
    fn the_last_state_of_a_manifest_is_the_one_that_counts() {
        let record = RunRecord::default();
        assert_eq!(record.manifest_state(), None);
        record.keep_manifest_state("one".to_owned());
        record.keep_manifest_state("two".to_owned());
        assert_eq!(record.manifest_state().as_deref(), Some("two"));
    }

    #[test]
    fn usage_adds_up_and_what_was_not_reported_stays_unknown() {
        let record = RunRecord::default();
        assert_eq!(record.usage(), None);
        record.add_usage(Usage { tokens_in: Some(1), model: Some("m".to_owned()), ..Usage::default() });
        record.add_usage(Usage { tokens_in: Some(u64::MAX), turns: Some(2), ..Usage::default() });
        let usage = record.usage().unwrap();
        assert_eq!((usage.tokens_in, usage.tokens_out, usage.turns), (Some(u64::MAX), None, Some(2)));
        assert_eq!(usage.model.as_deref(), Some("m"));
    }
}
