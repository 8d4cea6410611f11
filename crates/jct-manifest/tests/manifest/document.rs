//! What a document may say: required fields, types, limits, and names that must resolve.

use jct_manifest::document::{EmbeddingsProvider, Reader, RetrieverKind, Schedule, VectorStoreKind};
use jct_manifest::{ErrorPolicy, limits};

use crate::support::{FULL, MINIMAL, check, connection, plus, validate, with};

#[test]
fn every_field_is_read() {
    let manifest = validate(FULL).unwrap();
    let document = manifest.document();
    assert_eq!(manifest.name().as_str(), "harbor-full");
    assert_eq!(document.embeddings.provider, EmbeddingsProvider::OpenAi);
    assert_eq!(document.vector_store.kind, VectorStoreKind::Pgvector);
    assert_eq!(document.vector_store.connection["port"], 5432);
    assert_eq!(document.data_sources[0].schedule, Some(Schedule::Cron("*/15 2 * * 1-5".to_owned())));
    assert_eq!(document.data_sources[2].schedule, Some(Schedule::Manual));
    let Reader::Github(handbook) = &document.data_sources[1].reader else { panic!("{document:?}") };
    assert_eq!((handbook.owner.as_deref(), handbook.repo.as_deref()), (None, Some("harbor/handbook")));
    assert_eq!(document.retrievers[0].kind, RetrieverKind::Hybrid);
    assert_eq!(document.run.error_policy, Some(ErrorPolicy::StopOnFirstError));
    assert_eq!(document.run.max_docs, Some(1000));
    assert_eq!(manifest.secret_refs().vault().len(), 1);
}

#[test]
fn defaults_are_known_and_not_written_down() {
    let manifest = validate(MINIMAL).unwrap();
    let run = manifest.document().run;
    assert_eq!(serde_json::json!(run).to_string(), "{}");
    assert_eq!((run.concurrency_or_default(), run.batch_size_or_default()), (6, 128));
    assert_eq!(run.error_policy_or_default(), ErrorPolicy::Continue);
    assert!(!run.is_dry_run() && !run.is_full_forced());
}

#[test]
fn what_is_required_is_missed_by_name() {
    check(&with("version: v0\n", ""), &["VERSION_UNSUPPORTED /version"]);
    check(&with("metadata:\n  name: notes\n", ""), &["METADATA_MISSING /metadata"]);
    check(&with("  name: notes", "  {}"), &["METADATA_NAME_MISSING /metadata/name"]);
    check(&with("metadata:\n  name: notes", "metadata: notes"), &["METADATA_MISSING /metadata"]);
    check(&with("embeddings:\n  provider: ollama\n  model: tiny\n", ""), &["EMBEDDINGS_MISSING /embeddings"]);
    check(
        &with("embeddings:\n  provider: ollama\n  model: tiny", "embeddings: [ollama]"),
        &["EMBEDDINGS_MISSING /embeddings"],
    );
    check(&with("  provider: ollama\n", ""), &["PROVIDER_MISSING /embeddings/provider"]);
    check(&with("  model: tiny\n", ""), &["REQUIRED /embeddings/model"]);
    check(&with("vectorStore:\n  type: qdrant\n", ""), &["VECTOR_STORE_MISSING /vectorStore"]);
    check(&with("type: qdrant", "indexName: x"), &["VECTOR_STORE_MISSING /vectorStore/type"]);
    check(&with("dataSources:\n  - id: wiki\n    type: ConfluenceReader\n", ""), &["SOURCES_EMPTY /dataSources"]);
    check(
        &with("dataSources:\n  - id: wiki\n    type: ConfluenceReader", "dataSources: []"),
        &["SOURCES_EMPTY /dataSources"],
    );
    check(&with("id: wiki\n    type", "type"), &["REQUIRED /dataSources/0/id"]);
    check(&with("    type: ConfluenceReader\n", ""), &["SOURCE_TYPE_MISSING /dataSources/0/type"]);
    check(&with("- id: wiki\n    type: ConfluenceReader", "- wiki"), &["SOURCE_ENTRY_NOT_OBJECT /dataSources/0"]);
}

