//! A piece of a document with everything that is told about it.

use jct_exec::JsonObject;
use serde_json::{Value, json};

use crate::point::PointId;

/// A piece, ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) id: PointId,
    pub(crate) manifest: String,
    pub(crate) source: String,
    pub(crate) document: String,
    /// Of the document's bytes.
    pub(crate) document_hash: String,
    /// Counted from 0 within the document.
    pub(crate) index: usize,
    /// Where it begins in the document's text, in bytes.
    pub(crate) offset: usize,
    pub(crate) text: String,
    /// Of the text.
    pub(crate) hash: String,
    /// What the manifest allows, and nothing else.
    pub(crate) metadata: JsonObject,
}

impl Chunk {
    /// The line in `chunks.jsonl`.
    pub(crate) fn line(&self) -> Value {
        json!({
            "id": self.id.uuid.hyphenated().to_string(),
            "digest": self.id.digest.to_string(),
            "manifest": self.manifest,
            "source": self.source,
            "document": self.document,
            "document_hash": self.document_hash,
            "chunk": self.index,
            "offset": self.offset,
            "text": self.text,
            "hash": self.hash,
            "metadata": self.metadata,
        })
    }
}
