//! All files of a run that writes.

use std::path::Path;

use jct_exec::Stop;

use super::pgvector::Rows;
use super::qdrant::Points;
use super::{Chunk, Deletion, JsonLines};
use crate::plan::{Plan, StoreKind};

/// The open files.
#[derive(Debug)]
pub(crate) struct Export {
    chunks: JsonLines,
    deletions: JsonLines,
    points: Option<Stored>,
}

/// What the store takes. Without vectors there is nothing to take.
#[derive(Debug)]
enum Stored {
    Qdrant(Points),
    Pgvector(Box<Rows>),
}

impl Export {
    pub(crate) fn create(folder: &Path, plan: &Plan) -> Result<Self, Stop> {
        let points = match plan.store.kind {
            _ if !plan.vectors => None,
            StoreKind::Qdrant => Some(Stored::Qdrant(Points::create(folder)?)),
            StoreKind::Pgvector => Some(Stored::Pgvector(Box::new(Rows::create(folder, &plan.store)?))),
        };
        let chunks = JsonLines::create(folder, "chunks.jsonl")?;
        Ok(Self { chunks, deletions: JsonLines::create(folder, "deletions.jsonl")?, points })
    }

    pub(crate) fn chunk(&mut self, chunk: &Chunk) -> Result<(), Stop> {
        self.chunks.write(&chunk.line())
    }

    pub(crate) fn delete(&mut self, deletion: &Deletion<'_>) -> Result<(), Stop> {
        if let Some(Stored::Pgvector(rows)) = &mut self.points {
            rows.delete(deletion);
        }
        self.deletions.write(&deletion.line())
    }

    pub(crate) fn point(&mut self, chunk: &Chunk, vector: &[f32]) -> Result<(), Stop> {
        match &mut self.points {
            None => Ok(()),
            Some(Stored::Qdrant(points)) => points.write(chunk, vector),
            Some(Stored::Pgvector(rows)) => rows.write(chunk, vector),
        }
    }

    /// The names of the files, once they are on the disk.
    pub(crate) fn finish(self, dimension: Option<usize>) -> Result<Vec<&'static str>, Stop> {
        let mut names = vec![self.chunks.finish()?, self.deletions.finish()?];
        match self.points {
            None => {}
            Some(Stored::Qdrant(points)) => names.push(points.finish()?),
            Some(Stored::Pgvector(rows)) => names.extend(rows.finish(dimension)?),
        }
        Ok(names)
    }
}