#[test]
fn words_are_known_in_any_case_and_no_others() {
    check(&with("version: v0", "version: \" V0 \""), &[]);
    check(&with("provider: ollama", "provider: OLLAMA"), &[]);
    check(&with("type: qdrant", "type: Milvus"), &[]);
    check(&with("type: ConfluenceReader", "type: CONFLUENCEREADER"), &[]);
    check(&with("version: v0", "version: v1"), &["VERSION_UNSUPPORTED /version"]);
    check(&with("version: v0", "version: 0"), &["VERSION_UNSUPPORTED /version"]);
    check(&with("provider: ollama", "provider: acme"), &["PROVIDER_UNSUPPORTED /embeddings/provider"]);
    check(&with("type: qdrant", "type: redis"), &["VECTOR_STORE_UNSUPPORTED /vectorStore/type"]);
    check(&with("type: ConfluenceReader", "type: RedditReader"), &["SOURCE_TYPE_UNSUPPORTED /dataSources/0/type"]);
    check(&with("type: ConfluenceReader", "type: 7"), &["SOURCE_TYPE_UNSUPPORTED /dataSources/0/type"]);
}

#[test]
fn names_are_texts_of_plain_characters() {
    for name in ["7", "true", "[a]", "{a: b}", "1.5"] {
        check(&with("name: notes", &format!("name: {name}")), &["NAME_INVALID /metadata/name"]);
    }
    for name in ["a b", "-a", "../a", "ä", "a/b", "a|b", &"x".repeat(129)] {
        check(&with("name: notes", &format!("name: \"{name}\"")), &["NAME_INVALID /metadata/name"]);
    }
    check(&with("name: notes", "name: \" \""), &["NAME_BLANK /metadata/name"]);
    check(&with("name: notes", "name: \"7\""), &[]);
    check(&with("name: notes", "name: 2024-01-01"), &[]);
    check(&with("id: wiki", "id: a|b"), &["NAME_INVALID /dataSources/0/id"]);
    check(&with("id: wiki", "id: 7"), &["NAME_INVALID /dataSources/0/id"]);
}

#[test]
fn unknown_fields_are_refused_by_name_wherever_they_are() {
    for (text, pointer) in [
        (plus("kind: Manifest"), "/kind"),
        (with("name: notes", "name: notes\n  labels: {}"), "/metadata/labels"),
        (with("model: tiny", "model: tiny\n  dimensions: 3"), "/embeddings/dimensions"),
        (with("type: qdrant", "type: qdrant\n  distance: cosine"), "/vectorStore/distance"),
        (with("id: wiki", "id: wiki\n    name: x"), "/dataSources/0/name"),
        (with("id: wiki", "id: wiki\n    params: {owner: x}"), "/dataSources/0/params/owner"),
        (with("id: wiki", "id: wiki\n    auth: {user: x}"), "/dataSources/0/auth/user"),
        (plus("run: {timeout: 1}"), "/run/timeout"),
        (plus("transforms: {splitter: {size: 1}}"), "/transforms/splitter/size"),
        (plus("llm: {provider: a, model: b, topP: 1}"), "/llm/topP"),
        (plus("security: {pii: true}"), "/security/pii"),
        (plus("scheduling: {schedule: manual, jitter: 1}"), "/scheduling/jitter"),
    ] {
        check(&text, &[&format!("UNKNOWN_FIELD {pointer}")]);
        let refused = validate(&text).unwrap_err();
        let name = pointer.rsplit('/').next().unwrap();
        assert!(refused.as_slice()[0].message.contains(&format!("`{name}`")), "{refused}");
    }
}

