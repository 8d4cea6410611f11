//! Points as Qdrant takes them: one a line, with a UUID, a vector and a payload.

use std::path::Path;

use jct_exec::Stop;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Chunk, JsonLines};

const FILE: &str = "points.jsonl";

#[derive(Debug)]
pub(super) struct Points(JsonLines);

#[derive(Serialize)]
struct Point<'a> {
    id: String,
    vector: &'a [f32],
    payload: Value,
}

impl Points {
    pub(super) fn create(folder: &Path) -> Result<Self, Stop> {
        JsonLines::create(folder, FILE).map(Self)
    }

    pub(super) fn write(&mut self, chunk: &Chunk, vector: &[f32]) -> Result<(), Stop> {
        let payload = json!({
            "digest": chunk.id.digest.to_string(),
            "manifest": chunk.manifest,
            "source": chunk.source,
            "document": chunk.document,
            "document_hash": chunk.document_hash,
            "chunk": chunk.index,
            "text": chunk.text,
            "metadata": chunk.metadata,
        });
        self.0.write(&Point { id: chunk.id.uuid.hyphenated().to_string(), vector, payload })
    }

    pub(super) fn finish(self) -> Result<&'static str, Stop> {
        self.0.finish()
    }
}
