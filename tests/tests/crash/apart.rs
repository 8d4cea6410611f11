//! API and worker apart, as an operator runs them: two processes that share nothing but a database and a trace root.

use jct_tests::{Database, Engine, Processes, command_task, on_both_engines, survey_task};

on_both_engines![
    a_task_handed_to_the_api_is_run_by_a_worker_in_another_process,
    a_worker_that_is_told_to_end_gives_its_task_back,
    invariant_09_idle_processes_write_nothing_but_their_presence,
];

fn a_task_handed_to_the_api_is_run_by_a_worker_in_another_process(engine: Engine) {
    let mut processes = Processes::new(Database::new(engine), 1);
    processes.start_api();
    processes.start_worker(0);
    let client = processes.operator();
    let id = client.enqueue(&survey_task());
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!((&task["status"], &task["assigned_to"]), (&"completed".into(), &"worker-0".into()), "{task}");
    assert_eq!(client.get(&format!("/tasks/{id}/trace/manifest.json")).status, 200);
    processes.stop();
}

fn a_worker_that_is_told_to_end_gives_its_task_back(engine: Engine) {
    let mut processes = Processes::new(Database::new(engine), 2);
    processes.start_api();
    processes.start_worker(0);
    let client = processes.operator();
    let id = client.enqueue(&command_task("sleep 2; echo done"));
    let _running = client.wait_for(&id, &["running"]);
    // The first word: no new work. What runs may finish within its grace.
    processes.end_worker(0);
    let task = client.wait_for(&id, &["completed", "failed", "queued"]);
    assert_ne!(task["status"], "failed", "{task}");
    processes.start_worker(1);
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "completed", "{task}");
    processes.stop();
}

fn invariant_09_idle_processes_write_nothing_but_their_presence(engine: Engine) {
    let mut processes = Processes::new(Database::new(engine), 1);
    processes.start_api();
    processes.start_worker(0);
    let client = processes.operator();
    let id = client.enqueue(&survey_task());
    assert_eq!(client.wait_for(&id, &["completed", "failed"])["status"], "completed");
    // What the task set off comes to its end first: the tower tells of it, and processes what it told.
    let mut before = processes.database().rows();
    for _ in 0..30 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let now = processes.database().rows();
        let is_still = now == before;
        before = now;
        if is_still {
            break;
        }
    }
    // Long enough for many polls, heartbeats and reaper's rounds, shorter than one update of the presence.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(processes.database().rows(), before);
    processes.stop();
}
