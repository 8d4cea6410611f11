//! Reading objects: conditional requests, lists, filters, pages, the graph.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::*;
use crate::tests::app::TestApp;

async fn ids(app: &TestApp, path: &str) -> (Vec<String>, Option<String>) {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let ids = answer.json().as_array().unwrap().iter().map(|object| id(object).to_owned()).collect();
    let next = answer.header("x-next-cursor").map(ToOwned::to_owned);
    let link = answer.header("link").map(|link| link.starts_with(&format!("<{}?", path.split('?').next().unwrap())));
    assert_eq!(link, next.as_ref().map(|_| true));
    (ids, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_version_gets_no_body() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let path = format!("/cwom/issues/{}", id(&chain.issue));
    let tag = app.get(&path).await.header("etag").unwrap().to_owned();
    assert_eq!(tag, "\"3\"", "a packet and a run were linked to it");
    for known in [tag.as_str(), "*", &format!("W/{tag}"), &format!("\"9\", {tag}")] {
        let answer = app.call(Method::GET, &path, &[("if-none-match", known)], None).await;
        assert_eq!((answer.status, answer.text.as_str(), answer.header("etag")), (304, "", Some(tag.as_str())));
    }
    for unknown in ["\"2\"", "3", "\"x\""] {
        assert_eq!(app.call(Method::GET, &path, &[("if-none-match", unknown)], None).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_not_there_is_not_found_however_it_is_called() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    for (collection, object) in chain.all() {
        let kind = object["kind"].as_str().unwrap();
        // An id of another kind names nothing here.
        let foreign = if kind == "Repo" { id(&chain.issue) } else { id(&chain.repo) };
        let upper = id(object).to_uppercase();
        for bad in [NOBODY, foreign, &upper, "nope", "%00", "..%2f..", "%ff", "'"] {
            let answer = app.get(&format!("/cwom/{collection}/{bad}")).await;
            let problem = answer.problem("OBJECT_NOT_FOUND");
            assert_eq!((answer.status, &problem["message"]), (404, &format!("{kind} not found").into()), "{bad}");
            assert_eq!(problem["kind"], kind);
        }
    }
    for rest in
        ["issues/X/runs", "issues/X/context-packets", "issues/X/artifacts", "issues/X/graph", "runs/X/artifacts"]
    {
        for bad in [NOBODY, "nope"] {
            app.get(&format!("/cwom/{}", rest.replace('X', bad))).await.problem("OBJECT_NOT_FOUND");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_cursor_and_by_offset_show_every_object_once_newest_first() {
    let app = TestApp::new().await;
    let mut created = Vec::new();
    for number in 0..7 {
        created.push(id(&app.create("repos", &repo(&format!("myorg/{number}"))).await).to_owned());
    }
    created.reverse();
    assert_eq!(ids(&app, "/cwom/repos").await, (created.clone(), None));
    let (mut seen, mut next) = ids(&app, "/cwom/repos?limit=3").await;
    // An object that comes meanwhile does not shift the pages.
    app.create("repos", &repo("myorg/late")).await;
    while let Some(cursor) = next {
        let (page, after) = ids(&app, &format!("/cwom/repos?limit=3&cursor={cursor}")).await;
        seen.extend(page);
        next = after;
    }
    assert_eq!(seen, created);
    assert_eq!(ids(&app, "/cwom/repos?offset=6&limit=2").await.0, created[5..]);
    let problem = app.get("/cwom/repos?limit=0&offset=10001&x=1").await.problem("INVALID_REQUEST");
    let pointers: Vec<_> = violations(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/limit", "/offset", "/x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_every_list_and_unknown_values_are_refused() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let (repo_id, issue_id, run_id) = (id(&chain.repo), id(&chain.issue), id(&chain.run));
    for (list, object, matching, other) in [
        ("repos", &chain.repo, "visibility=private", "visibility=public"),
        ("issues", &chain.issue, &format!("repo_id={repo_id}"), &format!("repo_id={NOBODY}")),
        ("issues", &chain.issue, "status=planned", "status=done"),
        ("issues", &chain.issue, "type=research&priority=P2", "type=research&priority=P0"),
        ("context-packets", &chain.packet, &format!("issue_id={issue_id}"), &format!("issue_id={NOBODY}")),
        ("constraint-snapshots", &chain.snapshot, "scope=repo", "scope=org"),
        ("constraint-snapshots", &chain.snapshot, "owner_id=jules", "owner_id=ana"),
        ("doctrine-refs", &chain.doctrine, "namespace=team", "namespace=org"),
        ("doctrine-refs", &chain.doctrine, "type=policy&priority=should", "type=policy&priority=must"),
        ("runs", &chain.run, &format!("issue_id={issue_id}&repo_id={repo_id}"), &format!("repo_id={NOBODY}")),
        ("runs", &chain.run, "status=planned&mode=agent", "mode=human"),
        ("artifacts", &chain.artifact, &format!("run_id={run_id}&issue_id={issue_id}"), &format!("run_id={NOBODY}")),
        ("artifacts", &chain.artifact, "type=report", "type=log"),
    ] {
        let found = ids(&app, &format!("/cwom/{list}?{matching}")).await.0;
        assert_eq!(found, [id(object)], "{list}?{matching}");
        assert!(ids(&app, &format!("/cwom/{list}?{other}")).await.0.is_empty(), "{list}?{other}");
    }
    for bad in ["issues?status=open", "issues?repo_id=1", "runs?mode=robot", "constraint-snapshots?owner_id=%00"] {
        assert_eq!(app.get(&format!("/cwom/{bad}")).await.problem("INVALID_REQUEST")["status"], 422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_readable_from_both_ends() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let (issue_id, run_id) = (id(&chain.issue), id(&chain.run));
    let named = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|reference| id(reference).to_owned()).collect()
    };
    let issue = app.get(&format!("/cwom/issues/{issue_id}")).await.json();
    for (member, object) in [
        ("runs", &chain.run),
        ("context_packets", &chain.packet),
        ("constraints", &chain.snapshot),
        ("doctrine_refs", &chain.doctrine),
    ] {
        assert_eq!(named(&issue[member]), [id(object)], "{member}");
    }
    let run = app.get(&format!("/cwom/runs/{run_id}")).await.json();
    assert_eq!(named(&run["outputs"]["artifacts"]), [id(&chain.artifact)]);
    for (path, object) in [
        (format!("/cwom/issues/{issue_id}/runs"), &chain.run),
        (format!("/cwom/issues/{issue_id}/runs?status=planned"), &chain.run),
        (format!("/cwom/issues/{issue_id}/context-packets"), &chain.packet),
        (format!("/cwom/issues/{issue_id}/artifacts?type=report&limit=1"), &chain.artifact),
        (format!("/cwom/runs/{run_id}/artifacts"), &chain.artifact),
    ] {
        assert_eq!(ids(&app, &path).await.0, [id(object)], "{path}");
    }
    assert!(ids(&app, &format!("/cwom/issues/{issue_id}/artifacts?type=log")).await.0.is_empty());
    let answer = app.get(&format!("/cwom/issues/{issue_id}/runs?issue_id={issue_id}")).await;
    assert_eq!(violations(&answer.problem("INVALID_REQUEST")), [("/issue_id".to_owned(), "UNKNOWN_FIELD".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_holds_the_whole_chain_as_each_object_reads_alone() {
    let app = TestApp::new().await;
    let chain = Chain::new(&app).await;
    let mut alone = Vec::new();
    for (collection, object) in chain.all() {
        alone.push(app.get(&format!("/cwom/{collection}/{}", id(object))).await.json());
    }
    let [repo, issue, packet, snapshot, doctrine, run, artifact] = alone.try_into().unwrap();
    let graph = app.get(&format!("/cwom/issues/{}/graph", id(&chain.issue))).await.json();
    let expect = json!({
        "issue": issue, "repo": repo, "context_packets": [packet], "constraint_snapshots": [snapshot],
        "doctrine_refs": [doctrine], "runs": [run], "artifacts": [artifact],
        "evidence_packs": [], "review_decisions": [],
    });
    assert_eq!(graph, expect);
}
