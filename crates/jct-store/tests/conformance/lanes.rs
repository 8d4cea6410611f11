//! Who takes what, and in which order: priorities, capabilities, types, repositories and affinities.

use std::collections::HashSet;
use std::time::Duration;

use jct_contract::{JobType, TaskId};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{Claim, ClaimFilter, ClaimedTask, DueWork};
use jct_store::{StatusAction, Store};

use crate::support::{
    Db, LEASE, LEASE_SECONDS, Worker, any, change, completed, enqueue_many, failed, has_due_work, offering,
    on_both_engines, reap, settle, take, task, worker,
};

on_both_engines![
    the_most_urgent_goes_first_and_of_those_the_oldest,
    a_job_is_taken_by_whoever_offers_all_that_it_needs,
    whoever_takes_any_task_takes_no_other_job_it_cannot_run,
    one_eligible_job_behind_many_others_is_found_at_once,
    two_claims_at_once_get_different_jobs,
    many_claimers_of_many_lanes_get_each_job_once,
    a_worker_takes_only_its_types,
    a_worker_takes_only_its_repositories,
    a_limited_claim_leaves_nothing_behind_for_others,
    a_job_keeps_its_lane_on_every_way_back,
    jobs_with_a_key_are_left_to_the_worker_that_has_it,
    a_key_is_free_a_while_after_its_last_lease,
    keys_that_are_over_are_forgotten,
    the_place_in_line_counts_what_goes_before,
];

async fn claim(store: &Store, who: &Worker, filter: &ClaimFilter, limit: u32) -> Vec<ClaimedTask> {
    let claim = Claim { filter: filter.clone(), ..who.request(limit) };
    let due = store.due_work(&claim).await.unwrap();
    let claimed = store.claim(claim).await.unwrap();
    // Others may be faster than the claim, but not before the look.
    assert!(due == DueWork::Free || claimed.is_empty(), "a claim found what nobody was told of: {filter:?}");
    claimed
}

fn ids(claimed: &[ClaimedTask]) -> Vec<TaskId> {
    claimed.iter().map(|task| task.lease.task_id).collect()
}

async fn the_most_urgent_goes_first_and_of_those_the_oldest(db: Db) {
    let store = db.store().await;
    let mut all = Vec::new();
    for priority in [0, 5, -1000, 5, 1000, 0] {
        all.push(task().priority(priority).enqueue(&store).await);
        db.pass(Duration::from_millis(1));
    }
    let [a, b, c, d, e, f] = all[..] else { panic!("{all:?}") };
    let me = worker("w");
    let mut seen = Vec::new();
    for limit in [1, 2, 2, 10] {
        seen.extend(ids(&claim(&store, &me, &any(), limit).await));
    }
    assert_eq!(seen, [e, b, d, a, f, c]);
}

async fn a_job_is_taken_by_whoever_offers_all_that_it_needs(db: Db) {
    let store = db.store().await;
    let job = |needs: &[&str]| task().job(JobType::CodexExec, needs);
    let both = job(&["Git", "codex"]).enqueue(&store).await;
    let one = job(&["git"]).enqueue(&store).await;
    let none = job(&[]).enqueue(&store).await;
    let me = worker("w");
    for (offered, expected) in [
        (&["docker"][..], vec![none]),
        (&[][..], vec![]),
        (&["codex", "gi", "gith"][..], vec![]),
        (&["GIT"][..], vec![one]),
        (&["codex"][..], vec![]),
        (&["codex", "docker", "git"][..], vec![both]),
    ] {
        assert_eq!(ids(&claim(&store, &me, &offering(offered), 10).await), expected, "{offered:?}");
    }
    assert_eq!(db.count("task_ready").await, 0);
}

