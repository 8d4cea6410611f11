//! A run is started once for each key, however often and by however many it is asked for.

use jct_contract::{Sha256Digest, WorkflowId};
use jct_event::WorkflowRunStatus;
use jct_store::model::{NewWorkflowRun, RunCause, RunFork, RunKey, RunStartAnswer, WorkflowChange};

use crate::support::{Db, on_both_engines, principal};
use crate::workflow_runs::{new_run, started};
use crate::workflows::{change, created};

on_both_engines![
    a_key_starts_one_run_of_its_workflow,
    those_who_ask_at_once_are_answered_with_one_run,
    a_fork_has_no_key,
];

fn keyed(workflow: WorkflowId, key: &str, event: &str) -> NewWorkflowRun {
    let key = RunKey { key: key.to_owned(), digest: Sha256Digest::of(event.as_bytes()) };
    NewWorkflowRun { event: event.into(), ..new_run(workflow, RunCause::Hand { by: principal("eve"), key: Some(key) }) }
}

async fn a_key_starts_one_run_of_its_workflow(db: Db) {
    let store = db.store().await;
    let workflow = created(&store, "release").await.id;
    let start = async |new: NewWorkflowRun| store.workflow_runs_start(vec![new]).await.unwrap();
    let first = started(start(keyed(workflow, "k", "1")).await);
    db.pass_seconds(60);
    let before = db.dump().await;
    assert_eq!(start(keyed(workflow, "k", "1")).await, [RunStartAnswer::Replayed(Box::new(first.clone()))]);
    assert_eq!(start(keyed(workflow, "k", "2")).await, [RunStartAnswer::KeyReused { run: first.id }]);
    assert_eq!(db.dump().await, before, "a repetition writes nothing");

    // Neither another version nor the end of the run, nor that the workflow is switched off, makes the key free.
    store.workflow_change(WorkflowChange { is_active: Some(false), ..change(workflow) }).await.unwrap();
    db.execute(&format!(
        "UPDATE workflow_runs SET status = 'failed', finished_at = 1, look_at = NULL WHERE id = '{}'",
        first.id
    ))
    .await
    .unwrap();
    let again = NewWorkflowRun { version: 7, ..keyed(workflow, "k", "1") };
    let answers = start(again).await;
    let [RunStartAnswer::Replayed(run)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((run.id, run.version, run.status), (first.id, 1, WorkflowRunStatus::Failed));

    let twice = vec![keyed(workflow, "K", "1"), keyed(workflow, "K", "1")];
    let answers = store.workflow_runs_start(twice).await.unwrap();
    let [RunStartAnswer::Started(one), RunStartAnswer::Replayed(other)] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(one, other, "keys differ in their case");
    let elsewhere = created(&store, "other").await.id;
    assert_ne!(started(start(keyed(elsewhere, "k", "2")).await).id, first.id, "each workflow has keys of its own");
    assert_eq!(store.workflow_get(workflow).await.unwrap().unwrap().runs_started, 2);
}

async fn those_who_ask_at_once_are_answered_with_one_run(db: Db) {
    let stores = [db.store().await, db.store().await];
    let workflow = created(&stores[0], "release").await.id;
    let tries = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        let new = keyed(workflow, "k", if n < 12 { "1" } else { "2" });
        tokio::spawn(async move { store.workflow_runs_start(vec![new]).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().flat_map(Result::unwrap).collect();
    let runs: Vec<_> = answers.iter().filter(|one| matches!(one, RunStartAnswer::Started(_))).collect();
    let [RunStartAnswer::Started(first)] = runs.as_slice() else { panic!("{answers:?}") };
    for answer in &answers {
        let run = match answer {
            RunStartAnswer::Started(run) | RunStartAnswer::Replayed(run) => run.id,
            RunStartAnswer::KeyReused { run } => *run,
            other => panic!("{other:?}"),
        };
        assert_eq!(run, first.id);
    }
    assert_eq!(db.count("workflow_runs").await, 1);
}

async fn a_fork_has_no_key(db: Db) {
    let store = db.store().await;
    let workflow = created(&store, "release").await.id;
    let first = started(store.workflow_runs_start(vec![keyed(workflow, "k", "1")]).await.unwrap());
    let fork = || RunCause::Fork {
        by: principal("eve"),
        fork: RunFork { from: first.id, step: "b".to_owned() },
        kept: "{}".to_owned(),
        event_id: None,
    };
    let forks = vec![new_run(workflow, fork()), new_run(workflow, fork())];
    let answers = store.workflow_runs_start(forks).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, RunStartAnswer::Started(_))), "{answers:?}");
}
