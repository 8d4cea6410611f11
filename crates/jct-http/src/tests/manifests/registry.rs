//! Reading the registry, and taking entries out of it.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{HASH, SAMPLE, Worker, delete, path, put, run, small};
use crate::tests::app::TestApp;

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_listed_in_order_and_searched_by_their_beginning() {
    let app = TestApp::new().await;
    for name in ["demo", "Demo", "demo_a", "demoXa", "demo-b", "other", "1st"] {
        assert_eq!(put(&app, name, &small(name, "x")).await.status, 201);
    }
    let all = app.get("/api/manifests").await.json();
    assert_eq!(names(&all), ["1st", "Demo", "demo", "demo-b", "demoXa", "demo_a", "other"], "by bytes");
    assert_eq!(all["nextCursor"], json!(null));
    assert!(all["items"][0].get("content").is_none());
    for (search, expect) in [
        ("demo", vec!["demo", "demo-b", "demoXa", "demo_a"]),
        ("Demo", vec!["Demo"]),
        // Wildcards of the database are letters like any other.
        ("demo_", vec!["demo_a"]),
        ("_emo", vec![]),
        ("", vec!["1st", "Demo", "demo", "demo-b", "demoXa", "demo_a", "other"]),
    ] {
        let page = app.get(&format!("/api/manifests?search={search}")).await.json();
        assert_eq!(names(&page), expect, "{search}");
    }
    for bad in
        ["search=%25", "search=a%2Fb", "search=%00", "limit=0", "limit=201", "cursor=demo", "cursor=n1", "sort=x"]
    {
        app.get(&format!("/api/manifests?{bad}")).await.problem("INVALID_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = TestApp::new().await;
    for number in 0..7 {
        let name = format!("m{number}");
        put(&app, &name, &small(&name, "x")).await;
    }
    let (mut found, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = app.get(&format!("/api/manifests?{query}")).await.json();
        found.extend(names(&page).into_iter().map(ToOwned::to_owned));
        // What comes and goes behind the reader does not shift the pages.
        delete(&app, "m0").await;
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("limit=3&cursor={cursor}");
    }
    assert_eq!(found, ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_manifest_is_read_whole_and_not_sent_twice() {
    let app = TestApp::new().await;
    put(&app, "harbor-notes", SAMPLE).await;
    let answer = app.get(&path("harbor-notes")).await;
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!((answer.status, &answer.json()["content"]), (200, &SAMPLE.into()));
    let again = app.call(Method::GET, &path("harbor-notes"), &[("if-none-match", &tag)], None).await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some(tag.as_str())));
    for name in ["nobody", "Harbor-Notes", "a%2Fb", "..%2fx", "%00", "a%20b", &"x".repeat(129)] {
        app.get(&path(name)).await.problem("MANIFEST_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_stays_readable_by_its_hash() {
    let app = TestApp::new().await;
    let name = "kept";
    let mut hashes = Vec::new();
    for note in ["one", "two", "three"] {
        let put = put(&app, name, &small(name, note)).await;
        hashes.push(put.json()["contentHash"].as_str().unwrap().to_owned());
    }
    let page = app.get(&format!("{}/versions", path(name))).await.json();
    let found: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["version"].as_u64().unwrap(), item["contentHash"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [(3, hashes[2].as_str()), (2, &hashes[1]), (1, &hashes[0])]);
    assert_eq!(page["items"][2]["sizeBytes"], small(name, "one").len());
    assert!(page["items"][0].get("content").is_none());
    let first = app.get(&format!("{}/versions?limit=2", path(name))).await.json();
    let rest =
        app.get(&format!("{}/versions?limit=2&cursor={}", path(name), first["nextCursor"].as_str().unwrap())).await;
    assert_eq!((&rest.json()["items"][0]["version"], &rest.json()["nextCursor"]), (&1.into(), &json!(null)));

    let version = app.get(&format!("{}/versions/{}", path(name), hashes[0])).await;
    assert_eq!((version.status, &version.json()["content"]), (200, &small(name, "one").into()));
    assert_eq!(version.header("etag"), Some(format!("\"{}\"", hashes[0]).as_str()));
    for hash in [HASH, "sha256:00", "latest"] {
        app.get(&format!("{}/versions/{hash}", path(name))).await.problem("MANIFEST_NOT_FOUND");
    }
    app.get("/api/manifests/nobody/versions").await.problem("MANIFEST_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_goes_when_its_runs_are_over_and_can_come_back() {
    let app = TestApp::new().await;
    let name = "going";
    let first = put(&app, name, &small(name, "one")).await;
    let tag = first.header("etag").unwrap().to_owned();
    let job = run(&app, name, &json!({})).await.json()["jobId"].as_str().unwrap().to_owned();
    let busy = delete(&app, name).await;
    assert_eq!((busy.status, &busy.problem("MANIFEST_BUSY")["jobs"]), (409, &json!([job])));
    let worker = Worker::new(&app).await;
    let capabilities = ["manifest", "embeddings", "openai", "qdrant", "local_fs"];
    let claimed = worker.claim(&capabilities).await;
    delete(&app, name).await.problem("MANIFEST_BUSY");
    assert_eq!(worker.report(&claimed, "complete", json!({})).await.status, 200);

    let stale = app.call(Method::DELETE, &path(name), &[("if-match", "\"sha256:00\"")], None).await;
    assert_eq!((stale.status, &stale.problem("STALE_VERSION")["current_etag"]), (412, &tag.clone().into()));
    let gone = app.call(Method::DELETE, &path(name), &[("if-match", &tag)], None).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    for path in [path(name), format!("{}/versions", path(name)), format!("{}/runs", path(name))] {
        app.get(&path).await.problem("MANIFEST_NOT_FOUND");
    }
    delete(&app, name).await.problem("MANIFEST_NOT_FOUND");
    run(&app, name, &json!({})).await.problem("MANIFEST_NOT_FOUND");
    assert_eq!(names(&app.get("/api/manifests").await.json()), Vec::<&str>::new());
    let kept = app.get(&format!("/api/queue/jobs/{job}")).await.json();
    assert_eq!(kept["status"], "succeeded", "what ran, ran");

    let back = put(&app, name, &small(name, "two")).await;
    assert_eq!(back.status, 201);
    let back = back.json();
    assert_eq!((&back["version"], &back["lastRun"]), (&2.into(), &json!(null)));
}
