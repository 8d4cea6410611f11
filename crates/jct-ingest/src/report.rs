//! What a run did, or would do: the counters behind the plan, the summary and the task's result.

use std::collections::BTreeMap;

use serde::Serialize;

/// Problems that are listed; the rest is counted.
const MOST_PROBLEMS: usize = 1000;

/// The report of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) format: &'static str,
    pub(crate) manifest: String,
    pub(crate) manifest_hash: String,
    /// `report` or `run`.
    pub(crate) action: &'static str,
    pub(crate) capabilities: Vec<String>,
    pub(crate) provider: &'static str,
    pub(crate) model: String,
    /// Without vectors, chunks are all there is.
    pub(crate) vectors: bool,
    pub(crate) store: &'static str,
    pub(crate) index: String,
    pub(crate) batch_size: usize,
    pub(crate) totals: Counts,
    /// Calls of the endpoint that the changed pieces need.
    pub(crate) embedding_calls_estimated: u64,
    /// Whether the limit on documents left some out.
    pub(crate) cut_by_max_docs: bool,
    pub(crate) sources: Vec<SourceReport>,
    /// Data sources of the last run that the manifest has no more.
    pub(crate) sources_removed: Vec<String>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) problems_left_out: u64,
}

/// What became of the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Texts that were read.
    pub(crate) documents: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    /// Documents of the last run that are there no more.
    pub(crate) deleted: u64,
    /// Files that are no documents.
    pub(crate) skipped: u64,
    /// Documents that could not be read or cut.
    pub(crate) failed: u64,
    /// Of the documents.
    pub(crate) bytes: u64,
    /// Of the changed documents.
    pub(crate) chunks: u64,
    pub(crate) chunks_embedded: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let Self { documents, changed, unchanged, deleted, skipped, failed, bytes, chunks, chunks_embedded } = other;
        self.documents += documents;
        self.changed += changed;
        self.unchanged += unchanged;
        self.deleted += deleted;
        self.skipped += skipped;
        self.failed += failed;
        self.bytes += bytes;
        self.chunks += chunks;
        self.chunks_embedded += chunks_embedded;
    }
}

/// One data source.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SourceReport {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) place: Place,
    /// Whether all of it was read, without an error. Only then are missing documents taken for deleted.
    pub(crate) complete: bool,
    pub(crate) counts: Counts,
    /// Why files are no documents.
    pub(crate) skipped: BTreeMap<&'static str, u64>,
}

/// Where documents came from.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Place {
    Folder {
        input_dir: String,
    },
    Repository {
        repo: String,
        #[serde(rename = "ref")]
        reference: String,
        commit: Option<String>,
    },
}

/// Something that failed without ending the run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<String>,
    pub(crate) message: String,
}

impl Report {
    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.problems_left_out += 1;
        }
    }

    /// Adds everything up.
    pub(crate) fn sum_up(&mut self) {
        let mut totals = Counts { deleted: self.totals.deleted, ..Counts::default() };
        self.sources.iter().for_each(|source| totals.add(&source.counts));
        let batch = u64::try_from(self.batch_size.max(1)).unwrap_or(u64::MAX);
        self.embedding_calls_estimated = totals.chunks.div_ceil(batch);
        self.totals = totals;
    }
}
