//! Reporting the end of an attempt to a database that is not always there.

use std::sync::atomic::Ordering;

use jct_lifecycle::TaskStatus;

use crate::faults::SettleFault::{AnswerLost, Corrupt, Unavailable};
use crate::harness::{NewSpec, Tower};

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_is_repeated_until_the_database_is_back() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("succeed")).await;
    tower.faulty.fail_settlements([Unavailable, Unavailable]);
    let report = tower.drain().await;
    assert_eq!((report.completed, report.unsettled), (1, 0));
    assert_eq!(tower.faulty.settlements.load(Ordering::SeqCst), 3);
    assert_eq!(tower.finished(id).await.status, TaskStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_whose_answer_got_lost_counts_once_and_its_links_are_set() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("succeed")).await;
    tower.faulty.fail_settlements([AnswerLost, Unavailable, AnswerLost]);
    let report = tower.drain().await;
    assert_eq!((report.claimed, report.completed), (1, 1));
    let finished = tower.finished(id).await;
    tower.verified(id, 1, finished.trace());
    assert!(tower.task_folder(id).join("output.json").exists());
    let ended = tower.events(id).await.into_iter().filter(|event| event.body.contains("completed")).count();
    assert_eq!(ended, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_can_never_succeed_is_not_repeated() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("succeed")).await;
    tower.faulty.fail_settlements([Corrupt]);
    let report = tower.drain().await;
    assert_eq!((report.completed, report.unsettled), (0, 1));
    assert_eq!(tower.faulty.settlements.load(Ordering::SeqCst), 1);
    assert_eq!(tower.task(id).await.state.status(), TaskStatus::Running);
    assert!(!tower.task_folder(id).join("output.json").exists(), "an unaccepted attempt has no links");
}
