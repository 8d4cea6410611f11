//! Changing issues and runs: members, states, versions; and what never changes.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::*;
use crate::tests::app::TestApp;

const STATES: [&str; 8] = ["planned", "ready", "running", "blocked", "under_review", "done", "failed", "canceled"];

#[tokio::test(flavor = "multi_thread")]
async fn a_change_replaces_what_it_names_and_raises_the_version() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let path = format!("/cwom/issues/{}", id(&chain.issue));
    let before = app.get(&path).await.json();
    let answer = app.patch(&path, &json!({"title": "Another", "tags": ["a"], "priority": null})).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"4\"")));
    let after = answer.json();
    assert_eq!((&after["title"], &after["tags"], &after["priority"]), (&"Another".into(), &json!(["a"]), &"P2".into()));
    for kept in ["id", "repo", "type", "description", "runs", "context_packets", "trace_id", "created_at"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(app.get(&path).await.text, answer.text);
    let again = app.patch(&path, &json!({"title": "Another"})).await;
    assert_eq!((again.header("etag"), &again.text), (Some("\"4\""), &answer.text), "nothing changed");

    let path = format!("/cwom/runs/{}", id(&chain.run));
    let body = json!({"status": "running", "telemetry": {"started_at": "2026-01-01T00:00:00Z"}, "cost": {"usd": 0.5}});
    let run = app.patch(&path, &body).await.json();
    assert_eq!((&run["status"], &run["cost"]["usd"]), (&"running".into(), &0.5.into()));
    assert_eq!(run["inputs"], chain.run["inputs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_cannot_be_changed_are_refused_by_name() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for (path, body, expect) in [
        (format!("/cwom/issues/{}", id(&chain.issue)), json!({"repo": reference(&chain.repo)}), "/repo"),
        (format!("/cwom/issues/{}", id(&chain.issue)), json!({"runs": []}), "/runs"),
        (format!("/cwom/runs/{}", id(&chain.run)), json!({"inputs": {}}), "/inputs"),
        (format!("/cwom/runs/{}", id(&chain.run)), json!({"mode": "human"}), "/mode"),
    ] {
        let problem = app.patch(&path, &body).await.problem("INVALID_OBJECT");
        assert_eq!(violations(&problem), [(expect.to_owned(), "UNKNOWN_FIELD".to_owned())]);
    }
    let run = format!("/cwom/runs/{}", id(&chain.run));
    let lost = app.patch(&run, &json!({"outputs": {"artifacts": []}})).await.problem("INVALID_OBJECT");
    assert_eq!(violations(&lost), [("/outputs/artifacts".to_owned(), "ENTRY_REMOVED".to_owned())]);
    let nowhere = json!({"relationships": {"parent": {"kind": "Issue", "id": NOBODY}}});
    let problem = app.patch(&format!("/cwom/issues/{}", id(&chain.issue)), &nowhere).await.problem("INVALID_OBJECT");
    assert_eq!(violations(&problem), [("/relationships/parent".to_owned(), "REFERENCE_NOT_FOUND".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_comes_in_the_query_or_in_the_body() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for (collection, object) in [("issues", &chain.issue), ("runs", &chain.run)] {
        let path = format!("/cwom/{collection}/{}/status", id(object));
        let answer = app.call(Method::PATCH, &format!("{path}?status=running"), &[], None).await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"running".into()), "{}", answer.text);
        assert!(answer.header("etag").is_some());
        assert_eq!(app.patch(&path, &json!({"status": "blocked"})).await.json()["status"], "blocked");
        for bad in ["?status=cancelled", "?status=", "?status=done&x=1", ""] {
            let answer = app.call(Method::PATCH, &format!("{path}{bad}"), &[], None).await;
            assert_eq!((answer.status, answer.problem("INVALID_REQUEST")["code"].as_str().is_some()), (422, true));
        }
        let whole = format!("/cwom/{collection}/{}", id(object));
        let problem = app.patch(&whole, &json!({"status": "cancelled"})).await.problem("INVALID_OBJECT");
        assert_eq!(violations(&problem), [("/status".to_owned(), "VALUE_NOT_ALLOWED".to_owned())]);
        app.patch(&path.replace(id(object), NOBODY), &json!({"status": "done"})).await.problem("OBJECT_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn illegal_moves_name_both_ends_and_where_it_can_go() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let issue = format!("/cwom/issues/{}/status", id(&chain.issue));
    app.patch(&issue, &json!({"status": "done"})).await;
    for to in STATES.into_iter().filter(|to| !["planned", "ready"].contains(to)) {
        let answer = app.patch(&issue, &json!({"status": to})).await;
        let problem = answer.problem("ILLEGAL_TRANSITION");
        assert_eq!((answer.status, &problem["from"], &problem["to"]), (409, &"done".into(), &to.into()));
        assert_eq!(problem["allowed"], json!(["planned", "ready"]));
        assert_eq!(problem["message"], format!("the Issue cannot go from `done` to `{to}`"));
    }
    assert_eq!(app.patch(&issue, &json!({"status": "ready"})).await.status, 200);

    let run = format!("/cwom/runs/{}/status", id(&chain.run));
    let problem = app.patch(&run, &json!({"status": "done"})).await.problem("ILLEGAL_TRANSITION");
    assert_eq!(problem["allowed"], json!(["running", "failed", "canceled"]));
    app.patch(&run, &json!({"status": "canceled"})).await;
    for to in STATES {
        let problem = app.patch(&run, &json!({"status": to})).await.problem("ILLEGAL_TRANSITION");
        assert_eq!((&problem["from"], &problem["allowed"]), (&"canceled".into(), &json!([])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_lets_through_only_who_saw_the_last_version() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for (collection, object) in [("issues", &chain.issue), ("runs", &chain.run)] {
        let path = format!("/cwom/{collection}/{}", id(object));
        let seen = app.get(&path).await;
        let tag = seen.header("etag").unwrap();
        for stale in ["\"1\"", "\"99\"", "\"x\"", &format!("W/{tag}"), "\"1\", \"99\""] {
            for (path, body) in
                [(&path, json!({"status": "failed"})), (&format!("{path}/status"), json!({"status": "failed"}))]
            {
                let answer = app.patch_if(path, stale, &body).await;
                let problem = answer.problem("STALE_VERSION");
                assert_eq!((answer.status, problem["current_etag"].as_str()), (412, Some(tag)), "{stale}");
            }
        }
        assert_eq!(app.get(&path).await.text, seen.text, "nothing was changed");
        let header = app.patch_if(&path, "3", &json!({"status": "failed"})).await.problem("INVALID_REQUEST");
        assert_eq!(header["violations"][0]["in"], "header");
        let several = format!("\"1\", {tag}");
        let moved = app.patch_if(&path, &several, &json!({"status": "running"})).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        app.patch_if(&path, tag, &json!({"status": "failed"})).await.problem("STALE_VERSION");
        let next = moved.header("etag").unwrap();
        assert_eq!(app.patch_if(&path, next, &json!({"status": "blocked"})).await.status, 200);
        assert_eq!(app.patch_if(&path, "*", &json!({"status": "running"})).await.status, 200);
        let nobody = path.replace(id(object), NOBODY);
        for tag in ["\"1\"", "*", "\"1\", \"2\""] {
            app.patch_if(&nobody, tag, &json!({"status": "running"})).await.problem("OBJECT_NOT_FOUND");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_saw_the_same_version_one_may_change_it() {
    let app = Arc::new(TestApp::new().await);
    let chain = Chain::new(&app).await;
    let path = Arc::new(format!("/cwom/issues/{}", id(&chain.issue)));
    let tag = app.get(&path).await.header("etag").unwrap().to_owned();
    let answers = (0..12).map(|number| {
        let (app, path, tag) = (Arc::clone(&app), Arc::clone(&path), tag.clone());
        async move { app.patch_if(&path, &tag, &json!({"title": format!("Title {number}")})).await }
    });
    let answers = futures_util::future::join_all(answers).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let [winner] = won.as_slice() else { panic!("{} won", won.len()) };
    assert_eq!(app.get(&path).await.text, winner.text);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(lost.problem("STALE_VERSION")["current_etag"].as_str(), winner.header("etag"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_changes_says_so_whether_or_not_it_is_there() {
    let app = TestApp::keyed().await;
    for (collection, message) in [
        (
            "context-packets",
            "ContextPackets are immutable. Create a new ContextPacket with an incremented version instead.",
        ),
        ("constraint-snapshots", "ConstraintSnapshots are immutable. Create a new ConstraintSnapshot instead."),
    ] {
        for id in [NOBODY, "nope"] {
            let path = format!("/cwom/{collection}/{id}");
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                let answer = app.call(method, &path, &[], Some(b"{}")).await;
                let problem = answer.problem("IMMUTABILITY_VIOLATION");
                assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
                assert_eq!((&problem["message"], &problem["object_id"]), (&message.into(), &Value::from(id)));
            }
            app.call(Method::POST, &path, &[], None).await.problem("METHOD_NOT_ALLOWED");
        }
    }
    for collection in ["repos", "issues", "doctrine-refs", "runs", "artifacts"] {
        let path = format!("/cwom/{collection}/{NOBODY}");
        app.call(Method::DELETE, &path, &[], None).await.problem("METHOD_NOT_ALLOWED");
    }
}
