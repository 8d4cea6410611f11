//! From a tree to a manifest, or to everything that is wrong with it.

use std::collections::HashSet;

use jct_contract::door::Path;

use super::{Manifest, content, pipeline, sources};
use crate::code::ViolationCode;
use crate::fields::Fields;
use crate::node::{Node, Value};
use crate::run_config::RunConfig;
use crate::violation::Found;

/// The fields of a manifest, in the order of the written specification.
const FIELDS: [&str; 15] = [
    "version",
    "metadata",
    "llm",
    "embeddings",
    "vectorStore",
    "dataSources",
    "transforms",
    "indices",
    "retrievers",
    "postprocessors",
    "evaluation",
    "observability",
    "scheduling",
    "run",
    "security",
];

/// Reads a manifest, reporting whatever is wrong with it. What comes out is only to be used when nothing was reported.
pub(crate) fn read(node: &Node, found: &mut Found) -> Option<Manifest> {
    if !matches!(node.value, Value::Map(_)) {
        let message = "a manifest is a mapping with `version`, `metadata` and the rest";
        found.report(Path::Root, node.line, ViolationCode::YamlRootNotMapping, message);
        return None;
    }
    let path = Path::Root;
    let root = Fields::open(node, &path, &FIELDS, found)?;
    content::version(&root, found);
    let metadata = content::metadata(&root, found);
    let llm = root.get("llm").and_then(|field| content::llm(field, found));
    let embeddings = content::embeddings(&root, found);
    let vector_store = content::vector_store(&root, found);
    let message = "the document needs a list `dataSources` with at least one entry";
    let data_sources = root.required_as("dataSources", ViolationCode::SourcesEmpty, message, found);
    let data_sources = data_sources.and_then(|field| sources::read(field, found));
    let transforms = root.get("transforms").and_then(|field| pipeline::transforms(field, found));
    let source_ids: Option<HashSet<&str>> =
        data_sources.as_ref().map(|sources| sources.iter().map(|source| source.id.as_str()).collect());
    let indices = root.get("indices").map(|field| pipeline::indices(field, source_ids.as_ref(), found));
    // Indices that could not be read would make every name of one look unknown.
    let indices = indices.unwrap_or_else(|| Some(Vec::new()));
    let index_ids: Option<HashSet<&str>> =
        indices.as_ref().map(|indices| indices.iter().map(|index| index.id.as_str()).collect());
    let retrievers = root.get("retrievers").and_then(|field| pipeline::retrievers(field, index_ids.as_ref(), found));
    let postprocessors = root.get("postprocessors").and_then(|field| field.list(found, pipeline::postprocessor));
    let evaluation = root.get("evaluation").and_then(|field| pipeline::evaluation(field, found));
    let observability = root.get("observability").and_then(|field| content::observability(field, found));
    let scheduling = root.get("scheduling").and_then(|field| content::scheduling(field, found));
    let run = root.get("run").and_then(|field| RunConfig::read(field, found));
    let security = root.get("security").and_then(|field| content::security(field, found));
    Some(Manifest {
        retrievers: retrievers.unwrap_or_default(),
        postprocessors: postprocessors.unwrap_or_default(),
        run: run.unwrap_or_default(),
        metadata: metadata?,
        embeddings: embeddings?,
        vector_store: vector_store?,
        data_sources: data_sources?,
        indices: indices?,
        llm,
        transforms,
        evaluation,
        observability,
        scheduling,
        security,
    })
}
