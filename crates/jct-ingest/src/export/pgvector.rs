//! Points as PostgreSQL with pgvector takes them: rows for `COPY`, and a script for `psql` that makes the table if it may,
//! removes what is old and copies the rows, all in one transaction.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jct_exec::Stop;

use super::file::{create, failed, sync};
use super::{Chunk, Deletion};
use crate::plan::Store;

const ROWS: &str = "pgvector.copy";
const SCRIPT: &str = "pgvector.sql";
const COLUMNS: &str = "id, digest, manifest, source, document, document_hash, chunk, content, metadata, embedding";

#[derive(Debug)]
pub(super) struct Rows {
    rows: BufWriter<File>,
    script: BufWriter<File>,
    /// Deletions are written as they come up, behind a table whose vectors need a dimension: so they wait here.
    deletions: String,
    store: Store,
}

impl Rows {
    pub(super) fn create(folder: &Path, store: &Store) -> Result<Self, Stop> {
        let (rows, script) = (create(folder, ROWS)?, create(folder, SCRIPT)?);
        Ok(Self { rows, script, deletions: String::new(), store: store.clone() })
    }

    pub(super) fn delete(&mut self, deletion: &Deletion<'_>) {
        let Deletion { manifest, source, document, .. } = deletion;
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.deletions,
            "DELETE FROM {} WHERE manifest = {} AND source = {} AND document = {};",
            identifier(&self.store.index),
            literal(manifest),
            literal(source),
            literal(document),
        );
    }

    pub(super) fn write(&mut self, chunk: &Chunk, vector: &[f32]) -> Result<(), Stop> {
        let mut numbers = String::with_capacity(vector.len() * 12);
        for number in vector {
            let comma = if numbers.is_empty() { "" } else { "," };
            let _ = write!(numbers, "{comma}{number}");
        }
        let metadata = serde_json::Value::Object(chunk.metadata.clone()).to_string();
        let fields = [
            chunk.id.uuid.hyphenated().to_string(),
            chunk.id.digest.to_string(),
            escaped(&chunk.manifest),
            escaped(&chunk.source),
            escaped(&chunk.document),
            chunk.document_hash.clone(),
            chunk.index.to_string(),
            escaped(&chunk.text),
            escaped(&metadata),
            format!("[{numbers}]"),
        ];
        writeln!(self.rows, "{}", fields.join("\t")).map_err(|error| failed(ROWS, &error))
    }

    /// `dimension` is that of all vectors, `None` when there is none.
    pub(super) fn finish(mut self, dimension: Option<usize>) -> Result<[&'static str; 2], Stop> {
        let table = identifier(&self.store.index);
        let mut script = "-- Run with psql in this file's folder.\n\\set ON_ERROR_STOP on\nBEGIN;\n\
                          SET LOCAL standard_conforming_strings = on;\n"
            .to_owned();
        if let Some(dimension) = dimension.filter(|_| self.store.may_create) {
            let _ = writeln!(
                script,
                "CREATE EXTENSION IF NOT EXISTS vector;\nCREATE TABLE IF NOT EXISTS {table} (id uuid PRIMARY KEY, digest \
                 text NOT NULL, manifest text NOT NULL, source text NOT NULL, document text NOT NULL, document_hash text \
                 NOT NULL, chunk integer NOT NULL, content text NOT NULL, metadata jsonb NOT NULL, embedding \
                 vector({dimension}) NOT NULL);"
            );
        }
        script.push_str(&self.deletions);
        if dimension.is_some() {
            let _ = writeln!(script, "\\copy {table} ({COLUMNS}) FROM '{ROWS}'");
        }
        script.push_str("COMMIT;\n");
        self.script.write_all(script.as_bytes()).map_err(|error| failed(SCRIPT, &error))?;
        Ok([sync(self.rows, ROWS)?, sync(self.script, SCRIPT)?])
    }
}

/// A name in SQL. It holds no control character: the plan has seen to that.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL, whatever it holds.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A field of `COPY` in its text format.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_quotes() {
        assert_eq!(identifier("a\"; DROP TABLE x; --"), "\"a\"\"; DROP TABLE x; --\"");
        assert_eq!(literal("a'; \\! id"), "'a''; \\! id'");
        assert_eq!(escaped("a\tb\\.\n\r"), "a\\tb\\\\.\\n\\r");
    }
}
