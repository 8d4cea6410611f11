//! Playing scripts side by side, and shortening the one that disagrees.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use jct_store::Store;
use jct_store::model::Reaped;

use super::lane::Lane;
use super::script::{Play, Weather};
use super::tables;
use crate::support::{Db, RETRY, on_both_engines};

on_both_engines![ten_thousand_random_lives_agree_with_the_model];

const SCRIPTS: usize = 100;
/// Of how many scripts one is compared with its whole history, read through the store.
const HISTORIES: usize = 10;
const ROUNDS: u64 = 100;
const SEED: u64 = 20_260_314;

/// Which script disagreed, and how.
struct Disagreement {
    script: usize,
    text: String,
}

async fn ten_thousand_random_lives_agree_with_the_model(db: Db) {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
    };
    let seed = number("JCT_TEST_MODEL_SEED", SEED);
    let rounds = number("JCT_TEST_MODEL_ROUNDS", ROUNDS);
    let mut store = db.store().await;
    for round in seed..seed + rounds {
        let play = Play::random(round, SCRIPTS);
        if let Err(found) = perform(&db, &mut store, &format!("r{round}"), &play).await {
            let alone = Play { scripts: vec![play.scripts[found.script].clone()], weather: play.weather };
            let (short, text) = shorten(&db, &mut store, alone, found.text).await;
            panic!("JCT_TEST_MODEL_SEED={round} JCT_TEST_MODEL_ROUNDS=1, script {}:\n{short}\n{text}", found.script);
        }
    }
    println!("{} random lives agreed with the model", rounds * SCRIPTS as u64);
}

async fn perform(db: &Db, store: &mut Store, name: &str, play: &Play) -> Result<(), Disagreement> {
    let mut lanes: Vec<Lane> = (0..play.scripts.len()).map(|n| Lane::new(format!("{name}-{n}"))).collect();
    let first = db.now();
    for (at, weather) in play.weather.iter().enumerate() {
        change_weather(db, store, &mut lanes, *weather).await?;
        let now = db.now();
        let steps = lanes.iter_mut().zip(&play.scripts).map(|(lane, script)| lane.step(store, now, script[at]));
        agreed(join_all(steps).await)?;
        let places = tables::places(db, first).await;
        agreed(lanes.iter().map(|lane| lane.compare_places(&places, &format!("after step {at}"))).collect())?;
    }
    agreed(join_all(lanes.iter().step_by(HISTORIES).map(|lane| lane.compare_history(store))).await)?;
    say_farewell(db, store, &mut lanes).await
}

fn agreed(outcomes: Vec<Result<(), String>>) -> Result<(), Disagreement> {
    let found = outcomes.into_iter().enumerate().find_map(|(script, outcome)| Some((script, outcome.err()?)));
    found.map_or(Ok(()), |(script, text)| Err(Disagreement { script, text }))
}

async fn change_weather(db: &Db, store: &mut Store, lanes: &mut [Lane], weather: Weather) -> Result<(), Disagreement> {
    match weather {
        Weather::Calm => {}
        Weather::Pass { seconds } => db.pass_seconds(seconds),
        Weather::Reap => return reap(db, store, lanes).await,
        Weather::Restart => {
            store.close().await;
            // A process that starts takes time: its ids sort after those of the last one.
            db.pass_seconds(1);
            *store = db.store().await;
        }
    }
    Ok(())
}

async fn reap(db: &Db, store: &Store, lanes: &mut [Lane]) -> Result<(), Disagreement> {
    let mut all: Vec<Reaped> = Vec::new();
    loop {
        let reaped = store
            .reap(RETRY, 150, 1.0)
            .await
            .map_err(|error| Disagreement { script: 0, text: format!("the reaper failed: {error:?}") })?;
        if reaped.is_empty() {
            break;
        }
        all.extend(reaped);
    }
    let by_task: HashMap<_, _> = all.iter().map(|reaped| (reaped.lease.task_id, reaped)).collect();
    let now = db.now();
    agreed(lanes.iter_mut().map(|lane| lane.reaped(now, &by_task)).collect())
}

/// Cancels what is left, so that no round leaves anything to the next. Whatever happened before, everything ends.
async fn say_farewell(db: &Db, store: &Store, lanes: &mut [Lane]) -> Result<(), Disagreement> {
    db.pass_seconds(60);
    reap(db, store, lanes).await?;
    let now = db.now();
    let farewells = lanes.iter_mut().map(|lane| async move {
        for step in lane.farewell() {
            lane.step(store, now, step).await?;
        }
        lane.all_over()
    });
    agreed(join_all(farewells).await)
}

/// Leaves out one step after the other, for as long as the script still disagrees.
async fn shorten(db: &Db, store: &mut Store, mut play: Play, mut text: String) -> (String, String) {
    let (mut at, mut tries) = (0, 0);
    while at < play.weather.len() {
        let mut shorter = play.clone();
        shorter.weather.remove(at);
        shorter.scripts[0].remove(at);
        tries += 1;
        match perform(db, store, &format!("short-{tries}"), &shorter).await {
            Err(found) => (play, text) = (shorter, found.text),
            Ok(()) => at += 1,
        }
        // A failed play may have left leases behind; nobody may meet them again.
        db.pass(Duration::from_secs(3_600));
        drop(store.reap(RETRY, 1_000, 1.0).await);
    }
    let lines = play.weather.iter().zip(&play.scripts[0]).map(|(weather, step)| format!("  {weather:?}; {step:?}\n"));
    (lines.collect(), text)
}
