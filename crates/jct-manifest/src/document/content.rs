//! What a document is and what its vectors are made with: metadata, model, embeddings, store, rules about content.

use serde_json::{Map, Value as Json};

use super::model::{
    Embeddings, EmbeddingsProvider, Llm, Metadata, Observability, Scheduling, Security, Setting, VectorStore,
    VectorStoreKind,
};
use super::sources;
use crate::code::ViolationCode;
use crate::fields::{Field, Fields};
use crate::limits::{BATCH_SIZE_MAX, DESCRIPTION_MAX_CHARS, MANIFEST_VERSION, TEXT_MAX_CHARS};
use crate::node::Value;
use crate::violation::Found;

/// Reports a version that is not `v0`.
pub(super) fn version(root: &Fields<'_, '_>, found: &mut Found) {
    let message = format!("the version must be `{MANIFEST_VERSION}`; documents without one are legacy and not taken");
    let code = ViolationCode::VersionUnsupported;
    let Some(field) = root.required_as("version", code, &message, found) else { return };
    let is_known = match &field.node.value {
        Value::Text(text) => text.trim().eq_ignore_ascii_case(MANIFEST_VERSION),
        Value::Refused => true,
        _ => false,
    };
    if !is_known {
        field.report(code, message, found);
    }
}

pub(super) fn metadata(root: &Fields<'_, '_>, found: &mut Found) -> Option<Metadata> {
    let message = "the document needs a mapping `metadata` with a `name`";
    let field = mapping(root, "metadata", ViolationCode::MetadataMissing, message, found)?;
    let fields = Fields::open(field.node, &field.path, &["name", "description", "owner", "tags"], found)?;
    let missing = ViolationCode::MetadataNameMissing;
    let name = fields.required_as("name", missing, "the document needs a name", found);
    let name = name.and_then(|field| field.name(found)).and_then(|name| name.parse().ok());
    Some(Metadata {
        description: fields.get("description").and_then(|field| field.text(DESCRIPTION_MAX_CHARS, found)),
        owner: text(fields.get("owner"), found),
        tags: texts(fields.get("tags"), found),
        name: name?,
    })
}

/// A required member that is a mapping; whatever else it is has the same code as its absence.
fn mapping<'p, 'd>(
    root: &Fields<'p, 'd>,
    name: &'p str,
    code: ViolationCode,
    message: &str,
    found: &mut Found,
) -> Option<Field<'p, 'd>> {
    let field = root.required_as(name, code, message, found)?;
    if !matches!(field.node.value, Value::Map(_)) {
        field.wrong_type_as(code, "a mapping", found);
        return None;
    }
    Some(field)
}

pub(super) fn llm(field: Field<'_, '_>, found: &mut Found) -> Option<Llm> {
    let fields = Fields::open(field.node, &field.path, &["provider", "model", "temperature"], found)?;
    let provider = fields.required("provider", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    let model = fields.required("model", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    let temperature = fields.get("temperature").and_then(|field| field.number(&(0.0..=2.0), found));
    Some(Llm { provider: provider?, model: model?, temperature })
}

pub(super) fn embeddings(root: &Fields<'_, '_>, found: &mut Found) -> Option<Embeddings> {
    let message = "the document needs a mapping `embeddings`";
    let field = mapping(root, "embeddings", ViolationCode::EmbeddingsMissing, message, found)?;
    let fields = Fields::open(field.node, &field.path, &["provider", "model", "batchSize"], found)?;
    let message = "the embeddings need a provider";
    let provider = fields.required_as("provider", ViolationCode::ProviderMissing, message, found);
    let provider =
        provider.and_then(|field| field.word(&EmbeddingsProvider::ALL, ViolationCode::ProviderUnsupported, found));
    let model = fields.required("model", found).and_then(|field| field.text(TEXT_MAX_CHARS, found));
    let batch_size = fields.get("batchSize").and_then(|field| field.integer(&(1..=BATCH_SIZE_MAX), found));
    Some(Embeddings { provider: provider?, model: model?, batch_size })
}

pub(super) fn vector_store(root: &Fields<'_, '_>, found: &mut Found) -> Option<VectorStore> {
    let code = ViolationCode::VectorStoreMissing;
    let field = mapping(root, "vectorStore", code, "the document needs a mapping `vectorStore`", found)?;
    let known = ["type", "indexName", "connection", "allowCreateCollection"];
    let fields = Fields::open(field.node, &field.path, &known, found)?;
    let kind = fields.required_as("type", code, "the vector store needs a type", found);
    let kind = kind.and_then(|field| field.word(&VectorStoreKind::ALL, ViolationCode::VectorStoreUnsupported, found));
    let connection = fields.get("connection").and_then(|field| free_form(field, found)).unwrap_or_default();
    Some(VectorStore {
        index_name: text(fields.get("indexName"), found),
        connection,
        allow_create_collection: fields.get("allowCreateCollection").and_then(|field| field.boolean(found)),
        kind: kind?,
    })
}

/// A mapping whose members are nobody's business but the reader's.
pub(super) fn free_form(field: Field<'_, '_>, found: &mut Found) -> Option<Map<String, Json>> {
    if !matches!(field.node.value, Value::Map(_)) {
        field.wrong_type("a mapping", found);
        return None;
    }
    match field.free_form()? {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

pub(super) fn observability(field: Field<'_, '_>, found: &mut Found) -> Option<Observability> {
    let fields = Fields::open(field.node, &field.path, &["tracing", "logs", "callbacks"], found)?;
    Some(Observability {
        tracing: fields.get("tracing").and_then(|field| setting(field, found)),
        logs: fields.get("logs").and_then(|field| setting(field, found)),
        callbacks: texts(fields.get("callbacks"), found),
    })
}

fn setting(field: Field<'_, '_>, found: &mut Found) -> Option<Setting> {
    match &field.node.value {
        Value::Bool(value) => Some(Setting::Switch(*value)),
        Value::Text(_) => field.text(TEXT_MAX_CHARS, found).map(Setting::Word),
        _ => {
            field.wrong_type("`true`, `false` or a string", found);
            None
        }
    }
}

/// `manual`, fields of cron, or a mapping with those and a time zone.
pub(super) fn scheduling(field: Field<'_, '_>, found: &mut Found) -> Option<Scheduling> {
    if matches!(field.node.value, Value::Text(_)) {
        return Some(Scheduling { schedule: sources::schedule(field, found)?, timezone: None });
    }
    let fields = Fields::open(field.node, &field.path, &["schedule", "timezone"], found)?;
    let schedule = fields.required("schedule", found).and_then(|field| sources::schedule(field, found));
    let timezone = text(fields.get("timezone"), found);
    Some(Scheduling { schedule: schedule?, timezone })
}

pub(super) fn security(field: Field<'_, '_>, found: &mut Found) -> Option<Security> {
    let fields = Fields::open(field.node, &field.path, &["piiRedaction", "allowlistMetadata"], found)?;
    Some(Security {
        pii_redaction: fields.get("piiRedaction").and_then(|field| field.boolean(found)),
        allowlist_metadata: texts(fields.get("allowlistMetadata"), found),
    })
}

pub(super) fn text(field: Option<Field<'_, '_>>, found: &mut Found) -> Option<String> {
    field.and_then(|field| field.text(TEXT_MAX_CHARS, found))
}

pub(super) fn texts(field: Option<Field<'_, '_>>, found: &mut Found) -> Vec<String> {
    field.and_then(|field| field.texts(TEXT_MAX_CHARS, found)).unwrap_or_default()
}
