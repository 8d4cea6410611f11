//! One document: read, compared with the last run, cut, written, embedded.

use jct_contract::Sha256Digest;
use jct_exec::{FailureReason, JsonObject, Stop};
use jct_manifest::ErrorPolicy;
use serde_json::{Value, json};

use super::Run;
use super::model::Pending;
use super::source::{Seen, Work};
use crate::control::Stage;
use crate::export::Chunk;
use crate::plan::{Fact, Origin};
use crate::point::{PointId, PointKey};
use crate::report::{Counts, Problem};
use crate::source::{Document, Entry, Read, read};
use crate::state::SourceState;
use crate::transform::{Piece, SplitError, is_html, split, text_of};

/// Texts that wait for their vectors, in bytes, at most.
const MOST_PENDING_BYTES: usize = 32 * 1024 * 1024;

impl Run<'_> {
    pub(super) fn document(
        &mut self,
        work: &Work,
        before: &SourceState,
        entry: &Entry,
        seen: &mut Seen,
    ) -> Result<(), Stop> {
        self.control.check()?;
        let document = match read(&work.folder, entry) {
            Read::Document(document) => document,
            Read::Skipped(reason) => {
                self.skipped(work.place, reason, 1);
                return Ok(());
            }
            Read::Failed(message) => return self.document_failed(work, &entry.path, message, seen),
        };
        self.taken += 1;
        let fingerprint = Sha256Digest::of(format!("{} {}", self.recipe, document.digest).as_bytes()).to_string();
        self.count(work.place, |counts| {
            counts.documents += 1;
            counts.bytes += document.size_bytes;
        });
        let known = before.documents.get(&document.path);
        if !self.plan.force_full && known == Some(&fingerprint) {
            self.count(work.place, |counts| counts.unchanged += 1);
            seen.documents.insert(document.path, fingerprint);
            return Ok(());
        }
        self.say(Stage::Transform, &format!("cutting the documents of `{}`", work.plan.id));
        let pieces = match self.pieces(&document) {
            Ok(pieces) => pieces,
            Err(SplitError::Stop(stop)) => return Err(stop),
            Err(SplitError::TooMuch(message)) => return self.document_failed(work, &document.path, message, seen),
        };
        self.count(work.place, |counts| {
            counts.changed += 1;
            counts.chunks += u64::try_from(pieces.len()).unwrap_or(u64::MAX);
        });
        // A forced run may be one whose state was lost: what is in the store is not known.
        if known.is_some() || self.plan.force_full {
            self.delete(&work.plan.id, &document.path, "changed")?;
        }
        if self.export.is_some() {
            let metadata = self.metadata(work, &document);
            for (index, piece) in pieces.into_iter().enumerate() {
                self.chunk(work, &document, &metadata, index, piece)?;
            }
        }
        seen.documents.insert(document.path, fingerprint);
        Ok(())
    }

    /// Notes that a document cannot be used, or ends the run if that is what the manifest wants.
    fn document_failed(&mut self, work: &Work, document: &str, message: String, seen: &mut Seen) -> Result<(), Stop> {
        seen.partial = true;
        self.count(work.place, |counts| counts.failed += 1);
        let source = work.plan.id.clone();
        if self.plan.error_policy == ErrorPolicy::StopOnFirstError {
            let document = document.escape_debug();
            let message = format!("the document `{document}` of the data source `{source}` failed: {message}");
            return Err(Stop::failed(FailureReason::InvalidInput, message));
        }
        self.report.problem(Problem { source, document: Some(document.to_owned()), message });
        Ok(())
    }

    fn pieces(&self, document: &Document) -> Result<Vec<Piece>, SplitError> {
        let go_on = || self.control.check();
        if self.plan.html_to_text && is_html(&document.path, &document.text) {
            return split(&text_of(&document.text), &self.plan.splitting, go_on);
        }
        split(&document.text, &self.plan.splitting, go_on)
    }

    fn chunk(
        &mut self,
        work: &Work,
        document: &Document,
        metadata: &JsonObject,
        index: usize,
        piece: Piece,
    ) -> Result<(), Stop> {
        let plan = self.plan;
        let id = PointId::of(&PointKey {
            manifest: &plan.name,
            source: &work.plan.id,
            document: &document.path,
            chunk: index,
            provider: plan.provider,
            model: &plan.model,
        });
        let chunk = Chunk {
            id,
            manifest: plan.name.clone(),
            source: work.plan.id.clone(),
            document: document.path.clone(),
            document_hash: document.digest.to_string(),
            index,
            offset: piece.offset,
            hash: Sha256Digest::of(piece.text.as_bytes()).to_string(),
            text: piece.text,
            metadata: metadata.clone(),
        };
        if let Some(export) = &mut self.export {
            export.chunk(&chunk)?;
        }
        let Some(embedder) = &self.embedder else { return Ok(()) };
        let capacity = embedder.capacity();
        self.pending_bytes += chunk.text.len();
        self.pending.push(Pending { chunk, source: work.place });
        if self.pending.len() >= capacity || self.pending_bytes >= MOST_PENDING_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Has vectors made of everything that waits, and writes the points.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        self.control.check()?;
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        if pending.is_empty() {
            return Ok(());
        }
        self.say(Stage::Embed, "waiting for vectors");
        let (Some(embedder), Some(export)) = (&mut self.embedder, &mut self.export) else { return Ok(()) };
        let texts = pending.iter().map(|pending| pending.chunk.text.clone()).collect();
        let embedded = embedder.embed(texts, self.control)?;
        if let Some(tokens) = embedded.tokens {
            self.tokens = Some(self.tokens.unwrap_or(0).saturating_add(tokens));
        }
        for (Pending { chunk, source }, vector) in pending.iter().zip(&embedded.vectors) {
            export.point(chunk, vector)?;
            if let Some(report) = self.report.sources.get_mut(*source) {
                report.counts.chunks_embedded += 1;
            }
        }
        Ok(())
    }

    fn count(&mut self, place: usize, add: impl FnOnce(&mut Counts)) {
        if let Some(report) = self.report.sources.get_mut(place) {
            add(&mut report.counts);
        }
    }

    /// What the manifest allows to be told about a document.
    fn metadata(&self, work: &Work, document: &Document) -> JsonObject {
        let name = document.path.rsplit('/').next().unwrap_or(&document.path);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        let (repo, reference) = match &work.plan.origin {
            Origin::Repository { repo, reference } => (Some(repo), Some(reference)),
            Origin::Folder { .. } => (None, None),
        };
        // A checkout is as old as the run, whatever the document is.
        let modified_at = document.modified_at.filter(|_| work.commit.is_none()).map(|time| time.to_string());
        let value = |fact: &Fact| match fact {
            Fact::Path => json!(document.path),
            Fact::FileName => json!(name),
            Fact::Extension => json!(extension),
            Fact::SizeBytes => json!(document.size_bytes),
            Fact::ModifiedAt => json!(modified_at),
            Fact::Repo => json!(repo),
            Fact::Ref => json!(reference),
            Fact::Commit => json!(work.commit),
        };
        let pairs = self.plan.facts.iter().map(|fact| (fact.name().to_owned(), value(fact)));
        pairs.filter(|(_, value)| *value != Value::Null).collect()
    }
}
