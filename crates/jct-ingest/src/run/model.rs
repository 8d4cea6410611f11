//! What all steps of a run share.

use jct_exec::{Stop, Usage};

use crate::control::{Control, Stage};
use crate::embed::Embedder;
use crate::export::{Chunk, Export};
use crate::plan::Plan;
use crate::report::Report;
use crate::state::State;

/// A run under way.
pub(crate) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) control: &'a Control,
    pub(super) recipe: String,
    /// `None` if nothing but a report is written.
    pub(super) export: Option<Export>,
    /// `None` if no vectors are made.
    pub(super) embedder: Option<Embedder>,
    /// Pieces that wait for their vectors, and how long their texts are.
    pub(super) pending: Vec<Pending>,
    pub(super) pending_bytes: usize,
    pub(super) previous: State,
    pub(super) next: State,
    pub(super) report: Report,
    /// Documents taken so far, of all sources.
    pub(super) taken: u64,
    pub(super) tokens: Option<u64>,
    pub(super) steps: Steps,
}

/// A piece, and the place in the report of the source that it belongs to.
pub(super) struct Pending {
    pub(super) chunk: Chunk,
    pub(super) source: usize,
}

/// How a run ended, with what had been reached.
pub(crate) struct Ended {
    pub(crate) report: Report,
    /// Files among the artifacts.
    pub(crate) files: Vec<&'static str>,
    pub(crate) usage: Option<Usage>,
    /// What the next run is to be told, if it is to be told anything; or why the run came to no end.
    pub(crate) result: Result<Option<String>, Stop>,
}

/// How far a run is. A report of every document would drown everything else.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) total: u64,
    pub(super) done: u64,
    said: Option<u8>,
    seen: Vec<Stage>,
}

/// What opening takes, and what is left for writing.
const FIRST_PERCENT: u64 = 2;
const LAST_PERCENT: u64 = 97;

impl Run<'_> {
    /// Says where the run is, if that is news.
    pub(super) fn say(&mut self, stage: Stage, message: &str) {
        let Steps { total, done, said, seen } = &mut self.steps;
        let share = (LAST_PERCENT - FIRST_PERCENT) * (*done).min(*total) / (*total).max(1);
        let percent = u8::try_from(FIRST_PERCENT + share).unwrap_or(100);
        let is_new_stage = !seen.contains(&stage);
        if is_new_stage || *said != Some(percent) {
            if is_new_stage {
                seen.push(stage);
            }
            *said = Some(percent);
            self.control.progress(percent, stage, message);
        }
    }
}
