//! The document of manifest v0, typed: every field that there is, and no other.

mod content;
mod model;
mod pipeline;
mod read;
mod sources;

pub use model::{
    Dataset, Embeddings, EmbeddingsProvider, Enrichment, Evaluation, Index, Llm, Manifest, Metadata, Observability,
    Postprocessor, Reranker, Retriever, RetrieverKind, Scheduling, Security, Setting, Splitter, Transforms,
    VectorStore, VectorStoreKind,
};
pub use sources::{
    Auth, ConfluenceParams, DataSource, GithubParams, GoogleDriveParams, Reader, Schedule, SimpleDirectoryParams,
};

pub(crate) use read::read;
