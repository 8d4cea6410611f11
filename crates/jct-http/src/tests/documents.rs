//! The OpenAPI document, its shell, and the pages of the codes.

use actix_web::http::Method;

use super::app::TestApp;
use crate::problem::ErrorCode;
use crate::{HttpOptions, openapi_json};

#[test]
fn the_openapi_document() {
    insta::assert_snapshot!(format!("{:#}", openapi_json(&HttpOptions::default(), "0.0.0-test")));
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk<'v>(value: &'v serde_json::Value, found: &mut Vec<&'v str>) {
        match value {
            serde_json::Value::Object(members) => {
                found.extend(members.get("$ref").and_then(serde_json::Value::as_str));
                members.values().for_each(|member| walk(member, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = openapi_json(&HttpOptions::default(), "0");
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn configured_limits_are_in_the_document() {
    let options =
        HttpOptions { body_limit: 4711, batch_body_limit: 4712, job_body_limit: 4713, ..HttpOptions::default() };
    let document = openapi_json(&options, "0");
    assert_eq!(document["paths"]["/tasks/enqueue"]["post"]["requestBody"]["x-limit-bytes"], 4711);
    assert_eq!(document["paths"]["/tasks/enqueue/batch"]["post"]["requestBody"]["x-limit-bytes"], 4712);
    assert_eq!(document["paths"]["/workflows"]["post"]["requestBody"]["x-limit-bytes"], 4713);
    assert_eq!(document["paths"]["/workflows/{id}"]["patch"]["requestBody"]["x-limit-bytes"], 4713);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_is_open_and_the_document_behind_the_key() {
    let app = TestApp::keyed().await;
    let shell = app.get("/docs/").await;
    assert!(shell.text.contains("swagger"), "{}", shell.text);
    assert!(shell.text.contains("swagger-initializer.js"));
    let starter = app.get("/docs/swagger-initializer.js").await;
    assert!(
        starter.text.contains("requestInterceptor") && starter.headers["content-type"].starts_with("text/javascript")
    );
    assert_eq!(app.get("/docs").await.header("location"), Some("/docs/"));
    app.get("/docs/nothing.js").await.problem("NOT_FOUND");
    app.get("/openapi.json").await.problem("UNAUTHORIZED");
    let headers = [("authorization", "Bearer operator-key")];
    let document = app.call(Method::GET, "/openapi.json", &headers, None).await.json();
    assert_eq!(document["info"]["version"], "0.0.0-test");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_every_problem_is_a_page_that_is_served() {
    let app = TestApp::keyed().await;
    for code in ErrorCode::ALL {
        let page = app.get(code.page_path()).await;
        assert_eq!((page.status, page.text.as_str()), (200, code.page()));
    }
    app.get("/docs/errors/NO_SUCH_CODE").await.problem("NOT_FOUND");
}

/// The walk-through names every route, so that a new one cannot be forgotten there.
#[test]
fn the_walk_through_shows_every_operation() {
    let text = include_str!("../../../../docs/api.md");
    let document = openapi_json(&HttpOptions::default(), "0");
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let line = format!("`{} {path}`", method.to_uppercase());
            assert!(text.contains(&line), "docs/api.md does not mention {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_part_for_a_gpt_names_the_server_that_was_asked_for() {
    let app = TestApp::keyed().await;
    let headers = [("authorization", "Bearer operator-key")];
    let get = async |query: &str| app.call(Method::GET, &format!("/openapi-gpt.json{query}"), &headers, None).await;
    app.get("/openapi-gpt.json?server=https://a.example").await.problem("UNAUTHORIZED");
    get("").await.problem("INVALID_REQUEST");
    let document = get("?server=https://tower.example/").await.json();
    assert_eq!(document["servers"][0]["url"], "https://tower.example");
    assert_eq!(document["info"]["title"], "DevOps Control Tower - Task API");
    for bad in [
        "ftp://x",
        "javascript:alert(1)",
        "tower.example",
        "http://",
        "https://a:b@x",
        "https://x?y=1",
        "https://x%23f",
        "",
    ] {
        get(&format!("?server={bad}")).await.problem("INVALID_REQUEST");
    }
    let options = HttpOptions { base_url: Some("https://known.example".to_owned()), ..HttpOptions::default() };
    let app = TestApp::with(options, jct_tower::TowerOptions::default()).await;
    let document = app.get("/openapi-gpt.json").await.json();
    assert_eq!(document["servers"][0]["url"], "https://known.example");
}
