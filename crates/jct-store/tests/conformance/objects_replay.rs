//! The log as the objects' memory: whatever is done to them, in whatever order and at once, each object's entries,
//! replayed, give exactly what is read.

use std::time::Duration;

use jct_audit::{Content, rebuild};
use jct_contract::{IssueId, ObjectId, RunId, Timestamp};
use jct_cwom::{ObjectKind, Status};
use jct_store::Store;
use jct_store::model::{ObjectFilter, PageStart};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::objects::{
    World, artifact, chain, change_issue, change_run, changed, create, get, packet, plain_issue, plain_run, reference,
    run, wire, world,
};
use crate::support::{Db, on_both_engines};

on_both_engines![any_story_of_objects_can_be_replayed, a_moment_of_the_past_can_be_read_from_the_log];

const STEPS: usize = 120;
/// Steps that are on their way at once.
const TOGETHER: usize = 8;

#[track_caller]
fn pick<T: Clone>(dice: &mut StdRng, from: &[T]) -> T {
    from[dice.random_range(0..from.len())].clone()
}

/// Values that a replay could get wrong: absent and empty, nested, `null` inside, numbers without a short form.
fn any_meta(dice: &mut StdRng) -> Value {
    let number = f64::from_bits(dice.random::<u64>());
    let number = if number.is_finite() { number } else { 0.1 };
    pick(
        dice,
        &[
            json!({}),
            json!({ "a": null, "b": { "c": null } }),
            json!({ "b": { "d": [null, {}] }, "n": number }),
            json!({ "whole": -3, "text": "é\u{1f600}\"\\" }),
        ],
    )
}

async fn some(store: &Store, dice: &mut StdRng, kind: ObjectKind) -> ObjectId {
    let page = store.object_list(ObjectFilter::all(kind), PageStart::Offset(0), 500).await.unwrap();
    pick(dice, &page.items).object.id()
}

async fn step(store: &Store, world: &World, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let issue = IssueId::from_uuid(some(store, &mut dice, ObjectKind::Issue).await.as_uuid());
    let own_run = RunId::from_uuid(some(store, &mut dice, ObjectKind::Run).await.as_uuid());
    let status = pick(&mut dice, Status::ALL);
    match dice.random_range(0..8) {
        0 => drop(create(store, ObjectKind::Issue, &plain_issue(world.repo, "new")).await),
        1 => drop(create(store, ObjectKind::Run, &plain_run(issue, world.repo)).await),
        2 => drop(create(store, ObjectKind::Run, &run(world)).await),
        3 => {
            let version = dice.random_range(0..30).to_string();
            drop(create(store, ObjectKind::ContextPacket, &packet(issue, &version, &[], world.snapshot)).await);
        }
        4 => {
            let of = wire(&get(store, ObjectKind::Run, own_run.into()).await.object)["for_issue"]["id"].clone();
            let of: IssueId = of.as_str().unwrap().parse().unwrap();
            drop(create(store, ObjectKind::Artifact, &artifact(own_run, of, "made")).await);
        }
        5 | 6 => {
            let change = json!({
                "status": status, "meta": any_meta(&mut dice), "title": pick(&mut dice, &["one", "two"]),
                "relationships": { "parent": reference(ObjectKind::Issue, world.parent) },
                "acceptance": { "tests_expected": pick(&mut dice, &[Value::Null, json!([])]) },
            });
            change_issue(store, issue, &change, None).await;
        }
        _ => {
            let artifacts = &wire(&get(store, ObjectKind::Run, own_run.into()).await.object)["outputs"]["artifacts"];
            let change = json!({
                "status": status, "telemetry": { "duration_s": pick(&mut dice, &[json!(0.1), Value::Null]) },
                "outputs": { "artifacts": artifacts, "result_summary": pick(&mut dice, &[json!("x"), Value::Null]) },
                "failure": { "category": "build", "message": "broke" }, "cost": { "usd": dice.random::<f64>() },
            });
            change_run(store, own_run, &change, None).await;
        }
    }
}

async fn any_story_of_objects_can_be_replayed(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    for round in 0..STEPS / TOGETHER {
        let steps = (0..TOGETHER).map(|n| step(&store, &world, (round * TOGETHER + n) as u64));
        futures_util::future::join_all(steps).await;
        db.pass(Duration::from_millis(3));
    }
    let mut entries = 0;
    for kind in ObjectKind::ALL {
        let page = store.object_list(ObjectFilter::all(*kind), PageStart::Offset(0), 500).await.unwrap();
        for item in page.items {
            let told = chain(&store, *kind, item.object.id()).await;
            let state = rebuild(&told, None).unwrap().unwrap();
            assert_eq!(state.content, Content::Live(wire(&item.object)), "{kind} {}", item.object.id());
            assert_eq!((told.len() as u64, state.seq), (item.version, item.version));
            entries += told.len();
        }
    }
    assert!(entries > STEPS, "the story was too short: {entries} entries");
    assert_eq!(db.count("audit_log").await, entries as u64, "every entry is about an object that exists");
}

async fn a_moment_of_the_past_can_be_read_from_the_log(db: Db) {
    let store = db.store().await;
    let world = world(&store).await;
    let mut seen: Vec<(Timestamp, Value)> = Vec::new();
    for title in ["first", "second", "third"] {
        db.pass_seconds(60);
        let change = json!({ "title": title, "meta": { title: null } });
        let now = changed(change_issue(&store, world.issue, &change, None).await);
        seen.push((db.now(), wire(&now.object)));
    }
    let told = chain(&store, ObjectKind::Issue, world.issue.into()).await;
    for (at, expected) in seen {
        for at in [at, at.after(Duration::from_secs(59))] {
            assert_eq!(rebuild(&told, Some(at)).unwrap().unwrap().content, Content::Live(expected.clone()));
        }
    }
}