async fn whoever_takes_any_task_takes_no_other_job_it_cannot_run(db: Db) {
    let store = db.store().await;
    let manifest = task().manifest("docs", "a: 1", false).enqueue(&store).await;
    let unknown = task().executor("teleport").enqueue(&store).await;
    let me = worker("w");
    assert_eq!(ids(&claim(&store, &me, &any(), 10).await), [unknown]);
    assert!(!has_due_work(&store, &any(), None).await);
    let able = ClaimFilter { any_task: true, ..offering(&["manifest"]) };
    assert_eq!(ids(&claim(&store, &me, &able, 10).await), [manifest]);
}

async fn one_eligible_job_behind_many_others_is_found_at_once(db: Db) {
    let store = db.store().await;
    let others: Vec<_> = (0..205)
        .map(|n| task().objective(&format!("other {n}")).priority(n % 3).job(JobType::Task, &["gpu"]).build())
        .collect();
    store.enqueue(others).await.unwrap();
    db.pass_seconds(1);
    let mine = task().priority(-7).enqueue(&store).await;
    let me = worker("w");
    assert_eq!(ids(&claim(&store, &me, &offering(&["survey"]), 1).await), [mine]);
    assert!(claim(&store, &me, &offering(&["survey"]), 1).await.is_empty());
    assert_eq!(claim(&store, &me, &offering(&["gpu"]), 300).await.len(), 205);
}

async fn two_claims_at_once_get_different_jobs(db: Db) {
    let stores = [db.store().await, db.store().await];
    for round in 0..10 {
        let urgent = task().objective("urgent").priority(1).enqueue(&stores[0]).await;
        let normal = task().objective("normal").enqueue(&stores[0]).await;
        let claims = stores.iter().map(|store| {
            let store = store.clone();
            tokio::spawn(async move { ids(&worker("w").claim(&store, 1).await) })
        });
        let got: Vec<TaskId> =
            futures_util::future::join_all(claims).await.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(got.len(), 2, "round {round}: a claim came back empty while there was work");
        assert_eq!(got.into_iter().collect::<HashSet<_>>(), HashSet::from([urgent, normal]), "round {round}");
    }
}

async fn many_claimers_of_many_lanes_get_each_job_once(db: Db) {
    let stores = [db.store().await, db.store().await];
    let jobs: Vec<_> = (0..300)
        .map(|n| {
            let needs: &[&str] = if n % 3 == 0 { &["a"] } else { &["a", "b"] };
            task().objective(&format!("job {n}")).priority(n % 5).job(JobType::CodexExec, needs).build()
        })
        .collect();
    let all: HashSet<TaskId> = stores[0].enqueue(jobs).await.unwrap().iter().map(crate::support::created).collect();
    let claimers = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let me = worker(&format!("claimer-{n}"));
            let filter = offering(if n % 4 == 0 { &["a"] } else { &["b", "a"] });
            let mut mine = Vec::new();
            loop {
                let limit = 1 + u32::try_from(n).unwrap() % 5;
                let claimed = store.claim(Claim { filter: filter.clone(), ..me.request(limit) }).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(ids(&claimed));
            }
        })
    });
    let got: Vec<TaskId> =
        futures_util::future::join_all(claimers).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(got.len(), 300);
    assert_eq!(got.into_iter().collect::<HashSet<_>>(), all);
}

async fn a_worker_takes_only_its_types(db: Db) {
    let store = db.store().await;
    let exec = task().job(JobType::CodexExec, &["codex"]).enqueue(&store).await;
    let skill = task().job(JobType::CodexSkill, &["codex"]).enqueue(&store).await;
    let plain = task().enqueue(&store).await;
    let of = |types: &[JobType]| ClaimFilter { types: Some(types.to_vec()), ..offering(&["codex", "survey"]) };
    let me = worker("w");
    assert!(claim(&store, &me, &of(&[]), 10).await.is_empty());
    assert!(claim(&store, &me, &of(&[JobType::Manifest]), 10).await.is_empty());
    assert_eq!(ids(&claim(&store, &me, &of(&[JobType::CodexSkill]), 10).await), [skill]);
    assert_eq!(ids(&claim(&store, &me, &of(&[JobType::CodexExec, JobType::Task]), 1).await), [exec]);
    let task_only = ClaimFilter { any_task: true, ..of(&[JobType::CodexExec]) };
    assert!(claim(&store, &me, &task_only, 10).await.is_empty(), "any task, but no tasks");
    assert_eq!(ids(&claim(&store, &me, &of(&[JobType::Task]), 10).await), [plain]);
}

