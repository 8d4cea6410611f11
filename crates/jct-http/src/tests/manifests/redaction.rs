//! What operators see of a job never has a piece of its manifest: random marks are in it wherever people write what they like,
//! and are looked for in every view.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::support::{Worker, submit};
use crate::tests::app::TestApp;

const CAPABILITIES: [&str; 5] = ["manifest", "embeddings", "openai", "qdrant", "local_fs"];
/// Pieces of this length are looked for.
const PIECE: usize = 8;

fn marked([comment, description, owner, folder]: &[String; 4]) -> String {
    format!(
        "# {comment}\nversion: v0\nmetadata:\n  name: notes\n  description: {description}\n  owner: {owner}\nembeddings:\n  \
         provider: openai\n  model: m\nvectorStore:\n  type: qdrant\n  indexName: i\ndataSources:\n  - id: disk\n    type: \
         SimpleDirectoryReader\n    params:\n      inputDir: {folder}\n"
    )
}

#[track_caller]
fn assert_silent(what: &str, told: &str, marks: &[String]) {
    for mark in marks {
        for start in 0..=mark.len() - PIECE {
            assert!(!told.contains(&mark[start..start + PIECE]), "{what} has a piece of {mark}: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_piece_of_the_content_is_in_what_operators_see() {
    let app = TestApp::new().await;
    let worker = Worker::new(&app).await;
    let mut runner = TestRunner::deterministic();
    let marks = proptest::array::uniform4("[g-z]{16}");
    for round in 0..12 {
        let marks = marks.new_tree(&mut runner).unwrap().current();
        let content = marked(&marks);
        let inline = json!({"kind": "inline", "content": content});
        let made = submit(&app, "notes", &inline, &json!({"dryRun": true})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_silent("the answer", &made.text, &marks);
        let misnamed = submit(&app, "other", &inline, &json!({"q": 1})).await;
        assert_silent("a refusal", &misnamed.text, &marks);
        let broken = json!({"kind": "inline", "content": content.replace("version: v0", "version: [")});
        assert_silent("a refusal", &submit(&app, "notes", &broken, &json!({})).await.text, &marks);

        let id = made.json()["id"].as_str().unwrap().to_owned();
        let claimed = worker.claim(&CAPABILITIES).await;
        assert_eq!(claimed["content"], content, "the holder of the lease alone has it");
        if round % 2 == 0 {
            assert_eq!(worker.report(&claimed, "complete", json!({"resultSummary": "done"})).await.status, 200);
        } else {
            let failure = json!({"errorMessage": "no luck", "retryable": false});
            assert_eq!(worker.report(&claimed, "fail", failure).await.status, 200);
        }
        for path in [
            format!("/api/queue/jobs/{id}"),
            format!("/api/queue/jobs/{id}?expand=result"),
            "/api/queue/jobs?type=manifest".to_owned(),
            format!("/api/queue/jobs/{id}/events"),
            format!("/tasks/{id}"),
            format!("/tasks/{id}/events"),
            format!("/tasks/{id}/explain"),
            "/tasks".to_owned(),
            "/audit?limit=100".to_owned(),
        ] {
            let answer = app.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            assert_silent(&path, &answer.text, &marks);
        }
    }
}
