//! Isolation levels: what a task insists on decides who takes it, wherever it has been meanwhile.

use jct_contract::IsolationLevel::{self, L0, L1, L2, L3};
use jct_contract::TaskId;
use jct_lifecycle::AttemptEnd;
use jct_store::model::{Claim, ClaimFilter, ClaimedTask};
use jct_store::{StatusAction, Store};
use serde_json::json;

use crate::support::{
    Db, LEASE, any, change, has_due_work, offering, on_both_engines, reap, settle, take, task, worker,
};

on_both_engines![
    a_claim_takes_only_what_its_level_is_good_for,
    a_network_of_its_own_is_claimed_where_there_can_be_one,
    a_task_keeps_its_level_on_every_way_back_to_the_queue,
    a_task_that_insists_on_nothing_runs_everywhere,
    a_worker_says_which_level_it_gives,
];

async fn claim(store: &Store, level: Option<IsolationLevel>, filter: ClaimFilter, limit: u32) -> Vec<ClaimedTask> {
    store.claim(Claim { isolation: level, filter, ..worker("w").request(limit) }).await.unwrap()
}

fn ids(claimed: &[ClaimedTask]) -> Vec<TaskId> {
    claimed.iter().map(|task| task.lease.task_id).collect()
}

async fn a_claim_takes_only_what_its_level_is_good_for(db: Db) {
    let store = db.store().await;
    let mut all = Vec::new();
    for level in [L3, L2, L1, L0] {
        all.push(task().isolation(level.as_str()).enqueue(&store).await);
    }
    let [l3, l2, l1, l0] = all[..] else { panic!("{all:?}") };
    let only = || offering(&["survey"]);
    for filter in [any(), only()] {
        for (level, expected) in [
            (Some(L0), vec![l0]),
            (Some(L1), vec![l1, l0]),
            (Some(L2), vec![l2, l1, l0]),
            (Some(L3), all.clone()),
            (None, all.clone()),
        ] {
            assert!(has_due_work(&store, &filter, level).await);
            let claimed = claim(&store, level, filter.clone(), 10).await;
            assert_eq!(ids(&claimed), expected, "{level:?} {filter:?}");
            for task in claimed {
                settle(&store, task.lease, AttemptEnd::GivenBack).await;
            }
        }
    }
    // What nobody takes stays, and is no work for those who cannot.
    assert_eq!(ids(&claim(&store, Some(L2), any(), 10).await), [l2, l1, l0]);
    assert!(!has_due_work(&store, &any(), Some(L2)).await);
    assert!(!has_due_work(&store, &only(), Some(L2)).await);
    assert!(has_due_work(&store, &any(), Some(L3)).await);
    assert_eq!(ids(&claim(&store, Some(L2), any(), 10).await), []);
    assert_eq!(ids(&claim(&store, Some(L3), any(), 10).await), [l3]);
}

async fn a_network_of_its_own_is_claimed_where_there_can_be_one(db: Db) {
    let store = db.store().await;
    let local = json!({ "network": "local", "isolation": "L1" });
    let id = task().inputs(local).enqueue(&store).await;
    assert_eq!(ids(&claim(&store, Some(L2), any(), 10).await), []);
    assert!(!has_due_work(&store, &any(), Some(L2)).await);
    assert_eq!(ids(&claim(&store, Some(L3), any(), 10).await), [id]);
}

async fn a_task_keeps_its_level_on_every_way_back_to_the_queue(db: Db) {
    let store = db.store().await;
    let id = task().isolation("L3").held().enqueue(&store).await;
    change(&store, id, "ana", StatusAction::Release).await;
    for round in 0..3 {
        assert_eq!(ids(&claim(&store, Some(L2), any(), 10).await), [], "round {round}");
        let claimed = claim(&store, Some(L3), any(), 10).await;
        assert_eq!(ids(&claimed), [id], "round {round}");
        match round {
            0 => {
                settle(&store, claimed[0].lease, AttemptEnd::GivenBack).await;
            }
            1 => {
                db.pass(LEASE);
                reap(&store).await;
                db.pass_seconds(600);
            }
            _ => {}
        }
    }
}

async fn a_task_that_insists_on_nothing_runs_everywhere(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    assert_eq!(ids(&claim(&store, Some(L0), any(), 1).await), [id]);
    // Who takes a task outside the tower answers for where it runs.
    let id = task().isolation("L3").enqueue(&store).await;
    let taken = change(&store, id, "jules", take()).await;
    assert!(matches!(taken, jct_store::ChangeAnswer::Taken(_)), "{taken:?}");
}

async fn a_worker_says_which_level_it_gives(db: Db) {
    let store = db.store().await;
    for (name, isolation) in [("a", Some(L2)), ("b", None)] {
        let new = jct_store::model::NewWorker {
            id: worker(name).id,
            name: name.to_owned(),
            version: "1".to_owned(),
            executors: Vec::new(),
            filter: any(),
            slots: 1,
            isolation,
            agents: Vec::new(),
            max_concurrent_tasks: None,
        };
        store.worker_started(new).await.unwrap();
    }
    let workers = store.workers(jct_contract::Timestamp::from_micros(0)).await.unwrap();
    let levels: Vec<_> = workers.iter().map(|worker| worker.isolation).collect();
    assert_eq!(levels, [Some(L2), None]);
}
