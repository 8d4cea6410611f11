//! Drivers that die anywhere: no step is done twice, none before what it waits for, every run ends, and ends as its steps
//! say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jct_tests::{Client, Engine, Setup, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{define, start, step};

on_both_engines![runs_end_as_they_must_while_their_drivers_die];

const RUNS: usize = 4;
const LEASE: Duration = Duration::from_millis(250);

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Steps that wait for some of those before them and work or do not; and how each has to end.
fn graph(numbers: &mut Numbers) -> (Vec<Value>, BTreeMap<String, &'static str>) {
    let (mut steps, mut ends) = (Vec::new(), BTreeMap::new());
    for place in 0..3 + numbers.below(5) {
        let before: Vec<String> =
            (0..place).filter(|_| numbers.below(3) == 0).map(|place| format!("s{place}")).collect();
        let (works, is_wanted) = (numbers.below(6) > 0, numbers.below(6) > 0);
        let blocked = before.iter().any(|step| matches!(ends[step], "failed" | "blocked"));
        let end = match (blocked, is_wanted, works) {
            (true, ..) => "blocked",
            (false, false, _) => "skipped",
            (false, true, true) => "succeeded",
            (false, true, false) => "failed",
        };
        let id = format!("s{place}");
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let more = if is_wanted { json!({}) } else { json!({"when": "false"}) };
        steps.push(step(&id, &before, &[if works { "true" } else { "false" }], &more));
        ends.insert(id, end);
    }
    (steps, ends)
}

fn runs_end_as_they_must_while_their_drivers_die(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { workflows: false, ..Setup::default() });
    let client = tower.operator();
    let mut numbers = Numbers(2026);
    let runs: Vec<_> = (0..RUNS)
        .map(|number| {
            let (steps, ends) = graph(&mut numbers);
            let workflow = define(&client, &format!("random_{number}"), &steps, &json!({"max_parallel": 2}));
            (start(&client, &workflow), ends)
        })
        .collect();
    let began = Instant::now();
    let mut deaths = 0;
    while runs.iter().any(|(path, _)| client.get(path).expect(200)["finished_at"].is_null()) {
        assert!(began.elapsed() < Duration::from_secs(120), "runs do not end: {:#?}", states(&client, &runs));
        // Most die in the middle of something; some get through.
        let span = if numbers.below(8) == 0 { 1_000_000 } else { 500 + numbers.below(120_000) };
        tower.drive_and_die(Duration::from_micros(span), LEASE);
        deaths += 1;
    }
    assert!(deaths > RUNS, "{deaths}");
    let mut attempts = 0;
    for (path, ends) in &runs {
        let run = client.get(path).expect(200);
        attempts += check(&run, ends);
    }
    let tasks = client.get("/tasks?limit=500").expect(200);
    assert_eq!(tasks.as_array().unwrap().len(), attempts, "a task that is no attempt of a step");
}

/// The runs that are not over, and the tasks that they wait for.
fn states(client: &Client, runs: &[(String, BTreeMap<String, &'static str>)]) -> Vec<Value> {
    let mut states = Vec::new();
    for run in runs.iter().map(|(path, _)| client.get(path).expect(200)).filter(|run| run["finished_at"].is_null()) {
        let attempts = run["steps"].as_array().unwrap().iter().flat_map(|step| step["attempts"].as_array().unwrap());
        let open = attempts.filter(|attempt| attempt["status"].is_null());
        states.extend(open.map(|attempt| client.task(attempt["task_id"].as_str().unwrap())));
        states.push(run.clone());
    }
    states
}

/// Compares a run with how it had to end; how many attempts it took.
fn check(run: &Value, ends: &BTreeMap<String, &'static str>) -> usize {
    let steps: BTreeMap<&str, &Value> =
        run["steps"].as_array().unwrap().iter().map(|step| (step["id"].as_str().unwrap(), step)).collect();
    let mut attempts = 0;
    for (id, end) in ends {
        let step = steps[id.as_str()];
        let (status, most) = match *end {
            "blocked" | "skipped" => ("skipped", 0),
            "succeeded" => ("succeeded", 1),
            _ => ("failed", 1),
        };
        let own = step["attempts"].as_array().unwrap();
        assert_eq!((step["status"].as_str(), own.len()), (Some(status), most), "{id} of {run}");
        attempts += own.len();
        for before in step["dependencies"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()) {
            let finished =
                steps[before]["attempts"].as_array().unwrap().last().map(|last| last["finished_at"].as_str().unwrap());
            let begun = own.first().map(|first| first["enqueued_at"].as_str().unwrap());
            assert!(finished.zip(begun).is_none_or(|(finished, begun)| finished <= begun), "{id} before {before}");
        }
    }
    let failed = ends.values().any(|end| *end == "failed");
    assert_eq!(run["status"], if failed { "failed" } else { "succeeded" }, "{run}");
    attempts
}
