//! One source: its documents one after another, then what is there no more.

use std::collections::BTreeMap;

use jct_exec::Stop;
use jiff::Timestamp;

use super::Run;
use crate::export::Deletion;
use crate::plan::SourcePlan;
use crate::source::{Folder, Listing};
use crate::state::SourceState;

/// A source that was listed.
pub(super) struct Work {
    /// Its place in the report.
    pub(super) place: usize,
    pub(super) plan: SourcePlan,
    pub(super) folder: Folder,
    pub(super) commit: Option<String>,
    pub(super) listing: Listing,
}

/// What is found out about a source as its documents are read.
#[derive(Default)]
pub(super) struct Seen {
    /// Fingerprints of the documents that are dealt with.
    pub(super) documents: BTreeMap<String, String>,
    /// Whether anything failed, or was left out by a limit.
    pub(super) partial: bool,
}

impl Run<'_> {
    pub(super) fn source(&mut self, mut work: Work) -> Result<(), Stop> {
        let before = self.previous.sources.get(&work.plan.id).cloned().unwrap_or_default();
        let mut seen = Seen { partial: work.listing.cut, ..Seen::default() };
        for (reason, count) in std::mem::take(&mut work.listing.skipped) {
            self.skipped(work.place, reason, count);
        }
        for entry in std::mem::take(&mut work.listing.entries) {
            if self.plan.max_docs.is_some_and(|most| self.taken >= most) {
                self.report.cut_by_max_docs = true;
                seen.partial = true;
                break;
            }
            self.document(&work, &before, &entry, &mut seen)?;
            self.steps.done += 1;
        }
        self.close(&work, before, seen)
    }

    /// Keeps what is known of the source now. Only one that was read whole has lost what was not seen.
    fn close(&mut self, work: &Work, before: SourceState, seen: Seen) -> Result<(), Stop> {
        let id = &work.plan.id;
        let SourceState { documents: old, last_success, .. } = before;
        let Seen { documents, partial } = seen;
        let state = if partial {
            let mut kept = old;
            kept.extend(documents);
            SourceState { documents: kept, last_success, commit: work.commit.clone() }
        } else {
            let gone: Vec<_> = old.into_keys().filter(|document| !documents.contains_key(document)).collect();
            for document in &gone {
                self.delete(id, document, "deleted")?;
            }
            if let Some(report) = self.report.sources.get_mut(work.place) {
                report.complete = true;
                report.counts.deleted = u64::try_from(gone.len()).unwrap_or(u64::MAX);
            }
            SourceState { documents, last_success: Some(Timestamp::now().to_string()), commit: work.commit.clone() }
        };
        self.next.sources.insert(id.clone(), state);
        Ok(())
    }

    /// A source that the manifest has no more takes its documents with it.
    pub(super) fn removed_sources(&mut self) -> Result<(), Stop> {
        let is_there = |id: &String| self.plan.sources.iter().any(|source| source.id == *id);
        let removed: Vec<_> = self.previous.sources.keys().filter(|id| !is_there(id)).cloned().collect();
        for id in removed {
            let documents = self.next.sources.remove(&id).map(|state| state.documents).unwrap_or_default();
            for document in documents.keys() {
                self.delete(&id, document, "deleted")?;
                self.report.totals.deleted += 1;
            }
            self.report.sources_removed.push(id);
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, source: &str, document: &str, reason: &'static str) -> Result<(), Stop> {
        let manifest = &self.plan.name;
        let deletion = Deletion { manifest, source, document, reason };
        self.export.as_mut().map_or(Ok(()), |export| export.delete(&deletion))
    }

    pub(super) fn skipped(&mut self, place: usize, reason: &'static str, count: u64) {
        if let Some(report) = self.report.sources.get_mut(place) {
            report.counts.skipped += count;
            *report.skipped.entry(reason).or_default() += count;
        }
    }
}
