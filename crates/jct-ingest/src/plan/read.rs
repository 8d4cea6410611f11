//! Makes a plan of what was asked, or says what of it cannot be done. Nothing is left out silently.

use std::fmt::Display;

use jct_exec::{ExecutionRequest, FailureReason, ManifestInput, Stop};
use jct_manifest::document::{Enrichment, Security, Splitter, Transforms, VectorStoreKind};
use jct_manifest::{Manifest, RawManifest, RunConfig, ValidatedManifest, Violation};

use super::fact::Fact;
use super::model::{Action, Plan, Splitting, SplittingKind, Store, StoreKind};
use super::payload::{Effective, JobAction, Payload};
use super::sources::source;
use crate::options::IngestOptions;

/// Unless the manifest says otherwise.
const DEFAULT_CHUNK_SIZE: u32 = 1000;
const DEFAULT_CHUNK_OVERLAP: u32 = 100;
/// A piece longer than this is of no use to any model.
const LARGEST_CHUNK_SIZE: u32 = 1_000_000;
/// No more requests than this are under way at once, whatever the manifest says.
const MOST_CONCURRENT: usize = 32;
/// Violations named in a message.
const MOST_SHOWN: usize = 5;

/// How references to secrets begin, which this executor does not resolve.
const REFERENCES: [&str; 3] = ["${", "profile://", "vault://"];

/// What cannot be done, and would not work the next time either.
pub(super) fn refused(message: impl Display) -> Stop {
    Stop::failed(FailureReason::InvalidInput, message)
}

/// Refuses a reference where a plain text is needed.
pub(super) fn no_reference(text: &str, what: &str) -> Result<(), Stop> {
    if REFERENCES.iter().any(|opening| text.contains(opening)) {
        return Err(refused(format!("{what} holds a reference, which this worker does not resolve")));
    }
    Ok(())
}

/// The plan of a request.
pub(crate) fn read(request: &ExecutionRequest, options: &IngestOptions) -> Result<Plan, Stop> {
    let input = request.manifest.as_ref().ok_or_else(|| refused("the job comes without its manifest"))?;
    let payload = Payload::read(&request.inputs).map_err(refused)?;
    let manifest = validated(input, &payload)?;
    let document = manifest.document();
    if document.security.as_ref().is_some_and(|security| security.pii_redaction == Some(true)) {
        return Err(refused("`security.piiRedaction` is asked for, and this worker cannot do it"));
    }
    let Embedding { provider, model, vectors } = embedding(document, options)?;
    let config = payload.effective_run_config;
    let dry_run = config.dry_run.unwrap_or(false) || payload.manifest.action == JobAction::Plan;
    let size = |most: u32| usize::try_from(most).unwrap_or(usize::MAX);
    let transforms = document.transforms.as_ref();
    Ok(Plan {
        name: payload.manifest.name,
        hash: input.hash.clone(),
        capabilities: payload.required_capabilities,
        action: if dry_run { Action::Report } else { Action::Run },
        force_full: config.force_full.unwrap_or(false),
        max_docs: config.max_docs.map(u64::from),
        error_policy: config.error_policy.map(Into::into).unwrap_or_default(),
        concurrency: size(defaults(&config).concurrency_or_default()).clamp(1, MOST_CONCURRENT),
        batch_size: size(document.embeddings.batch_size.unwrap_or_else(|| defaults(&config).batch_size_or_default())),
        provider,
        model,
        vectors,
        store: store(document)?,
        html_to_text: transforms.and_then(|transforms| transforms.html_to_text).unwrap_or(false),
        splitting: splitting(transforms.and_then(|transforms| transforms.splitter.as_ref()))?,
        facts: facts(transforms, document.security.as_ref())?,
        sources: document.data_sources.iter().map(source).collect::<Result<_, _>>()?,
    })
}

/// The defaults are those of the manifest's own crate.
fn defaults(config: &Effective) -> RunConfig {
    let mut run = RunConfig::default();
    (run.concurrency, run.batch_size) = (config.concurrency, config.batch_size);
    run
}

/// The manifest, once it is certain that it is the one that was queued.
fn validated(input: &ManifestInput, payload: &Payload) -> Result<ValidatedManifest, Stop> {
    let raw = RawManifest::new(input.content.clone().into_bytes());
    if raw.hash().as_str() != input.hash || payload.manifest_hash != input.hash {
        return Err(refused("the manifest is not the one that was queued: its hash differs"));
    }
    let manifest = raw.validate().map_err(|violations| {
        let shown: Vec<_> = violations.iter().take(MOST_SHOWN).map(Violation::to_string).collect();
        refused(format!("the manifest is not valid: {}", shown.join("; ")))
    })?;
    if [&input.name, &payload.manifest.name].into_iter().any(|name| name != manifest.name().as_str()) {
        return Err(refused("the manifest is not the one that was queued: its name differs"));
    }
    Ok(manifest)
}

