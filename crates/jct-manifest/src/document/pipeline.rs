//! What happens to documents and to what queries find: transforms, indices, retrievers, postprocessors, evaluation.

use std::collections::HashSet;

use super::content::{free_form, text, texts};
use super::model::{
    Dataset, Enrichment, Evaluation, Index, Postprocessor, Reranker, Retriever, RetrieverKind, Splitter, Transforms,
};
use super::sources::unique_id;
use crate::code::ViolationCode;
use crate::fields::{Field, Fields};
use crate::limits::TEXT_MAX_CHARS;
use crate::node::Value;
use crate::violation::Found;

/// Length of a piece when nobody says one; a shared part must be shorter.
const CHUNK_SIZE_DEFAULT: u32 = 1000;

const RETRIEVERS: [(&str, RetrieverKind); 4] = [
    ("Vector", RetrieverKind::Vector),
    ("Hybrid", RetrieverKind::Hybrid),
    ("VectorRetriever", RetrieverKind::Vector),
    ("HybridRetriever", RetrieverKind::Hybrid),
];

pub(super) fn transforms(field: Field<'_, '_>, found: &mut Found) -> Option<Transforms> {
    let fields = Fields::open(field.node, &field.path, &["htmlToText", "splitter", "enrichMetadata"], found)?;
    Some(Transforms {
        html_to_text: fields.get("htmlToText").and_then(|field| field.boolean(found)),
        splitter: fields.get("splitter").and_then(|field| splitter(field, found)),
        enrich_metadata: fields
            .get("enrichMetadata")
            .and_then(|field| field.list(found, enrichment))
            .unwrap_or_default(),
    })
}

fn splitter(field: Field<'_, '_>, found: &mut Found) -> Option<Splitter> {
    let fields = Fields::open(field.node, &field.path, &["type", "chunkSize", "chunkOverlap"], found)?;
    let kind = text(fields.get("type"), found);
    let chunk_size = fields.get("chunkSize").and_then(|field| field.integer(&(1..=u32::MAX), found));
    let overlap = fields.get("chunkOverlap");
    let chunk_overlap = overlap.and_then(|field| field.integer(&(0..=u32::MAX), found));
    if let (Some(field), Some(chunk_overlap)) = (overlap, chunk_overlap)
        && chunk_overlap >= chunk_size.unwrap_or(CHUNK_SIZE_DEFAULT)
    {
        field.report(ViolationCode::OutOfRange, "must be smaller than `chunkSize`", found);
    }
    Some(Splitter { kind, chunk_size, chunk_overlap })
}

fn enrichment(field: Field<'_, '_>, found: &mut Found) -> Option<Enrichment> {
    match &field.node.value {
        Value::Text(_) => field.text(TEXT_MAX_CHARS, found).map(Enrichment::Named),
        Value::Map(_) => free_form(field, found).map(Enrichment::Described),
        _ => {
            field.wrong_type("a string or a mapping", found);
            None
        }
    }
}

/// Reads `indices`; `sources` are the identifiers of the data sources, if those could be read.
pub(super) fn indices(field: Field<'_, '_>, sources: Option<&HashSet<&str>>, found: &mut Found) -> Option<Vec<Index>> {
    let mut ids = HashSet::new();
    field.list(found, |item, found| index(item, &mut ids, sources, found))
}

fn index(
    field: Field<'_, '_>,
    ids: &mut HashSet<String>,
    known: Option<&HashSet<&str>>,
    found: &mut Found,
) -> Option<Index> {
    let fields = Fields::open(field.node, &field.path, &["id", "type", "sources", "persist"], found)?;
    let id = fields.required("id", found).and_then(|field| unique_id(field, ids, found));
    let kinds = [("VectorStoreIndex", ())];
    fields.required("type", found).and_then(|field| field.word(&kinds, ViolationCode::ValueNotAllowed, found));
    let sources = fields.get("sources").and_then(|field| named(field, known, found)).unwrap_or_default();
    let persist_path = fields.get("persist").and_then(|field| {
        let fields = Fields::open(field.node, &field.path, &["path"], found)?;
        text(fields.get("path"), found)
    });
    Some(Index { id: id?, sources, persist_path })
}

