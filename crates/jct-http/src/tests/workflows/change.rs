//! Changing workflows: switches, versions, expectations.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{NIGHTLY, define, definition, send_yaml, step, text, violation, with_parallel};
use crate::tests::app::{Answer, TestApp};

async fn change(app: &TestApp, if_match: &str, body: &Value) -> Answer {
    let body = body.to_string();
    app.call(Method::PATCH, "/workflows/release", &[("if-match", if_match)], Some(body.as_bytes())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_switch_or_a_new_version_or_nothing() {
    let app = TestApp::new().await;
    let path = "/workflows/release";
    let first = define(&app, &definition("release")).await;
    let off = app.patch(path, &json!({"active": false})).await;
    assert_eq!((off.status, &off.json()["is_active"], &off.json()["version"]), (200, &false.into(), &1.into()));
    assert_ne!(off.json()["revision"], first["revision"]);
    let again = app.patch(path, &json!({"active": false})).await;
    assert_eq!((again.header("etag"), &again.text), (off.header("etag"), &off.text), "nothing changed");
    assert_eq!(app.patch(path, &json!({})).await.text, off.text);

    let second = app.patch(path, &json!({"definition": with_parallel("release", 2)})).await;
    let two = second.json();
    assert_eq!((&two["version"], &two["max_parallel"], &two["is_active"]), (&2.into(), &2.into(), &false.into()));
    let same = app.patch(path, &json!({"definition": with_parallel("release", 2)})).await;
    assert_eq!((same.header("etag"), &same.text), (second.header("etag"), &second.text), "nothing changed");

    // What stands outside counts before what the definition says.
    let mut on = with_parallel("release", 2);
    on["active"] = true.into();
    assert_eq!(app.patch(path, &json!({"active": false, "definition": on})).await.json()["is_active"], false);
    assert_eq!(app.patch(path, &json!({"definition": on})).await.json()["is_active"], true);

    let nightly = send_yaml(&app, Method::POST, "/workflows", NIGHTLY).await.json();
    let path = format!("/workflows/{}", text(&nightly, "id"));
    let switched = NIGHTLY.replace("active: false", "active: true");
    let switched = send_yaml(&app, Method::PATCH, &path, &switched).await.json();
    assert_eq!((&switched["is_active"], &switched["version"]), (&true.into(), &1.into()));
    let silent = NIGHTLY.replace("active: false", "max_parallel: 3");
    let silent = send_yaml(&app, Method::PATCH, &path, &silent).await.json();
    assert_eq!((&silent["is_active"], &silent["version"]), (&true.into(), &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_for_the_revision_that_was_seen() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    let tag = async || app.get("/workflows/release").await.header("etag").unwrap().to_owned();
    let first = tag().await;
    let changed = change(&app, &first, &json!({"active": false})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let current = tag().await;
    for stale in [first.clone(), "\"0\"".to_owned(), "\"x\"".to_owned(), format!("W/{current}")] {
        let answer = change(&app, &stale, &json!({"active": true})).await;
        let told = answer.problem("STALE_VERSION")["current_etag"].clone();
        assert_eq!((answer.status, told), (412, json!(current)), "{stale}");
    }
    change(&app, "7", &json!({"active": true})).await.problem("INVALID_REQUEST");
    assert_eq!(change(&app, &format!("{first}, {current}"), &json!({"active": true})).await.status, 200);
    assert_eq!(change(&app, "*", &json!({"active": false})).await.status, 200);

    let mut ahead = with_parallel("release", 2);
    ahead["version"] = 9.into();
    let conflict = app.patch("/workflows/release", &json!({"definition": ahead})).await;
    assert_eq!(conflict.status, 409);
    assert_eq!(conflict.problem("WORKFLOW_VERSION_CONFLICT")["current_version"], 1);
    ahead["version"] = 2.into();
    assert_eq!(app.patch("/workflows/release", &json!({"definition": ahead})).await.json()["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_wrong_says_where() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    let path = "/workflows/release";
    let unknown = json!({"name": "release", "steps": [step("a", &["b"])]});
    for (body, code, expect) in [
        (json!({"active": 1}), "INVALID_REQUEST", ("/active", "WRONG_TYPE")),
        (json!({"name": "other"}), "INVALID_REQUEST", ("/name", "UNKNOWN_FIELD")),
        (json!([]), "INVALID_REQUEST", ("", "WRONG_TYPE")),
        (json!({"definition": 7}), "INVALID_WORKFLOW", ("/definition", "WRONG_TYPE")),
        (
            json!({"definition": unknown}),
            "INVALID_WORKFLOW",
            ("/definition/steps/0/dependencies/0", "DEPENDENCY_UNKNOWN"),
        ),
        (json!({"definition": definition("other")}), "INVALID_WORKFLOW", ("/definition/name", "VALUE_NOT_ALLOWED")),
    ] {
        let answer = app.patch(path, &body).await;
        assert_eq!((answer.status, violation(&answer.problem(code))), (422, expect), "{body}");
    }
    let both = app.patch(path, &json!({"x": 1, "definition": unknown})).await.problem("INVALID_WORKFLOW");
    assert_eq!(both["violations"].as_array().map(Vec::len), Some(2), "{both:#}");
    let other = send_yaml(&app, Method::PATCH, path, NIGHTLY).await.problem("INVALID_WORKFLOW");
    assert_eq!(violation(&other), ("/name", "VALUE_NOT_ALLOWED"));
    app.call(Method::PATCH, path, &[], Some(b"{")).await.problem("MALFORMED_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_kept_for_good() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    app.patch("/workflows/release", &json!({"definition": with_parallel("release", 2)})).await;
    let list = app.get("/workflows/release/versions?limit=1").await;
    assert_eq!((&list.json()[0]["version"], list.json().as_array().map(Vec::len)), (&2.into(), Some(1)));
    let next = list.header("x-next-cursor").unwrap().to_owned();
    let rest = app.get(&format!("/workflows/release/versions?cursor={next}")).await;
    assert_eq!((&rest.json()[0]["version"], rest.header("x-next-cursor")), (&1.into(), None));
    assert_eq!(rest.json()[0].get("definition"), None);
    for (version, most) in [(1, Value::Null), (2, 2.into())] {
        let one = app.get(&format!("/workflows/release/versions/{version}")).await.json();
        assert_eq!((&one["version"], &one["created_by"]), (&version.into(), &"operator".into()));
        assert_eq!(one["definition"]["steps"], definition("release")["steps"]);
        assert_eq!(one["definition"]["max_parallel"], most);
    }
    for none in ["0", "3", "01", "x", "4294967295", "99999999999"] {
        app.get(&format!("/workflows/release/versions/{none}")).await.problem("WORKFLOW_VERSION_NOT_FOUND");
    }
}
