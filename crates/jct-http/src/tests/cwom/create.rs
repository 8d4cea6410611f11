//! Creating objects: what is answered, what must exist, what must be unique.

use std::sync::Arc;

use actix_web::http::Method;
use jct_tower::access::Scope;
use serde_json::{Value, json};

use super::support::*;
use crate::tests::app::{TRACE, TestApp};

fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
    found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_created_and_reads_back_as_it_was_answered() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for collection in COLLECTIONS {
        let path = format!("/cwom/{collection}");
        let answer = app.post(&path, &body(collection, &chain)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let object = answer.json();
        let location = answer.header("location").unwrap();
        assert_eq!(location, format!("{path}/{}", id(&object)));
        assert_eq!((answer.header("etag"), &object["trace_id"]), (Some("\"1\""), &TRACE.into()));
        let read = app.get(location).await;
        assert_eq!((read.status, &read.text, read.header("etag")), (200, &answer.text, Some("\"1\"")));
        let head = app.call(Method::HEAD, location, &[], None).await;
        assert_eq!((head.status, head.header("etag")), (200, Some("\"1\"")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_principal_is_the_author_and_the_call_gives_the_trace() {
    let app = TestApp::keyed().await;
    let key = format!("Bearer {}", app.key("ana", &[Scope::CwomWrite]).await);
    let headers = [("authorization", key.as_str()), ("x-trace-id", "trace-7")];
    let body = repo("myorg/app").to_string();
    let made = app.call(Method::POST, "/cwom/repos", &headers, Some(body.as_bytes())).await.json();
    assert_eq!(made["trace_id"], "trace-7");
    let query =
        jct_store::model::AuditQuery { entity_kind: "Repo".to_owned(), entity_id: id(&made).to_owned(), limit: 10 };
    let entries = app.store.audit_entries(query).await.unwrap();
    let [created] = entries.as_slice() else { panic!("{entries:?}") };
    let entry = serde_json::to_value(created).unwrap();
    assert_eq!((&entry["actor_id"], &entry["action"]), (&"ana".into(), &"created".into()));
    assert_eq!(entry["trace_id"], "trace-7");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_tower_sets_cannot_be_sent() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for collection in COLLECTIONS {
        for name in ["id", "kind", "trace_id", "created_at", "updated_at", "captured_at", "runs", "extra"] {
            let mut body = body(collection, &chain);
            body[name] = "x".into();
            let problem = app.post(&format!("/cwom/{collection}"), &body).await.problem("INVALID_OBJECT");
            assert_eq!(pairs(&violations(&problem)), [(format!("/{name}").as_str(), "UNKNOWN_FIELD")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_that_leads_nowhere_is_named() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let missing = |kind: &str| json!({"kind": kind, "id": NOBODY});
    let mut body = run(&json!({"kind": "Issue", "id": NOBODY}), &chain.repo);
    body["inputs"] = json!({
        "context_packets": [reference(&chain.packet), missing("ContextPacket")],
        "constraint_snapshot": missing("ConstraintSnapshot"),
    });
    let answer = app.post("/cwom/runs", &body).await;
    assert_eq!(answer.status, 422);
    let problem = answer.problem("INVALID_OBJECT");
    let expect = ["/for_issue", "/inputs/context_packets/1", "/inputs/constraint_snapshot"];
    assert_eq!(pairs(&violations(&problem)), expect.map(|pointer| (pointer, "REFERENCE_NOT_FOUND")));
    let message = problem["violations"][0]["message"].as_str().unwrap();
    assert_eq!(message, format!("there is no Issue with the id `{NOBODY}`"));

    let mut body = issue(&chain.repo);
    body["relationships"] = json!({"blocks": [missing("Issue")]});
    body["doctrine_refs"] = json!([missing("DoctrineRef")]);
    let problem = app.post("/cwom/issues", &body).await.problem("INVALID_OBJECT");
    assert_eq!(violations(&problem).len(), 2);
    assert_eq!(app.get("/cwom/runs").await.json().as_array().unwrap().len(), 1, "nothing was created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_of_another_kind_or_to_another_chain_is_refused() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let other_repo = app.create("repos", &repo("myorg/other")).await;
    let other_issue = app.create("issues", &issue(&other_repo)).await;
    let mut wrong_kind = issue(&chain.repo);
    wrong_kind["repo"]["kind"] = "Issue".into();
    let mut foreign_packet = issue(&chain.repo);
    foreign_packet["context_packets"] = json!([reference(&chain.packet)]);
    for (collection, body, expect) in [
        ("issues", wrong_kind, ("/repo/kind", "REFERENCE_KIND")),
        ("issues", foreign_packet, ("/context_packets/0", "REFERENCE_MISMATCH")),
        ("runs", run(&chain.issue, &other_repo), ("/repo", "REFERENCE_MISMATCH")),
        ("artifacts", artifact(&chain.run, &other_issue), ("/for_issue", "REFERENCE_MISMATCH")),
    ] {
        let problem = app.post(&format!("/cwom/{collection}"), &body).await.problem("INVALID_OBJECT");
        assert_eq!(pairs(&violations(&problem)), [expect]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_unique_is_and_the_answer_names_who_has_it() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for (collection, body, existing, pointer, message) in [
        ("repos", repo("myorg/app"), &chain.repo, "/slug", "Repo with slug 'myorg/app' already exists"),
        ("doctrine-refs", doctrine("tests"), &chain.doctrine, "/version", "DoctrineRef 'team/tests@1' already exists"),
        (
            "context-packets",
            packet(&chain.issue, "1"),
            &chain.packet,
            "/version",
            &format!("ContextPacket with version '1' of Issue '{}' already exists", id(&chain.issue)),
        ),
    ] {
        let answer = app.post(&format!("/cwom/{collection}"), &body).await;
        let problem = answer.problem("DUPLICATE_OBJECT");
        assert_eq!((answer.status, &problem["existing_id"]), (409, &existing["id"]));
        assert_eq!((&problem["message"], &problem["kind"]), (&message.into(), &existing["kind"]));
        assert_eq!(pairs(&violations(&problem)), [(pointer, "NOT_UNIQUE")]);
    }
    let another = app.create("issues", &issue(&chain.repo)).await;
    app.create("context-packets", &packet(&another, "1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_one_slug_at_once_one_wins_and_the_others_learn_who() {
    let app = Arc::new(TestApp::new().await);
    let body = Arc::new(repo("myorg/contended"));
    let answers = (0..16).map(|_| {
        let (app, body) = (Arc::clone(&app), Arc::clone(&body));
        async move { app.post("/cwom/repos", &body).await }
    });
    let answers = futures_util::future::join_all(answers).await;
    let won: Vec<Value> = answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.json()).collect();
    let [winner] = won.as_slice() else { panic!("{} won", won.len()) };
    for lost in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(lost.problem("DUPLICATE_OBJECT")["existing_id"], winner["id"]);
    }
}
