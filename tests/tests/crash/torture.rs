//! The torture: tasks flow, and something dies every moment.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jct_store::DatabaseUrl;
use jct_tests::{Client, Database, Engine, Processes, on_both_engines, survey_task};
use rand::RngExt;

use crate::books::Books;
use crate::server::Server;

on_both_engines![nothing_is_lost_or_accepted_twice_while_processes_die];

/// Tasks of a short run, and the time between two deaths in it.
const TASKS: usize = 60;
const BETWEEN_DEATHS: Duration = Duration::from_millis(700);
/// The longest that the last task may take after the last one was handed in, for each task.
const PATIENCE: Duration = Duration::from_secs(120);
/// Kinds of death.
const KINDS: usize = 4;
const CALLERS: usize = 4;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn nothing_is_lost_or_accepted_twice_while_processes_die(engine: Engine) {
    let tasks = setting("JCT_TEST_TORTURE_TASKS", TASKS);
    // The long run has a server of its own, which is restarted for real.
    let server = (engine == Engine::Postgres && tasks > TASKS).then(Server::start).flatten();
    let database = match &server {
        Some(server) => Database::at(&server.address()),
        None => Database::new(engine),
    };
    let url = database.url();
    let mut processes = Processes::new(database, 2);
    processes.start_api();
    for n in 0..processes.workers() {
        processes.start_worker(n);
    }
    let (acknowledged, deaths) = flow(&mut processes, server.as_ref(), tasks);
    settle_down(&mut processes, tasks);
    processes.stop();
    println!("{engine:?}: {deaths}");
    balance(&url, &acknowledged, processes.lease());
}

/// How often what died.
#[derive(Debug, Default)]
struct Deaths {
    workers: usize,
    pauses: usize,
    apis: usize,
    databases: usize,
    longest_api_start: Duration,
}

impl std::fmt::Display for Deaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { workers, pauses, apis, databases, longest_api_start } = self;
        write!(
            f,
            "killed {workers} workers and {apis} APIs, paused {pauses} workers past their leases, restarted the database {databases} times, "
        )?;
        write!(f, "the API was back after at most {longest_api_start:?}")
    }
}

/// Hands in tasks from several callers while processes die; gives what was acknowledged, by key.
fn flow(processes: &mut Processes, server: Option<&Server>, tasks: usize) -> (HashMap<String, String>, Deaths) {
    let acknowledged = Arc::new(Mutex::new(HashMap::new()));
    let next = Arc::new(AtomicUsize::new(0));
    let client = processes.operator();
    let done = AtomicBool::new(false);
    let mut deaths = Deaths::default();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (client, acknowledged, next) = (client.clone(), Arc::clone(&acknowledged), Arc::clone(&next));
                scope.spawn(move || {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= tasks {
                            return;
                        }
                        let key = format!("torture-{n}");
                        let id = hand_in(&client, &key);
                        acknowledged.lock().unwrap().insert(key, id);
                    }
                })
            })
            .collect();
        let killer = scope.spawn(|| {
            let (mut dice, mut rounds) = (rand::rng(), 0);
            // A short run ends only when everything has died once.
            while rounds < KINDS || !done.load(Ordering::Relaxed) {
                std::thread::sleep(between_deaths().mul_f64(dice.random_range(0.5..1.5)));
                // Each kind of death once, then whatever comes.
                let roll = [0, 4, 5, 8].get(rounds).copied().unwrap_or_else(|| dice.random_range(0..10));
                rounds += 1;
                kill_something(processes, server, &mut deaths, roll);
            }
        });
        for caller in callers {
            caller.join().unwrap();
        }
        // Dying goes on until a tenth is left: a tower that is killed faster than it works never ends.
        let start = Instant::now();
        while start.elapsed() < patience(tasks) && open_tasks(&client).is_none_or(|open| open > tasks / 10) {
            std::thread::sleep(Duration::from_millis(200));
        }
        done.store(true, Ordering::Relaxed);
        killer.join().unwrap();
    });
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    (acknowledged, deaths)
}

fn between_deaths() -> Duration {
    let millis = setting("JCT_TEST_TORTURE_MILLIS_BETWEEN_DEATHS", BETWEEN_DEATHS.as_millis() as usize);
    Duration::from_millis(millis as u64)
}

fn kill_something(processes: &mut Processes, server: Option<&Server>, deaths: &mut Deaths, roll: usize) {
    match roll {
        0..4 => {
            let n = roll % processes.workers();
            processes.kill_worker(n);
            processes.start_worker(n);
            deaths.workers += 1;
        }
        4 => {
            let n = deaths.pauses % processes.workers();
            processes.pause_worker(n, processes.lease() + Duration::from_secs(1));
            deaths.pauses += 1;
        }
        5..8 => {
            processes.kill_api();
            deaths.longest_api_start = deaths.longest_api_start.max(processes.start_api());
            deaths.apis += 1;
        }
        _ => {
            match server {
                Some(server) => {
                    server.down();
                    server.up();
                }
                None => processes.database().cut_connections(),
            }
            deaths.databases += 1;
        }
    }
    // A worker that ended because it lost its database at the wrong moment is started again, as any supervisor would.
    processes.revive_workers();
}

/// Sends a task until it is acknowledged. The key makes that safe whatever became of an earlier try.
fn hand_in(client: &Client, key: &str) -> String {
    let mut task = survey_task();
    task["idempotency_key"] = key.into();
    let start = Instant::now();
    loop {
        let body = task.to_string();
        let json = [("content-type", "application/json")];
        match client.try_call("POST", "/tasks/enqueue", &json, body.as_bytes()) {
            Ok(answer) if matches!(answer.status, 200 | 201) => {
                return answer.json()["task_id"].as_str().unwrap().to_owned();
            }
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            Err(_) => {}
        }
        assert!(start.elapsed() < PATIENCE, "the tower does not take tasks any more");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until nothing waits and nothing runs.
fn settle_down(processes: &mut Processes, tasks: usize) {
    let client = processes.operator();
    let start = Instant::now();
    while open_tasks(&client) != Some(0) {
        processes.revive_workers();
        assert!(start.elapsed() < patience(tasks), "tasks are still open after {:?}", patience(tasks));
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn patience(tasks: usize) -> Duration {
    PATIENCE + Duration::from_millis(200) * u32::try_from(tasks).unwrap()
}

/// How many tasks wait or run; `None` while nobody answers.
fn open_tasks(client: &Client) -> Option<usize> {
    let answer = client.try_call("GET", "/status", &[], b"").ok().filter(|answer| answer.status == 200)?;
    let status = answer.json();
    let depth = status["queue"].get("depth").unwrap_or(&status["queue"]);
    let open = |name: &str| depth[name].as_u64().unwrap_or_else(|| panic!("no `{name}` in {status}"));
    usize::try_from(open("queued") + open("running")).ok()
}

fn balance(url: &DatabaseUrl, acknowledged: &HashMap<String, String>, lease: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(Books::balance(url, acknowledged)).assert_balanced(lease);
}
