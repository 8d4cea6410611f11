//! A lease that is lost, with real processes under it.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use jct_tests::{Engine, TestTower, command_task, on_both_engines};
use serde_json::json;

on_both_engines![a_lost_lease_ends_every_process_of_the_work];

/// Only a process that survives reaches this.
const PATIENCE: Duration = Duration::from_secs(60);

fn a_lost_lease_ends_every_process_of_the_work(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    // A number that no other process of this machine sleeps for.
    let seconds = format!("86400.{:07}{}", std::process::id(), if engine == Engine::Sqlite { 1 } else { 2 });
    let script = format!("sleep {seconds} & setsid sleep {seconds} & (setsid env -i sleep {seconds} &); wait");
    let id = client.enqueue(&command_task(&script));
    until("the work runs", || sleepers(&seconds) == 3);
    tower.forget_leases(true);
    until("every process of it is gone", || sleepers(&seconds) == 0);
    tower.forget_leases(false);
    let attempts = || client.get(&format!("/tasks/{id}/attempts")).expect(200);
    until("the attempt has ended", || !attempts()[0]["reason"].is_null());
    let attempts = attempts();
    assert_eq!(attempts[0]["reason"], "LEASE_LOST", "{attempts}");
    let stopping = client.post(&format!("/tasks/{id}/cancel"), &json!({})).status;
    assert!([200, 202].contains(&stopping), "{stopping}");
    let task = client.wait_for(&id, &["cancelled", "failed"]);
    assert_eq!(task["status"], "cancelled", "{task}");
    until("nothing of the next attempt is left", || sleepers(&seconds) == 0);
}

fn sleepers(seconds: &str) -> usize {
    let command = format!("sleep\0{seconds}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    processes.filter(|path| fs::read(path).is_ok_and(|line| line == command.as_bytes())).count()
}

#[track_caller]
fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