struct Embedding {
    provider: &'static str,
    model: String,
    vectors: bool,
}

fn embedding(document: &Manifest, options: &IngestOptions) -> Result<Embedding, Stop> {
    let embeddings = &document.embeddings;
    let provider = embeddings.provider.as_str();
    let (model, vectors) = match &options.endpoint {
        Some(endpoint) if endpoint.provider() != embeddings.provider => {
            let served = endpoint.provider().as_str();
            return Err(refused(format!(
                "the manifest asks for embeddings of `{provider}`, here are those of `{served}`"
            )));
        }
        Some(endpoint) => (endpoint.model().unwrap_or(&embeddings.model).to_owned(), true),
        None if options.chunks_only => (embeddings.model.clone(), false),
        None => return Err(refused("this worker has no endpoint for embeddings")),
    };
    no_reference(&model, "`embeddings.model`")?;
    Ok(Embedding { provider, model, vectors })
}

fn store(document: &Manifest) -> Result<Store, Stop> {
    let store = &document.vector_store;
    let kind = match store.kind {
        VectorStoreKind::Qdrant => StoreKind::Qdrant,
        VectorStoreKind::Pgvector => StoreKind::Pgvector,
        VectorStoreKind::Milvus => return Err(refused("this worker makes no exports for `milvus`")),
    };
    let index = store.index_name.as_deref().unwrap_or(document.metadata.name.as_str());
    no_reference(index, "`vectorStore.indexName`")?;
    if index.chars().any(char::is_control) {
        return Err(refused("`vectorStore.indexName` has a control character"));
    }
    Ok(Store { kind, index: index.to_owned(), may_create: store.allow_create_collection.unwrap_or(false) })
}

fn splitting(splitter: Option<&Splitter>) -> Result<Splitting, Stop> {
    let kind = splitter.and_then(|splitter| splitter.kind.as_deref()).unwrap_or("TokenTextSplitter");
    let kind = match kind.trim().to_ascii_lowercase().as_str() {
        "tokentextsplitter"
        | "sentencesplitter"
        | "textsplitter"
        | "charactertextsplitter"
        | "recursivecharactertextsplitter" => SplittingKind::Text,
        "markdownsplitter" | "markdowntextsplitter" | "markdownnodeparser" => SplittingKind::Markdown,
        _ => {
            return Err(refused(format!(
                "this worker has no splitter `{kind}`; it has TokenTextSplitter, SentenceSplitter, TextSplitter, \
                 CharacterTextSplitter, RecursiveCharacterTextSplitter, MarkdownSplitter, MarkdownTextSplitter and \
                 MarkdownNodeParser"
            )));
        }
    };
    let size = splitter.and_then(|splitter| splitter.chunk_size).unwrap_or(DEFAULT_CHUNK_SIZE);
    let usual = DEFAULT_CHUNK_OVERLAP.min(size / 10);
    let overlap = splitter.and_then(|splitter| splitter.chunk_overlap).unwrap_or(usual);
    if size == 0 || size > LARGEST_CHUNK_SIZE || overlap >= size {
        return Err(refused(format!(
            "a piece has 1 to {LARGEST_CHUNK_SIZE} characters and shares fewer with the next one, not {size} and {overlap}"
        )));
    }
    let characters = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Splitting { kind, size: characters(size), overlap: characters(overlap) })
}

/// What goes with every piece: whatever the allow list names, and what the manifest asks to have added, which the allow
/// list has to name too if there is one.
fn facts(transforms: Option<&Transforms>, security: Option<&Security>) -> Result<Vec<Fact>, Stop> {
    let allowed: Vec<Fact> = security
        .map(|security| security.allowlist_metadata.iter().filter_map(|name| Fact::parse(name)).collect())
        .unwrap_or_default();
    let limited = security.is_some_and(|security| !security.allowlist_metadata.is_empty());
    let mut facts = allowed.clone();
    for enrichment in transforms.map(|transforms| transforms.enrich_metadata.as_slice()).unwrap_or_default() {
        let Enrichment::Named(name) = enrichment else {
            return Err(refused("`transforms.enrichMetadata` describes an enrichment that this worker cannot do"));
        };
        let fact = Fact::parse(name).ok_or_else(|| {
            let known = Fact::names();
            refused(format!(
                "`transforms.enrichMetadata` names `{name}`, which this worker cannot add; it knows {known}"
            ))
        })?;
        if limited && !allowed.contains(&fact) {
            return Err(refused(format!("`transforms.enrichMetadata` names `{name}`, which is not in the allow list")));
        }
        facts.push(fact);
    }
    // In an order that does not depend on how the manifest lists them.
    Ok(Fact::ALL.into_iter().filter(|fact| facts.contains(fact)).collect())
}
