//! The shape on the wire, and the way into storage and back.

use jct_contract::{IssueId, RepoId, RunId, Timestamp};
use serde_json::{Map, json};

use super::*;
use crate::primitives::{Acceptance, Actor, Executor, IssueRelationships, RunInputs, RunPlan};
use crate::words::{IssueType, Priority, RunMode, Status};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn actor() -> Actor {
    Actor { actor_kind: jct_contract::RequesterKind::Agent, actor_id: "jules".to_owned(), display: None }
}

fn issue() -> NewIssue {
    NewIssue {
        repo: RepoId::at(at(1)).into(),
        status: Status::Ready,
        doctrine_refs: Vec::new(),
        constraints: Vec::new(),
        context_packets: Vec::new(),
        title: "Describe".to_owned(),
        description: String::new(),
        type_: IssueType::Doc,
        priority: Priority::P1,
        assignees: vec![actor()],
        watchers: Vec::new(),
        acceptance: Acceptance::default(),
        relationships: IssueRelationships::default(),
        tags: vec!["a".to_owned()],
        meta: Map::from_iter([("b".to_owned(), json!(2)), ("a".to_owned(), json!({"z": 0.5}))]),
    }
}

#[test]
fn an_issue_on_the_wire_is_one_flat_object_that_begins_with_its_kind() {
    let content = issue();
    let run = RunId::at(at(3));
    let (created_at, updated_at) = (at(1_000_000), at(2_000_000));
    let id = IssueId::at(at(2));
    let issue = Issue { id, content, runs: vec![run.into()], trace_id: None, created_at, updated_at };
    let wire = serde_json::to_value(&issue).unwrap();
    let object = wire.as_object().unwrap();
    assert_eq!(object.keys().take(3).collect::<Vec<_>>(), ["kind", "id", "repo"]);
    assert_eq!(wire["kind"], "Issue");
    assert_eq!(wire["type"], "doc");
    assert_eq!(wire["runs"], json!([{"kind": "Run", "id": run.to_string(), "role": null}]));
    assert_eq!(wire["created_at"], "1970-01-01T00:00:01.000000Z");
}

#[test]
fn the_document_of_an_issue_holds_what_has_no_column_and_reads_back() {
    let issue = issue();
    let document = issue.document();
    assert_eq!(
        document,
        concat!(
            r#"{"acceptance":{"criteria":[],"tests_expected":null},"#,
            r#""assignees":[{"actor_id":"jules","actor_kind":"agent","display":null}],"description":"","#,
            r#""meta":{"a":{"z":0.5},"b":2},"priority":"P1","#,
            r#""relationships":{"blocked_by":[],"blocks":[],"duplicates":[],"parent":null},"#,
            r#""tags":["a"],"title":"Describe","type":"doc","watchers":[]}"#
        )
    );
    let NewIssue { repo, status, doctrine_refs, constraints, context_packets, .. } = issue.clone();
    let columns = IssueColumns { repo, status, doctrine_refs, constraints, context_packets };
    assert_eq!(NewIssue::from_document(&document, columns.clone()).unwrap(), issue);
    assert!(NewIssue::from_document("{}", columns).is_err());
}

#[test]
fn a_run_on_the_wire_shows_what_it_was_given_and_how_it_stands() {
    let content = NewRun {
        for_issue: IssueId::at(at(1)).into(),
        repo: RepoId::at(at(2)).into(),
        inputs: RunInputs::default(),
        mode: RunMode::Agent,
        executor: Executor { actor: actor(), runtime: "local".to_owned(), toolchain: Vec::new() },
        plan: RunPlan::default(),
        tags: Vec::new(),
        meta: Map::new(),
    };
    let state = RunState::default();
    let run = Run { id: RunId::at(at(3)), content, state, trace_id: None, created_at: at(4), updated_at: at(5) };
    let wire = serde_json::to_value(&run).unwrap();
    assert_eq!((&wire["kind"], &wire["status"]), (&json!("Run"), &json!("planned")));
    assert_eq!((&wire["failure"], &wire["artifact_root_uri"]), (&json!(null), &json!(null)));
    assert_eq!(
        wire["telemetry"],
        json!({
            "started_at": null, "ended_at": null, "duration_s": null, "turns": null, "tokens_in": null, "tokens_out": null,
            "model": null, "isolation": null,
        })
    );
}
