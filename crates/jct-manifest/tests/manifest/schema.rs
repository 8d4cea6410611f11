//! The JSON Schema against the same examples as the parser.

use jct_manifest::MANIFEST_SCHEMA;
use serde_json::{Value, json};

use crate::support::validate;

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(MANIFEST_SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// JSON is YAML, so that both judge the same text.
#[track_caller]
fn check(schema: &jsonschema::Validator, document: &Value, expected: bool) {
    let parsed = validate(&serde_json::to_string_pretty(document).unwrap());
    let found: Vec<_> = schema.iter_errors(document).map(|error| error.to_string()).collect();
    assert_eq!(found.is_empty(), expected, "the schema: {found:?}\n{document}");
    assert_eq!(parsed.is_ok(), expected, "the parser: {parsed:?}\n{document}");
}

fn minimal() -> Value {
    json!({
        "version": "v0",
        "metadata": {"name": "notes"},
        "embeddings": {"provider": "ollama", "model": "tiny"},
        "vectorStore": {"type": "qdrant"},
        "dataSources": [{"id": "wiki", "type": "confluencereader"}],
    })
}

fn full() -> Value {
    json!({
        "version": "V0",
        "metadata": {"name": "full", "description": "all of it", "owner": "docs", "tags": ["a"]},
        "llm": {"provider": "openai", "model": "small", "temperature": 0.5},
        "embeddings": {"provider": "Google", "model": "m", "batchSize": 1},
        "vectorStore": {
            "type": "PgVector", "indexName": "i", "connection": {"host": "${HOST}", "port": 5432},
            "allowCreateCollection": false,
        },
        "dataSources": [
            {"id": "a", "type": "GithubRepositoryReader", "auth": {"githubToken": "${T}"}, "params": {
                "owner": "o", "repo": "r", "branch": "main", "include": ["a"], "exclude": [], "filterExtensions": [".md"],
                "maxFiles": 1,
            }, "schedule": "0 3 * * *"},
            {"id": "b", "type": "GoogleDriveReader", "params": {"folderId": "f", "fileIds": ["x"], "mimeTypes": ["t/p"]},
                "auth": {"serviceAccountKeyPath": "/k.json"}},
            {"id": "c", "type": "ConfluenceReader", "params": {"spaceKey": "S", "maxPages": 2},
                "auth": {"token": "vault://kv/a/b#c", "baseUrl": "https://wiki.example"}, "schedule": "manual"},
            {"id": "d", "type": "SimpleDirectoryReader",
                "params": {"inputDir": "./x", "recursive": true, "requiredExts": [".md"]}},
        ],
        "transforms": {"htmlToText": true, "splitter": {"type": "t", "chunkSize": 2, "chunkOverlap": 1},
            "enrichMetadata": ["title", {"a": 1}]},
        "indices": [{"id": "i", "type": "VectorStoreIndex", "sources": ["a", "d"], "persist": {"path": "./i"}}],
        "retrievers": [{"id": "r", "type": "hybrid", "indices": ["i"], "params": {"topK": 1, "alpha": 1},
            "reranker": {"type": "x", "topK": 1}}],
        "postprocessors": [{"type": "p", "threshold": 0, "window": 0}],
        "evaluation": {"datasets": ["d.jsonl", {"name": "n", "path": "p"}], "metrics": ["m"]},
        "observability": {"tracing": "otlp", "logs": true, "callbacks": ["c"]},
        "scheduling": {"schedule": "*/5 * * * *", "timezone": "UTC"},
        "run": {"concurrency": 500, "batchSize": 10000, "errorPolicy": "continue", "dryRun": true, "forceFull": false,
            "maxDocs": 1_000_000_000},
        "security": {"piiRedaction": true, "allowlistMetadata": ["title"]},
    })
}

#[test]
fn both_take_the_same() {
    let schema = schema();
    check(&schema, &minimal(), true);
    check(&schema, &full(), true);
}

#[test]
fn both_miss_the_same() {
    let schema = schema();
    for pointer in [
        "/version",
        "/metadata",
        "/metadata/name",
        "/embeddings",
        "/embeddings/provider",
        "/embeddings/model",
        "/vectorStore",
        "/vectorStore/type",
        "/dataSources",
        "/dataSources/0/id",
        "/dataSources/0/type",
        "/indices/0/id",
        "/indices/0/type",
        "/retrievers/0/id",
        "/retrievers/0/type",
        "/postprocessors/0/type",
        "/evaluation/datasets/1/path",
        "/scheduling/schedule",
        "/llm/model",
        "/retrievers/0/reranker/type",
    ] {
        let mut document = full();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        check(&schema, &document, false);
    }
}

/// Every object of the sample, by pointer; those that are free in form are left out.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(pointer.to_owned());
            members.iter().for_each(|(name, value)| objects(value, &format!("{pointer}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| objects(value, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn both_refuse_unknown_fields_everywhere() {
    let schema = schema();
    let mut pointers = Vec::new();
    objects(&full(), "", &mut pointers);
    let free = ["/vectorStore/connection", "/transforms/enrichMetadata/1"];
    assert!(pointers.len() > 25 && free.iter().all(|free| pointers.iter().any(|pointer| pointer == free)));
    for pointer in pointers {
        let mut document = full();
        document.pointer_mut(&pointer).unwrap()["surprise"] = json!("x");
        check(&schema, &document, free.contains(&pointer.as_str()));
    }
}

#[test]
fn both_refuse_wrong_values() {
    let schema = schema();
    for (pointer, value) in [
        ("/version", json!("v1")),
        ("/version", json!(0)),
        ("/metadata/name", json!("a b")),
        ("/metadata/name", json!("")),
        ("/metadata/tags", json!("a")),
        ("/metadata/owner", json!(" ")),
        ("/embeddings/provider", json!("acme")),
        ("/embeddings/batchSize", json!(0)),
        ("/embeddings/batchSize", json!("1")),
        ("/vectorStore/type", json!("redis")),
        ("/vectorStore/connection", json!([])),
        ("/dataSources", json!([])),
        ("/dataSources/0/type", json!("RedditReader")),
        ("/dataSources/0/schedule", json!("hourly")),
        ("/dataSources/0/auth/githubToken", json!("plain")),
        ("/dataSources/2/auth/token", json!("vault://kv/../b#c")),
        ("/dataSources/2/auth/token", json!("profile://-#c")),
        ("/dataSources/3/params/inputDir", json!("../x")),
        ("/dataSources/3/params/recursive", json!("true")),
        ("/llm/temperature", json!(2.5)),
        ("/transforms/enrichMetadata", json!([1])),
        ("/retrievers/0/params/alpha", json!(-0.1)),
        ("/retrievers/0/params/topK", json!(0)),
        ("/run/concurrency", json!(501)),
        ("/run/errorPolicy", json!("ignore")),
        ("/run/maxDocs", json!(0)),
        ("/run/dryRun", json!("false")),
        ("/observability/logs", json!(1)),
        ("/security/piiRedaction", json!(1)),
    ] {
        let mut document = full();
        *document.pointer_mut(pointer).unwrap() = value;
        check(&schema, &document, false);
    }
}
