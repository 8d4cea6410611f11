//! What a manifest says, as types. Only the reader makes them.

use serde_json::{Map, Value};

use crate::document::DataSource;
use crate::name::ManifestName;
use crate::run_config::RunConfig;

/// A manifest: from which sources which vectors are made and kept where.
///
/// Strings may hold a secret reference wherever they are free text. Identifiers, names and types may not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// Who it is.
    pub metadata: Metadata,
    /// The language model that queries use.
    pub llm: Option<Llm>,
    /// What makes vectors of texts.
    pub embeddings: Embeddings,
    /// Where vectors are kept.
    pub vector_store: VectorStore,
    /// Where documents come from: at least one, each with an identifier of its own.
    pub data_sources: Vec<DataSource>,
    /// What happens to documents on the way.
    pub transforms: Option<Transforms>,
    /// What queries search in.
    pub indices: Vec<Index>,
    /// How queries search.
    pub retrievers: Vec<Retriever>,
    /// What happens to what was found.
    pub postprocessors: Vec<Postprocessor>,
    /// How answers are judged.
    pub evaluation: Option<Evaluation>,
    /// What a run tells about itself.
    pub observability: Option<Observability>,
    /// When it runs by itself.
    pub scheduling: Option<Scheduling>,
    /// How a run goes about its work; one job may change three of these.
    pub run: RunConfig,
    /// What must not leave the documents.
    pub security: Option<Security>,
}

/// Who a manifest is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The name: part of every point's identifier, and equal to that of the job.
    pub name: ManifestName,
    /// What it is for; at most 4096 characters.
    pub description: Option<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
}

/// A language model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Llm {
    /// Who runs it.
    pub provider: String,
    /// Which one.
    pub model: String,
    /// 0 to 2.
    pub temperature: Option<f64>,
}

/// Who makes vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EmbeddingsProvider {
    /// `openai`.
    OpenAi,
    /// `google`.
    Google,
    /// `ollama`.
    Ollama,
}

impl EmbeddingsProvider {
    /// Every provider, by its name.
    pub const ALL: [(&'static str, Self); 3] =
        [("openai", Self::OpenAi), ("google", Self::Google), ("ollama", Self::Ollama)];

    /// The name, which is the capability too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Google => "google",
            Self::Ollama => "ollama",
        }
    }
}

/// What makes vectors of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Embeddings {
    /// Who.
    pub provider: EmbeddingsProvider,
    /// With which model; part of every point's identifier.
    pub model: String,
    /// Texts at once, 1 to 10 000; 128 unless said.
    pub batch_size: Option<u32>,
}

/// What keeps vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorStoreKind {
    /// `qdrant`.
    Qdrant,
    /// `pgvector`.
    Pgvector,
    /// `milvus`.
    Milvus,
}

impl VectorStoreKind {
    /// Every kind, by its name.
    pub const ALL: [(&'static str, Self); 3] =
        [("qdrant", Self::Qdrant), ("pgvector", Self::Pgvector), ("milvus", Self::Milvus)];

    /// The name, which is the capability too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qdrant => "qdrant",
            Self::Pgvector => "pgvector",
            Self::Milvus => "milvus",
        }
    }
}

/// Where vectors are kept.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VectorStore {
    /// In what.
    pub kind: VectorStoreKind,
    /// Under which name.
    pub index_name: Option<String>,
    /// How to reach it; free in form, without secrets.
    pub connection: Map<String, Value>,
    /// Whether the collection may be made if it is not there.
    pub allow_create_collection: Option<bool>,
}

/// What happens to documents on the way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Transforms {
    /// Take the text out of HTML.
    pub html_to_text: Option<bool>,
    /// Cut texts to pieces.
    pub splitter: Option<Splitter>,
    /// What is added to the metadata of each piece.
    pub enrich_metadata: Vec<Enrichment>,
}

/// Cuts texts to pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Splitter {
    /// Which one; `TokenTextSplitter` unless said.
    pub kind: Option<String>,
    /// Length of a piece, from 1, in what the splitter counts; 1000 unless said.
    pub chunk_size: Option<u32>,
    /// How much two neighbours share, from 0 and below the length; 100 unless said.
    pub chunk_overlap: Option<u32>,
}

/// Something that is added to the metadata of a piece.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Enrichment {
    /// A known one by its name.
    Named(String),
    /// One that is described; free in form.
    Described(Map<String, Value>),
}

/// What queries search in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// Its identifier.
    pub id: String,
    /// The data sources in it; each is one of the document's.
    pub sources: Vec<String>,
    /// Where it is kept.
    pub persist_path: Option<String>,
}

/// How a retriever searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetrieverKind {
    /// By vectors.
    Vector,
    /// By vectors and words.
    Hybrid,
}

/// How queries search.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Retriever {
    /// Its identifier.
    pub id: String,
    /// How.
    pub kind: RetrieverKind,
    /// In which indices; each is one of the document's.
    pub indices: Vec<String>,
    /// How many results, from 1; 8 unless said.
    pub top_k: Option<u32>,
    /// Weight of vectors against words, 0 to 1; 0.5 unless said.
    pub alpha: Option<f64>,
    /// Who puts the results in order.
    pub reranker: Option<Reranker>,
}

/// Puts results in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reranker {
    /// Which one.
    pub kind: String,
    /// How many results stay, from 1; 5 unless said.
    pub top_k: Option<u32>,
}

/// Something that happens to what was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Postprocessor {
    /// What.
    pub kind: String,
    /// Least score, 0 to 1.
    pub threshold: Option<f64>,
    /// How many neighbours come along.
    pub window: Option<u32>,
}

/// How answers are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// On which questions.
    pub datasets: Vec<Dataset>,
    /// By which measures.
    pub metrics: Vec<String>,
}

/// Questions with their answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dataset {
    /// What it is called.
    pub name: Option<String>,
    /// Where it lies.
    pub path: String,
}

/// Something that is on, off, or a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// On or off.
    Switch(bool),
    /// A word, such as a level or the name of a backend.
    Word(String),
}

/// What a run tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observability {
    /// Traces.
    pub tracing: Option<Setting>,
    /// Logs.
    pub logs: Option<Setting>,
    /// Whom to tell.
    pub callbacks: Vec<String>,
}

/// When it runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduling {
    /// When.
    pub schedule: super::Schedule,
    /// By whose clock; UTC unless said.
    pub timezone: Option<String>,
}

/// What must not leave the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// Take personal data out.
    pub pii_redaction: Option<bool>,
    /// The only metadata that go along with a vector.
    pub allowlist_metadata: Vec<String>,
}
