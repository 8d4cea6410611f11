//! What is left for the store.

use jct_contract::Sha256Digest;
use jct_evidence::scan::{Scanner, SecretPlace};
use serde_json::json;

use crate::stub::Stub;
use crate::support::{Bench, over_notes};

#[tokio::test]
async fn a_point_is_named_by_what_it_is_of() {
    let stub = Stub::good();
    let bench = Bench::with_endpoint(&stub.url);
    bench.note("a.md", "text");
    let left = bench.run(&over_notes(""), json!({}), None).await;
    let digest = Sha256Digest::of(b"harbor-notes|disk|a.md|0|ollama|tiny-embed").to_string();
    let point = &left.lines("points.jsonl")[0];
    assert_eq!(point["payload"]["digest"], json!(digest));
    let id = point["id"].as_str().unwrap().replace('-', "");
    assert_eq!(id[..12], digest["sha256:".len()..][..12]);
    assert_eq!(point["payload"]["document_hash"], json!(Sha256Digest::of(b"text").to_string()));
}

#[tokio::test]
async fn postgresql_gets_rows_and_a_script() {
    let stub = Stub::good();
    let bench = Bench::with_endpoint(&stub.url);
    bench.note("it's.md", "a\tb\\c\nd");
    let store = "vectorStore:\n  type: pgvector\n  indexName: my \"notes\"\n  allowCreateCollection: true\n";
    let first = bench.run(&over_notes(store), json!({}), None).await;
    let rows = first.text("pgvector.copy");
    let fields: Vec<_> = rows.trim_end_matches('\n').split('\t').collect();
    assert_eq!(fields.len(), 10, "{rows}");
    assert_eq!((fields[4], fields[6], fields[7], fields[8]), ("it's.md", "0", "a\\tb\\\\c\\nd", "{}"));
    assert!(fields[9].starts_with('[') && fields[9].ends_with(",0.5]"), "{}", fields[9]);
    let script = first.text("pgvector.sql");
    assert!(
        script.contains("CREATE TABLE IF NOT EXISTS \"my \"\"notes\"\"\"") && script.contains("vector(3)"),
        "{script}"
    );
    assert!(script.contains("\\copy \"my \"\"notes\"\"\" (") && !script.contains("DELETE"), "{script}");

    bench.note("it's.md", "other");
    let second = bench.run(&over_notes(store), json!({}), first.state.as_deref()).await;
    let script = second.text("pgvector.sql");
    assert!(script.contains("AND document = 'it''s.md';"), "{script}");
    assert!(!second.has("points.jsonl"));
}

#[tokio::test]
async fn a_table_that_may_not_be_made_is_not_made() {
    let stub = Stub::good();
    let bench = Bench::with_endpoint(&stub.url);
    bench.note("a.md", "a");
    let left = bench.run(&over_notes("vectorStore:\n  type: pgvector\n"), json!({}), None).await;
    let script = left.text("pgvector.sql");
    assert!(!script.contains("CREATE") && script.contains("\\copy \"harbor-notes\""), "{script}");
}

#[tokio::test]
async fn nothing_that_a_run_adds_looks_like_a_secret() {
    let stub = Stub::good();
    let bench = Bench::with_endpoint(&stub.url);
    bench.note("a.md", "plain words");
    for store in ["", "vectorStore:\n  type: pgvector\n"] {
        let left = bench.run(&over_notes(store), json!({}), None).await;
        let names = left.output()["artifacts"].as_array().unwrap().clone();
        assert!(names.len() >= 5, "{names:?}");
        for name in names {
            let name = name.as_str().unwrap();
            let found = Scanner::new().findings(SecretPlace::Artifact, name, left.text(name).as_bytes());
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }
}
