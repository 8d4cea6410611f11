//! What was done to the registry is in the audit log, with the caller as its author.

use actix_web::http::Method;
use jct_tower::access::Scope;

use super::support::{path, small};
use crate::tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_with_their_author_and_reading_is_not() {
    let app = TestApp::keyed().await;
    let key = app.key("ana", &[Scope::ManifestsRead, Scope::ManifestsWrite]).await;
    let bearer = format!("Bearer {key}");
    let call = async |method: Method, content: Option<&str>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        app.call(method, &path("told"), &headers, content.map(str::as_bytes)).await.status
    };
    assert_eq!(call(Method::PUT, Some(&small("told", "one"))).await, 201);
    assert_eq!(call(Method::PUT, Some(&small("told", "one"))).await, 200);
    assert_eq!(call(Method::GET, None).await, 200);
    assert_eq!(call(Method::PUT, Some(&small("told", "two"))).await, 200);
    assert_eq!(call(Method::PUT, Some("version: v1")).await, 422);
    assert_eq!(call(Method::DELETE, None).await, 204);
    let operator = [("authorization", "Bearer operator-key")];
    let entries = app.call(Method::GET, "/audit?entity_kind=manifest", &operator, None).await;
    assert_eq!(entries.status, 200, "{}", entries.text);
    let entries = entries.json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), 3, "created, changed, deleted: {entries:#?}");
    assert!(entries.iter().all(|entry| entry.to_string().contains("ana")), "{entries:#?}");
    assert!(entries.iter().all(|entry| !entry.to_string().contains("inputDir")), "the log has hashes, not texts");
}