async fn a_worker_takes_only_its_repositories(db: Db) {
    let store = db.store().await;
    let mut all = Vec::new();
    for repo in ["myorg/app", "myorg/apple", "myorg/app/deep", "partner/app"] {
        all.push(task().repo(repo).enqueue(&store).await);
    }
    let [app, apple, deep, partner] = all[..] else { panic!("{all:?}") };
    let manifest = task().manifest("docs", "a: 1", false).enqueue(&store).await;
    let of = |limits: &[&str]| {
        let repositories = Some(limits.iter().map(|limit| (*limit).to_owned()).collect());
        ClaimFilter { repositories, ..offering(&["survey", "manifest"]) }
    };
    let me = worker("w");
    // What has no repository of its own is not limited by it.
    assert_eq!(ids(&claim(&store, &me, &of(&[]), 10).await), [manifest]);
    assert!(claim(&store, &me, &of(&["my", "myorg/ap", "other", "%", "myorg_"]), 10).await.is_empty());
    assert_eq!(ids(&claim(&store, &me, &of(&["myorg/app"]), 10).await), [app, deep]);
    assert_eq!(ids(&claim(&store, &me, &of(&["other", "myorg"]), 10).await), [apple]);
    assert_eq!(ids(&claim(&store, &me, &offering(&["survey"]), 10).await), [partner]);
}

async fn a_limited_claim_leaves_nothing_behind_for_others(db: Db) {
    let store = db.store().await;
    let early = task().repo("myorg/one").enqueue(&store).await;
    db.pass(Duration::from_millis(1));
    let late = task().repo("myorg/two").enqueue(&store).await;
    let (picky, other) = (worker("picky"), worker("other"));
    // Once without a limit, so that whatever bound the claims remember is in use.
    task().repo("myorg/zero").priority(1).enqueue(&store).await;
    assert_eq!(claim(&store, &other, &any(), 1).await.len(), 1);
    let only = ClaimFilter { repositories: Some(vec!["myorg/two".to_owned()]), ..any() };
    assert_eq!(ids(&claim(&store, &picky, &only, 1).await), [late]);
    let newer = task().repo("myorg/three").enqueue(&store).await;
    assert_eq!(ids(&claim(&store, &other, &any(), 1).await), [early]);
    assert_eq!(ids(&claim(&store, &other, &any(), 1).await), [newer]);
}

async fn a_job_keeps_its_lane_on_every_way_back(db: Db) {
    let store = db.store().await;
    let urgent = task().priority(9).job(JobType::CodexExec, &["codex"]).attempts(5).held().enqueue(&store).await;
    change(&store, urgent, "ana", StatusAction::Release).await;
    let me = worker("w");
    for round in 0..4 {
        enqueue_many(&store, 1).await;
        assert!(claim(&store, &me, &offering(&["git"]), 1).await.is_empty(), "round {round}");
        let both = ClaimFilter { any_task: true, ..offering(&["codex"]) };
        let claimed = claim(&store, &me, &both, 1).await;
        assert_eq!(ids(&claimed), [urgent], "round {round}");
        match round {
            0 => {
                settle(&store, claimed[0].lease, AttemptEnd::GivenBack).await;
            }
            1 => {
                settle(&store, claimed[0].lease, failed(ReasonCode::WorkerError)).await;
            }
            _ => {
                db.pass_seconds(LEASE_SECONDS);
                reap(&store).await;
            }
        }
        db.pass_seconds(600);
    }
    // Somebody outside the tower may take it too.
    let taken = change(&store, urgent, "jules", take()).await;
    assert!(matches!(taken, jct_store::ChangeAnswer::Taken(_)), "{taken:?}");
}

