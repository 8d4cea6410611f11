//! Putting manifests: new, changed, the same again, expected, refused.

use actix_web::http::Method;
use serde_json::json;

use super::support::{HASH, SAMPLE, path, put, put_with, small, violations};
use crate::tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_created_changed_and_left_alone() {
    let app = TestApp::new().await;
    let created = put(&app, "harbor-notes", SAMPLE).await;
    assert_eq!((created.status, created.header("location")), (201, Some("/api/manifests/harbor-notes")));
    assert_eq!(created.header("etag"), Some(format!("\"{HASH}\"").as_str()));
    let first = created.json();
    assert_eq!(first["contentHash"], HASH, "the golden vector");
    assert_eq!(first["content"], SAMPLE);
    assert_eq!((&first["version"], &first["manifestVersion"]), (&1.into(), &"v0".into()));
    assert_eq!((&first["createdBy"], &first["updatedBy"]), (&"operator".into(), &"operator".into()));
    assert_eq!((&first["lastRun"], &first["state"]["stateJson"]), (&json!(null), &json!(null)));

    let same = put(&app, "harbor-notes", SAMPLE).await;
    assert_eq!((same.status, same.json()), (200, first.clone()), "the same bytes change nothing");

    // CRLF is another text with another hash, which the golden vectors know as well.
    let crlf = put(&app, "harbor-notes", &SAMPLE.replace('\n', "\r\n")).await;
    assert_eq!(crlf.status, 200);
    let crlf = crlf.json();
    assert_eq!(crlf["contentHash"], "sha256:a2a68f2c6115e84a82da81e639b6dd9e880cd611e16c2a5789301033341a2466");
    assert_eq!((&crlf["version"], &crlf["createdAt"]), (&2.into(), &first["createdAt"]));
    let bare = put(&app, "harbor-notes", SAMPLE.trim_end()).await.json();
    assert_eq!(bare["contentHash"], "sha256:b63f1b57c24dd78a979bea59c1c786fa61f40dc28ab375cee57a9ca814138931");
    assert_eq!(bare["version"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_carries_the_same_bytes() {
    let app = TestApp::new().await;
    let body = json!({"content": SAMPLE}).to_string();
    let answer = app.call(Method::PUT, &path("harbor-notes"), &[], Some(body.as_bytes())).await;
    assert_eq!((answer.status, &answer.json()["contentHash"]), (201, &HASH.into()));
    for (body, pointer, code) in [
        (json!({"content": SAMPLE, "version": "v1"}), "/version", "UNKNOWN_FIELD"),
        (json!({}), "/content", "REQUIRED"),
        (json!({"content": 7}), "/content", "WRONG_TYPE"),
        (json!([]), "", "WRONG_TYPE"),
    ] {
        let body = body.to_string();
        let answer = app.call(Method::PUT, &path("harbor-notes"), &[], Some(body.as_bytes())).await;
        let problem = answer.problem("INVALID_REQUEST");
        let found = (problem["violations"][0]["pointer"].as_str(), problem["violations"][0]["code"].as_str());
        assert_eq!(found, (Some(pointer), Some(code)), "{body}");
    }
    let answer = app.call(Method::PUT, &path("harbor-notes"), &[], Some(b"{")).await;
    assert_eq!(answer.status, 400);
    answer.problem("MALFORMED_JSON");
    let plain = app.call(Method::PUT, &path("x"), &[("content-type", "text/plain")], Some(b"x")).await;
    assert_eq!(plain.status, 415);
    plain.problem("UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_keeps_the_slower_one_from_overwriting() {
    let app = TestApp::new().await;
    let name = "guarded";
    let tag = |answer: &crate::tests::app::Answer| answer.header("etag").unwrap().to_owned();
    let stale = put_with(&app, name, &small(name, "one"), &[("if-match", "*")]).await;
    assert_eq!((stale.status, &stale.problem("STALE_VERSION")["current_etag"]), (412, &json!(null)));
    let one = put(&app, name, &small(name, "one")).await;
    let two = put_with(&app, name, &small(name, "two"), &[("if-match", &tag(&one))]).await;
    assert_eq!(two.status, 200);
    let stale = put_with(&app, name, &small(name, "three"), &[("if-match", &tag(&one))]).await;
    assert_eq!(stale.status, 412);
    assert_eq!(stale.problem("STALE_VERSION")["current_etag"], tag(&two));
    for foreign in ["\"7\"", "W/\"sha256:00\""] {
        put_with(&app, name, &small(name, "three"), &[("if-match", foreign)]).await.problem("STALE_VERSION");
    }
    put_with(&app, name, &small(name, "three"), &[("if-match", "7")]).await.problem("INVALID_REQUEST");
    let either = format!("{}, {}", tag(&one), tag(&two));
    assert_eq!(put_with(&app, name, &small(name, "three"), &[("if-match", &either)]).await.status, 200);
    assert_eq!(put_with(&app, name, &small(name, "four"), &[("if-match", "*")]).await.status, 200);
    assert_eq!(app.get(&path(name)).await.json()["version"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_none_match_keeps_what_is_there() {
    let app = TestApp::new().await;
    let name = "fresh";
    let only_new = [("if-none-match", "*")];
    assert_eq!(put_with(&app, name, &small(name, "one"), &only_new).await.status, 201);
    let tag = app.get(&path(name)).await.header("etag").unwrap().to_owned();
    for content in [small(name, "two"), small(name, "one")] {
        let there = put_with(&app, name, &content, &only_new).await;
        assert_eq!((there.status, &there.problem("STALE_VERSION")["current_etag"]), (412, &json!(tag)));
    }
    assert_eq!(app.get(&path(name)).await.json()["version"], 1);
    for headers in [[("if-none-match", tag.as_str()), ("x-none", "")], [("if-none-match", "*"), ("if-match", "*")]] {
        let problem = put_with(&app, name, &small(name, "two"), &headers).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], "/If-None-Match");
    }
    assert_eq!(super::support::delete(&app, name).await.status, 204);
    assert_eq!(put_with(&app, name, &small(name, "two"), &only_new).await.status, 201, "a deleted name is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_wins_and_nobody_sees_a_failure() {
    let app = TestApp::new().await;
    let name = "contended";
    let notes: Vec<String> = (0..8).map(|number| format!("note {number}")).collect();
    // The same name for the first time, eight times: one creates it.
    let answers =
        futures_util::future::join_all(notes.iter().map(|note| async { put(&app, name, &small(name, note)).await }));
    let statuses: Vec<_> = answers.await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 7, "{statuses:?}");
    // The same expectation, eight times: one holds.
    let tag = app.get(&path(name)).await.header("etag").unwrap().to_owned();
    let answers = futures_util::future::join_all(notes.iter().map(|note| {
        let (content, tag) = (small(name, &format!("next {note}")), tag.clone());
        let app = &app;
        async move { put_with(app, name, &content, &[("if-match", &tag)]).await }
    }));
    let mut statuses: Vec<_> = answers.await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(app.get(&path(name)).await.json()["version"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_another_name_is_a_mismatch() {
    let app = TestApp::new().await;
    for name in ["harbor", "Harbor-Notes"] {
        let answer = put(&app, name, SAMPLE).await;
        assert_eq!(answer.status, 400);
        let problem = answer.problem("NAME_MISMATCH");
        assert_eq!((&problem["name"], &problem["document_name"]), (&name.into(), &"harbor-notes".into()));
        assert_eq!(violations(&problem), [("NAME_MISMATCH".to_owned(), "/metadata/name".to_owned())]);
        app.get(&path(name)).await.problem("MANIFEST_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_is_told_with_its_line_and_no_value() {
    let app = TestApp::new().await;
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let content = SAMPLE.replace("profile://Confluence#API-Token", secret).replace("type: qdrant", "type: pinecone");
    let answer = put(&app, "harbor-notes", &content).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text.contains("0123456789"), "{}", answer.text);
    let problem = answer.problem("INVALID_MANIFEST");
    let found = violations(&problem);
    for expect in [("RAW_SECRET", "/dataSources/0/auth/token"), ("VECTOR_STORE_UNSUPPORTED", "/vectorStore/type")] {
        assert!(found.contains(&(expect.0.to_owned(), expect.1.to_owned())), "{found:?}");
    }
    let secret = problem["violations"].as_array().unwrap().iter().find(|one| one["code"] == "RAW_SECRET").unwrap();
    assert_eq!((&secret["line"], &secret["in"], &secret["pointer"]), (&16.into(), &"body".into(), &"".into()));
    assert!(secret["rule"].is_string());
    app.get(&path("harbor-notes")).await.problem("MANIFEST_NOT_FOUND");

    let broken = put(&app, "harbor-notes", "version: \"v0\nmetadata: [\n").await;
    assert_eq!(broken.status, 400);
    assert_eq!(violations(&broken.problem("MALFORMED_MANIFEST"))[0].0, "YAML_INVALID");
}
