//! The audit log over HTTP.

use jct_tower::access::Scope;
use serde_json::{Value, json};

use super::app::{TestApp, task};

async fn entries(app: &TestApp, path: &str) -> Vec<Value> {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json().as_array().unwrap().clone()
}

/// A task that was handed in and cancelled: two entries.
async fn cancelled(app: &TestApp) -> String {
    let id = app.enqueue(&task()).await;
    assert_eq!(app.post(&format!("/tasks/{id}/cancel"), &json!({})).await.status, 200);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_says_who_did_what_when_and_in_which_chain() {
    let app = TestApp::new().await;
    let id = cancelled(&app).await;
    let chain = entries(&app, &format!("/audit/task/{id}")).await;
    let [created, ended] = chain.as_slice() else { panic!("{chain:#?}") };
    let names: Vec<_> = created.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "id",
            "ts",
            "actor_kind",
            "actor_id",
            "action",
            "entity_kind",
            "entity_id",
            "before",
            "after",
            "note",
            "trace_id",
            "seq",
            "prev_hash",
            "hash"
        ]
    );
    assert_eq!((&created["action"], &created["before"], &created["seq"]), (&json!("created"), &Value::Null, &json!(1)));
    assert_eq!((&ended["actor_id"], &ended["after"]["status"]), (&json!("operator"), &json!("cancelled")));
    assert_eq!(ended["prev_hash"], created["hash"]);
    assert_eq!(created["prev_hash"], "0".repeat(64));
    assert_eq!(created["trace_id"], super::app::TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_newest_first_filtered_and_paged() {
    let app = TestApp::new().await;
    let (first, second) = (cancelled(&app).await, cancelled(&app).await);
    let told = |list: Vec<Value>| -> Vec<(String, u64)> {
        let one = |entry: &Value| (entry["entity_id"].as_str().unwrap().to_owned(), entry["seq"].as_u64().unwrap());
        list.iter().map(one).collect()
    };
    let tasks = "/audit?entity_kind=task";
    let expected = [(second.clone(), 2), (second.clone(), 1), (first.clone(), 2), (first.clone(), 1)];
    assert_eq!(told(entries(&app, tasks).await), expected);
    assert_eq!(told(entries(&app, &format!("/audit?entity_id={first}")).await), expected[2..]);
    assert_eq!(told(entries(&app, &format!("{tasks}&action=created")).await).len(), 2);
    assert_eq!(entries(&app, "/audit?actor=nobody").await, Vec::<Value>::new());

    let mut seen = Vec::new();
    let mut path = format!("{tasks}&limit=3");
    loop {
        let answer = app.get(&path).await;
        seen.extend(told(answer.json().as_array().unwrap().clone()));
        let Some(cursor) = answer.header("x-next-cursor") else { break };
        assert!(answer.header("link").unwrap().contains("entity_kind=task&limit=3&cursor="));
        path = format!("{tasks}&limit=3&cursor={cursor}");
    }
    assert_eq!(seen, expected);

    let page = app.get(&format!("/audit/task/{first}?limit=1")).await;
    assert_eq!((page.json()[0]["seq"].as_u64(), page.header("x-next-cursor")), (Some(1), Some("1")));
    let page = app.get(&format!("/audit/task/{first}?limit=1&after=1")).await;
    assert_eq!((page.json()[0]["seq"].as_u64(), page.header("link")), (Some(2), None));
    assert_eq!(entries(&app, &format!("/audit/task/{first}?after=2")).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_moment_is_rebuilt() {
    let app = TestApp::new().await;
    let id = cancelled(&app).await;
    let chain = entries(&app, &format!("/audit/task/{id}")).await;
    let state = |at: &Value| format!("/audit/task/{id}/state?at={}", at.as_str().unwrap());
    let then = app.get(&state(&chain[0]["ts"])).await.json();
    assert_eq!(
        (&then["state"]["status"], &then["seq"], &then["deleted"]),
        (&json!("queued"), &json!(1), &json!(false))
    );
    let now = app.get(&format!("/audit/task/{id}/state")).await.json();
    assert_eq!(
        (&now["state"]["status"], &now["since"], &now["at"]),
        (&json!("cancelled"), &chain[1]["ts"], &Value::Null)
    );
    app.get(&state(&json!("2001-01-01T00:00:00Z"))).await.problem("ENTITY_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_told_apart() {
    let app = TestApp::new().await;
    for path in ["/audit/ghost/x", "/audit/ghost/x/state", "/audit?entity_kind=ghost"] {
        let problem = app.get(path).await.problem("INVALID_REQUEST");
        assert_eq!((&problem["status"], &problem["violations"][0]["pointer"]), (&json!(422), &json!("/entity_kind")));
    }
    for path in ["/audit/task/x", "/audit/task/x/state", "/audit/api_key/%00", "/audit/queue/a%2Fb"] {
        app.get(path).await.problem("ENTITY_NOT_FOUND");
    }
    for path in ["/audit?x=1", "/audit/task/x?cursor=1", "/audit?actor=%00", "/audit/checkpoints?before=a"] {
        app.get(path).await.problem("INVALID_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_any_name_has_its_entries() {
    let keyed = TestApp::keyed().await;
    for name in ["a/b", "100%", "é ?#", ".."] {
        keyed.key(name, &[Scope::TasksRead]).await;
        let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/audit/api_key/{encoded}");
        let headers = [("authorization", "Bearer operator-key")];
        let chain = keyed.call(actix_web::http::Method::GET, &path, &headers, None).await.json();
        assert_eq!((&chain[0]["entity_id"], &chain[0]["action"]), (&json!(name), &json!("created")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_and_checkpoints_that_seal_the_log_are_told() {
    use jct_tower::audit::{Sealer, SealerOptions};
    let app = TestApp::new().await;
    let none = app.get("/audit/checkpoints").await.json();
    assert_eq!((&none["keys"], &none["checkpoints"]), (&json!([]), &json!([])));
    let options = SealerOptions {
        key_file: app.folder().join("audit.key"),
        checkpoint_file: app.folder().join("checkpoints.jsonl"),
        entries: 1,
        interval: std::time::Duration::from_secs(1),
    };
    let by = jct_tower::access::Grant::operator().principal().clone();
    let clock = std::sync::Arc::new(jct_contract::SystemClock);
    let sealer = Sealer::open(app.store.clone(), options, clock, by).await.unwrap();
    for _ in 0..2 {
        cancelled(&app).await;
        sealer.seal().await.unwrap();
    }
    let told = app.get("/audit/checkpoints?limit=1").await.json();
    assert_eq!(told["keys"][0]["public_key"], sealer.public_key().await.unwrap().to_string());
    assert_eq!(told["checkpoints"].as_array().unwrap().len(), 1);
    let newest = &told["checkpoints"][0];
    assert_eq!(newest["number"], 2);
    let line = format!("\nentries {}\n", newest["entries"]);
    assert!(newest["statement"].as_str().unwrap().contains(&line));
    assert!(newest["statement"].as_str().unwrap().starts_with("jct-audit-checkpoint-v1\n"));
    let older = app.get("/audit/checkpoints?before=2").await.json();
    assert_eq!(older["checkpoints"][0]["number"], 1);
    let secret = std::fs::read_to_string(app.folder().join("audit.key")).unwrap();
    assert!(!told.to_string().contains(secret.trim().rsplit(':').next().unwrap()));
}