async fn jobs_with_a_key_are_left_to_the_worker_that_has_it(db: Db) {
    let store = db.store().await;
    let keyed = |key: &str| task().affinity(key);
    let first = keyed("warm").objective("job 1").enqueue(&store).await;
    let second = keyed("warm").objective("job 2").enqueue(&store).await;
    let other_key = keyed("cold").objective("job 3").enqueue(&store).await;
    let (mine, theirs) = (worker("mine"), worker("theirs"));
    assert_eq!(ids(&claim(&store, &mine, &any(), 1).await), [first]);
    // The other worker passes over it, and takes what comes next.
    assert_eq!(ids(&claim(&store, &theirs, &any(), 10).await), [other_key]);
    // A look says so: it need not try, and try again.
    assert_eq!(store.due_work(&theirs.request(1)).await.unwrap(), DueWork::KeptForOthers);
    assert_eq!(store.due_work(&mine.request(1)).await.unwrap(), DueWork::Free);
    db.pass_seconds(1);
    enqueue_many(&store, 3).await;
    assert_eq!(claim(&store, &theirs, &any(), 10).await.len(), 3);
    // The one that has the key finds it, however far the others have come.
    assert_eq!(ids(&claim(&store, &mine, &any(), 10).await), [second]);
}

async fn a_key_is_free_a_while_after_its_last_lease(db: Db) {
    let store = db.store().await;
    task().affinity("warm").objective("job 1").enqueue(&store).await;
    let second = task().affinity("warm").objective("job 2").enqueue(&store).await;
    let (mine, theirs) = (worker("mine"), worker("theirs"));
    let claimed = claim(&store, &mine, &any(), 1).await;
    settle(&store, claimed[0].lease, completed("{}")).await;
    db.pass(LEASE + Duration::from_micros(59_999_999));
    assert!(claim(&store, &theirs, &any(), 1).await.is_empty());
    db.pass(Duration::from_micros(1));
    assert_eq!(ids(&claim(&store, &theirs, &any(), 1).await), [second]);
    // Now it is theirs.
    task().affinity("warm").objective("job 3").enqueue(&store).await;
    assert!(claim(&store, &mine, &any(), 1).await.is_empty());
    assert_eq!(claim(&store, &theirs, &any(), 1).await.len(), 1);
}

async fn keys_that_are_over_are_forgotten(db: Db) {
    let store = db.store().await;
    let me = worker("w");
    for n in 0..3 {
        task().affinity(&format!("key {n}")).enqueue(&store).await;
        assert_eq!(claim(&store, &me, &any(), 1).await.len(), 1);
    }
    assert_eq!(db.count("queue_affinities").await, 3);
    db.pass_seconds(LEASE_SECONDS + 60);
    task().affinity("another").enqueue(&store).await;
    assert_eq!(claim(&store, &me, &any(), 1).await.len(), 1);
    assert_eq!(db.count("queue_affinities").await, 1);
}

async fn the_place_in_line_counts_what_goes_before(db: Db) {
    let store = db.store().await;
    let urgent = task().objective("urgent").priority(3).enqueue(&store).await;
    let early = enqueue_many(&store, 3).await;
    // Neither what others need nor what is less urgent stands before it.
    task().executor("alpha").enqueue(&store).await;
    task().objective("not urgent").priority(-1).enqueue(&store).await;
    task().objective("no task").job(JobType::CodexExec, &["survey"]).enqueue(&store).await;
    let insists = task().isolation("L2").enqueue(&store).await;
    for (id, ahead) in [(urgent, 0), (early[0], 1), (early[2], 3), (insists, 4)] {
        assert_eq!(store.queue_position(id).await.unwrap().unwrap().ahead, ahead);
    }
    let status = store.queue_status().await.unwrap();
    assert_eq!((status.oldest_ready_at, status.not_due), (Some(db.now()), 0));
}