/// A list of identifiers, each of which must be among `known`.
fn named(field: Field<'_, '_>, known: Option<&HashSet<&str>>, found: &mut Found) -> Option<Vec<String>> {
    field.list(found, |item, found| {
        let id = item.name(found)?;
        if known.is_some_and(|known| !known.contains(id.as_str())) {
            item.report(ViolationCode::IdUnknown, "the document has no entry with this identifier", found);
            return None;
        }
        Some(id)
    })
}

/// Reads `retrievers`; `indices` are the identifiers of the indices, if those could be read.
pub(super) fn retrievers(
    field: Field<'_, '_>,
    indices: Option<&HashSet<&str>>,
    found: &mut Found,
) -> Option<Vec<Retriever>> {
    let mut ids = HashSet::new();
    field.list(found, |item, found| retriever(item, &mut ids, indices, found))
}

fn retriever(
    field: Field<'_, '_>,
    ids: &mut HashSet<String>,
    known: Option<&HashSet<&str>>,
    found: &mut Found,
) -> Option<Retriever> {
    let fields = Fields::open(field.node, &field.path, &["id", "type", "indices", "params", "reranker"], found)?;
    let id = fields.required("id", found).and_then(|field| unique_id(field, ids, found));
    let kind = fields.required("type", found);
    let kind = kind.and_then(|field| field.word(&RETRIEVERS, ViolationCode::ValueNotAllowed, found));
    let indices = fields.get("indices").and_then(|field| named(field, known, found)).unwrap_or_default();
    let (mut top_k, mut alpha) = (None, None);
    if let Some(params) = fields.get("params")
        && let Some(params) = Fields::open(params.node, &params.path, &["topK", "alpha"], found)
    {
        top_k = params.get("topK").and_then(|field| field.integer(&(1..=u32::MAX), found));
        alpha = params.get("alpha").and_then(|field| field.number(&(0.0..=1.0), found));
    }
    let reranker = fields.get("reranker").and_then(|field| reranker(field, found));
    Some(Retriever { id: id?, kind: kind?, indices, top_k, alpha, reranker })
}

fn reranker(field: Field<'_, '_>, found: &mut Found) -> Option<Reranker> {
    let fields = Fields::open(field.node, &field.path, &["type", "topK"], found)?;
    let kind = fields.required("type", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    let top_k = fields.get("topK").and_then(|field| field.integer(&(1..=u32::MAX), found));
    Some(Reranker { kind: kind?, top_k })
}

pub(super) fn postprocessor(field: Field<'_, '_>, found: &mut Found) -> Option<Postprocessor> {
    let fields = Fields::open(field.node, &field.path, &["type", "threshold", "window"], found)?;
    let kind = fields.required("type", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    let threshold = fields.get("threshold").and_then(|field| field.number(&(0.0..=1.0), found));
    let window = fields.get("window").and_then(|field| field.integer(&(0..=u32::MAX), found));
    Some(Postprocessor { kind: kind?, threshold, window })
}

pub(super) fn evaluation(field: Field<'_, '_>, found: &mut Found) -> Option<Evaluation> {
    let fields = Fields::open(field.node, &field.path, &["datasets", "metrics"], found)?;
    let datasets = fields.get("datasets").and_then(|field| field.list(found, dataset)).unwrap_or_default();
    Some(Evaluation { datasets, metrics: texts(fields.get("metrics"), found) })
}

fn dataset(field: Field<'_, '_>, found: &mut Found) -> Option<Dataset> {
    if matches!(field.node.value, Value::Text(_)) {
        return Some(Dataset { name: None, path: field.text(TEXT_MAX_CHARS, found)? });
    }
    let fields = Fields::open(field.node, &field.path, &["name", "path"], found)?;
    let name = text(fields.get("name"), found);
    let path = fields.required("path", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    Some(Dataset { name, path: path? })
}
