//! The types of a plan. Only its reader makes them.

use std::path::PathBuf;

use jct_contract::Sha256Digest;
use jct_manifest::ErrorPolicy;
use serde_json::json;

use super::fact::Fact;
use super::filter::PathFilter;

/// Everything that a run has to know.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) capabilities: Vec<String>,
    pub(crate) action: Action,
    pub(crate) force_full: bool,
    pub(crate) max_docs: Option<u64>,
    pub(crate) error_policy: ErrorPolicy,
    pub(crate) concurrency: usize,
    pub(crate) batch_size: usize,
    pub(crate) provider: &'static str,
    /// The model that is asked for vectors: the operator's, else the manifest's.
    pub(crate) model: String,
    /// Whether vectors are made. Without, chunks are all there is.
    pub(crate) vectors: bool,
    pub(crate) store: Store,
    pub(crate) html_to_text: bool,
    pub(crate) splitting: Splitting,
    /// What goes with every piece beside its place.
    pub(crate) facts: Vec<Fact>,
    pub(crate) sources: Vec<SourcePlan>,
}

/// Whether anything but a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Report,
    Run,
}

/// The vector store that the export is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) kind: StoreKind,
    /// The collection or table.
    pub(crate) index: String,
    pub(crate) may_create: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Qdrant,
    Pgvector,
}

impl StoreKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Qdrant => "qdrant",
            Self::Pgvector => "pgvector",
        }
    }
}

/// How texts are cut. Sizes are in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Splitting {
    pub(crate) kind: SplittingKind,
    pub(crate) size: usize,
    pub(crate) overlap: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SplittingKind {
    Text,
    Markdown,
}

/// One data source.
#[derive(Clone, Debug)]
pub(crate) struct SourcePlan {
    pub(crate) id: String,
    pub(crate) origin: Origin,
    pub(crate) filter: PathFilter,
    /// No more files than this are looked at.
    pub(crate) max_files: Option<usize>,
}

/// Where documents come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A folder below one of the operator's.
    Folder { input_dir: PathBuf },
    /// A repository that the operator has configured.
    Repository { repo: String, reference: String },
}

impl Plan {
    /// The digest of everything that decides what becomes of a document's bytes.
    pub(crate) fn recipe(&self) -> Sha256Digest {
        let Splitting { kind, size, overlap } = self.splitting;
        let recipe = json!({
            "recipe": 1,
            "html_to_text": self.html_to_text,
            "splitter": [format!("{kind:?}"), size, overlap],
            "metadata": self.facts.iter().map(|fact| fact.name()).collect::<Vec<_>>(),
            "embeddings": [self.provider, self.model],
            "vectors": self.vectors,
            "store": [self.store.kind.as_str(), self.store.index],
        });
        Sha256Digest::of(recipe.to_string().as_bytes())
    }
}
