//! Lists and pages.

use serde_json::{Value, json};

use super::app::{TestApp, task};

async fn ids(app: &TestApp, path: &str) -> (Vec<String>, Option<String>) {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tasks = answer.json();
    let ids = tasks.as_array().unwrap().iter().map(|task| task["task_id"].as_str().unwrap().to_owned()).collect();
    let next = answer.header("x-next-cursor").map(ToOwned::to_owned);
    let link =
        answer.header("link").map(|link| link.contains(next.as_deref().unwrap()) && link.contains("rel=\"next\""));
    assert_eq!(link, next.as_ref().map(|_| true));
    (ids, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_cursor_and_by_offset_show_every_task_once_newest_first() {
    let app = TestApp::new().await;
    let mut created = Vec::new();
    for _ in 0..7 {
        created.push(app.enqueue(&task()).await);
    }
    created.reverse();
    let (all, next) = ids(&app, "/tasks").await;
    assert_eq!((&all, next), (&created, None));

    let (mut seen, mut next) = ids(&app, "/tasks?limit=3").await;
    // A task that comes meanwhile does not shift the pages.
    app.enqueue(&task()).await;
    while let Some(cursor) = next {
        let (page, after) = ids(&app, &format!("/tasks?limit=3&cursor={cursor}")).await;
        seen.extend(page);
        next = after;
    }
    assert_eq!(seen, created);
    let (skipped, _) = ids(&app, "/tasks?offset=6&limit=2").await;
    assert_eq!(skipped, created.get(5..).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_the_list() {
    let app = TestApp::new().await;
    let first = app.enqueue(&task()).await;
    let mut docs = task();
    docs["operation"] = "docs".into();
    docs["requested_by"]["kind"] = "agent".into();
    docs["target"]["repo"] = "myorg/other".into();
    let second = app.enqueue(&docs).await;
    let created: Value = app.get(&format!("/tasks/{second}")).await.json()["created_at"].clone();
    let created = created.as_str().unwrap();
    for (query, expect) in [
        ("operation=docs".to_owned(), vec![&second]),
        ("requester_kind=human".to_owned(), vec![&first]),
        ("target_repo=MyOrg/Other.git".to_owned(), vec![&second]),
        ("status=queued".to_owned(), vec![&second, &first]),
        ("status=failed".to_owned(), vec![]),
        (format!("created_before={created}"), vec![&first]),
        (format!("created_after={created}"), vec![]),
        ("operation=docs&requester_kind=human".to_owned(), vec![]),
    ] {
        let (found, _) = ids(&app, &format!("/tasks?{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expect, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_query_is_a_problem_that_names_everything() {
    let app = TestApp::new().await;
    let problem = app.get("/tasks?status=done&limit=0&x=1").await.problem("INVALID_REQUEST");
    let pointers: Vec<_> = problem["violations"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
    assert_eq!(json!(pointers), json!(["/status", "/limit", "/x"]));
}