#[test]
fn nothing_is_converted() {
    for (line, expected) in [
        ("run: [1]", "WRONG_TYPE /run"),
        ("run: fast", "WRONG_TYPE /run"),
        ("run: {dryRun: \"false\"}", "WRONG_TYPE /run/dryRun"),
        ("run: {dryRun: 0}", "WRONG_TYPE /run/dryRun"),
        ("run: {dryRun: no}", "WRONG_TYPE /run/dryRun"),
        ("run: {concurrency: \"2\"}", "WRONG_TYPE /run/concurrency"),
        ("run: {concurrency: 2.0}", "WRONG_TYPE /run/concurrency"),
        ("run: {concurrency: 2024-01-01}", "WRONG_TYPE /run/concurrency"),
        ("run: {concurrency: 0}", "OUT_OF_RANGE /run/concurrency"),
        ("run: {concurrency: 501}", "OUT_OF_RANGE /run/concurrency"),
        ("run: {concurrency: .nan}", "NUMBER_NOT_EXACT /run/concurrency"),
        ("run: {batchSize: -1}", "OUT_OF_RANGE /run/batchSize"),
        ("run: {batchSize: 10001}", "OUT_OF_RANGE /run/batchSize"),
        ("run: {errorPolicy: ignore}", "VALUE_NOT_ALLOWED /run/errorPolicy"),
        ("run: {maxDocs: 1.9}", "MAX_DOCS_NOT_INTEGER /run/maxDocs"),
        ("run: {maxDocs: true}", "MAX_DOCS_NOT_INTEGER /run/maxDocs"),
        ("run: {maxDocs: 0}", "MAX_DOCS_BELOW_ONE /run/maxDocs"),
        ("run: {maxDocs: 1000000001}", "OUT_OF_RANGE /run/maxDocs"),
        ("llm: {provider: a, model: b, temperature: 2.1}", "OUT_OF_RANGE /llm/temperature"),
        ("llm: {provider: a, model: b, temperature: warm}", "WRONG_TYPE /llm/temperature"),
        ("transforms: {splitter: {chunkSize: 10, chunkOverlap: 10}}", "OUT_OF_RANGE /transforms/splitter/chunkOverlap"),
        ("transforms: {htmlToText: yes}", "WRONG_TYPE /transforms/htmlToText"),
        ("observability: {logs: 3}", "WRONG_TYPE /observability/logs"),
        ("scheduling: hourly", "VALUE_NOT_ALLOWED /scheduling"),
        ("postprocessors: [{threshold: 0.5}]", "REQUIRED /postprocessors/0/type"),
        ("evaluation: {datasets: [{name: x}]}", "REQUIRED /evaluation/datasets/0/path"),
    ] {
        check(&plus(line), &[expected]);
    }
    check(&plus("run: ~"), &[]);
    check(&plus("run: {maxDocs: null, dryRun: ~}"), &[]);
}

#[test]
fn texts_and_lists_have_limits() {
    let long = "a ".repeat(limits::TEXT_MAX_CHARS);
    check(&with("name: notes", &format!("name: notes\n  owner: {long}x")), &["TOO_LONG /metadata/owner"]);
    check(&with("name: notes", "name: notes\n  owner: \" \""), &["TOO_SHORT /metadata/owner"]);
    let tags = "a,".repeat(limits::LIST_MAX_ITEMS + 1);
    check(&with("name: notes", &format!("name: notes\n  tags: [{tags}]")), &["TOO_MANY_ITEMS /metadata/tags"]);
    check(&with("name: notes", "name: notes\n  tags: [a, 1]"), &["WRONG_TYPE /metadata/tags/1"]);
}

#[test]
fn folders_do_not_climb() {
    for folder in ["..", "../x", "a/../../b", "a\\\\..\\\\b"] {
        let reader = format!("type: SimpleDirectoryReader\n    params: {{inputDir: \"{folder}\"}}");
        check(&with("type: ConfluenceReader", &reader), &["PATH_INVALID /dataSources/0/params/inputDir"]);
    }
}

#[test]
fn identifiers_are_unique_and_resolve() {
    let twice = plus("  - id: wiki\n    type: GoogleDriveReader");
    check(&twice, &["ID_REPEATED /dataSources/1/id"]);
    let index = "indices: [{id: all, type: VectorStoreIndex, sources: [wiki]}]\n";
    check(&plus(index), &[]);
    check(&plus(&index.replace("[wiki]", "[wiki, disk]")), &["ID_UNKNOWN /indices/0/sources/1"]);
    check(&plus(&index.replace("VectorStoreIndex", "TreeIndex")), &["VALUE_NOT_ALLOWED /indices/0/type"]);
    check(&plus(&format!("{index}retrievers: [{{id: r, type: vector, indices: [all]}}]")), &[]);
    check(
        &plus(&format!("{index}retrievers: [{{id: r, type: vector, indices: [none]}}]")),
        &["ID_UNKNOWN /retrievers/0/indices/0"],
    );
    check(&plus("retrievers: [{id: r, type: Vector, indices: [all]}]"), &["ID_UNKNOWN /retrievers/0/indices/0"]);
    check(&plus("retrievers: [{id: r, type: Vector}, {id: r, type: Hybrid}]"), &["ID_REPEATED /retrievers/1/id"]);
}

#[test]
fn what_is_free_in_form_keeps_its_order_and_types() {
    let manifest = validate(&connection("{port: 1, b: [x, 2.5, ~], a: {c: true}}")).unwrap();
    let connection = serde_json::Value::Object(manifest.document().vector_store.connection.clone());
    assert_eq!(connection.to_string(), r#"{"port":1,"b":["x",2.5,null],"a":{"c":true}}"#);
    check(&with("type: qdrant", "type: qdrant\n  connection: here"), &["WRONG_TYPE /vectorStore/connection"]);
}
