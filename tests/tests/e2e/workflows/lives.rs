//! What can become of a run and its steps.

use jct_tests::{Engine, TestTower, on_both_engines};
use serde_json::json;

use super::support::{define, over, settled, start, step, step_of, told, tower};

on_both_engines![
    a_failed_step_is_tried_again_and_skips_what_waits_for_it,
    a_step_that_takes_too_long_is_called_off,
    a_run_that_takes_too_long_fails,
    a_cancelled_run_stops_its_tasks,
    a_step_that_the_policy_refuses_fails_at_once,
    a_fork_keeps_what_succeeded,
    a_run_keeps_the_version_it_began_with,
    a_task_that_somebody_cancels_is_not_tried_again,
    the_limit_of_steps_at_once_holds,
    a_step_may_have_less_time_than_a_task,
    nobody_else_takes_the_key_of_a_step,
];

fn a_failed_step_is_tried_again_and_skips_what_waits_for_it(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let steps = [
        step("bad", &[], &["false"], &json!({"retries": 1})),
        step("after", &["bad"], &["true"], &json!({})),
        step("beyond", &["after"], &["true"], &json!({})),
        step("alone", &[], &["true"], &json!({})),
    ];
    let workflow = define(&client, "flaky", &steps, &json!({}));
    let run = over(&client, &start(&client, &workflow));
    assert_eq!(told(&run), "bad=failed after=skipped beyond=skipped alone=succeeded");
    assert_eq!(
        (&run["status"], &run["result"]["steps"]),
        (&json!("failed"), &json!({"failed": 1, "skipped": 2, "succeeded": 1}))
    );
    let attempts = step_of(&run, "bad")["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[1]["attempt"], &attempts[1]["status"]), (2, &json!(2), &json!("failed")));
    client
        .post(&format!("/workflows/{workflow}/runs/{}/cancel", run["id"].as_str().unwrap()), &json!({}))
        .problem(409, "ILLEGAL_TRANSITION");
}

fn a_step_that_takes_too_long_is_called_off(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let slow = step("slow", &[], &["sleep", "50"], &json!({"timeout_seconds": 2}));
    let workflow = define(&client, "slow", &[slow], &json!({}));
    let run = over(&client, &start(&client, &workflow));
    assert_eq!(told(&run), "slow=failed");
    assert!(run["error"].as_str().unwrap().contains("took longer than 2 seconds"), "{run}");
    let task = step_of(&run, "slow")["attempts"][0]["task_id"].as_str().unwrap();
    let _ended = client.wait_for(task, &["cancelled"]);
}

fn a_run_that_takes_too_long_fails(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let steps = [step("slow", &[], &["sleep", "50"], &json!({})), step("after", &["slow"], &["true"], &json!({}))];
    let workflow = define(&client, "slow", &steps, &json!({"timeout_seconds": 2}));
    let run = over(&client, &start(&client, &workflow));
    assert_eq!((told(&run).as_str(), &run["status"]), ("slow=cancelled after=cancelled", &json!("failed")));
    assert_eq!(run["error"], "the run took longer than 2 seconds");
}

/// Waits until a step has a task that a worker holds; the id of the task.
fn running(tower: &TestTower, path: &str, id: &str) -> String {
    let client = tower.operator();
    let run = settled(&client, path, |run| !step_of(run, id)["attempts"][0].is_null());
    let task = step_of(&run, id)["attempts"][0]["task_id"].as_str().unwrap().to_owned();
    let _running = client.wait_for(&task, &["running"]);
    task
}

fn a_cancelled_run_stops_its_tasks(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let steps = [step("long", &[], &["sleep", "50"], &json!({})), step("after", &["long"], &["true"], &json!({}))];
    let workflow = define(&client, "long", &steps, &json!({}));
    let path = start(&client, &workflow);
    let task = running(&tower, &path, "long");
    let asked = client.post(&format!("{path}/cancel"), &json!({})).expect(202);
    assert_eq!(asked["cancel_requested_by"], "operator");
    let run = over(&client, &path);
    assert_eq!((told(&run).as_str(), &run["status"]), ("long=cancelled after=cancelled", &json!("cancelled")));
    assert_eq!((&run["error"], &client.task(&task)["status"]), (&json!("called off by operator"), &json!("cancelled")));
}

fn a_step_that_the_policy_refuses_fails_at_once(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let mut foreign = step("foreign", &[], &["true"], &json!({"retries": 3}));
    foreign["task"]["target"]["repo"] = json!("elsewhere/app");
    let workflow = define(&client, "foreign", &[foreign], &json!({}));
    let run = over(&client, &start(&client, &workflow));
    let step = step_of(&run, "foreign");
    assert_eq!((&step["status"], &step["attempts"]), (&json!("failed"), &json!([])));
    assert!(step["detail"].as_str().unwrap().contains("REPO_NOT_ALLOWED"), "{step}");
}

fn a_fork_keeps_what_succeeded(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let mut last = step(
        "last",
        &["first", "second"],
        &["true"],
        &json!({"when": "steps.first.result.commands[0].exit_code == 0"}),
    );
    last["task"]["objective"] = json!("The first step ended with ${{ steps.first.result.commands[0].exit_code }}");
    let steps =
        [step("first", &[], &["true"], &json!({})), step("second", &[], &["test", "-e", "READY"], &json!({})), last];
    let workflow = define(&client, "forked", &steps, &json!({}));
    let path = start(&client, &workflow);
    let fork = json!({"from_step": "second"});
    let early = client.post(&format!("{path}/fork"), &fork);
    if early.status == 409 {
        early.problem(409, "ILLEGAL_TRANSITION");
    }
    let old = over(&client, &path);
    assert_eq!(told(&old), "first=succeeded second=failed last=skipped");
    tower.repository().commit("READY", "yes\n");
    client.post(&format!("{path}/fork"), &json!({"from_step": "none"})).problem(422, "INVALID_REQUEST");
    let new = client.post(&format!("{path}/fork"), &fork).expect(201);
    assert_eq!(new["forked_from"], json!({"run_id": old["id"], "step": "second"}));
    let new = over(&client, &format!("/workflows/{workflow}/runs/{}", new["id"].as_str().unwrap()));
    assert_eq!(
        (told(&new).as_str(), &new["status"]),
        ("first=succeeded second=succeeded last=succeeded", &json!("succeeded"))
    );
    let first = step_of(&new, "first");
    assert_eq!((&first["kept"], &first["attempts"]), (&json!(true), &json!([])));
    let task = client.task(step_of(&new, "last")["attempts"][0]["task_id"].as_str().unwrap());
    assert_eq!(task["objective"], "The first step ended with 0");
    // A fork of a fork keeps what that one kept.
    let third = client
        .post(
            &format!("/workflows/{workflow}/runs/{}/fork", new["id"].as_str().unwrap()),
            &json!({"from_step": "last"}),
        )
        .expect(201);
    let third = over(&client, &format!("/workflows/{workflow}/runs/{}", third["id"].as_str().unwrap()));
    assert_eq!((&step_of(&third, "second")["kept"], &third["status"]), (&json!(true), &json!("succeeded")));
}

fn a_run_keeps_the_version_it_began_with(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let old = [step("wait", &[], &["sleep", "3"], &json!({})), step("old", &["wait"], &["true"], &json!({}))];
    let workflow = define(&client, "changing", &old, &json!({}));
    let path = start(&client, &workflow);
    running(&tower, &path, "wait");
    let new = json!({"definition": {"name": "changing", "steps": [step("new", &[], &["true"], &json!({}))]}});
    let changed = client.patch(&format!("/workflows/{workflow}"), &new).expect(200);
    assert_eq!((&changed["version"], &changed["steps"][0]["id"]), (&json!(2), &json!("new")));
    assert_eq!(told(&over(&client, &start(&client, &workflow))), "new=succeeded");
    let run = over(&client, &path);
    assert_eq!((&run["version"], told(&run).as_str()), (&json!(1), "wait=succeeded old=succeeded"));
}

fn a_task_that_somebody_cancels_is_not_tried_again(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let long = step("long", &[], &["sleep", "50"], &json!({"retries": 5}));
    let workflow = define(&client, "long", &[long], &json!({}));
    let path = start(&client, &workflow);
    let task = running(&tower, &path, "long");
    let _asked = client.post(&format!("/tasks/{task}/cancel"), &json!({})).expect(202);
    let run = over(&client, &path);
    assert_eq!((told(&run).as_str(), &run["status"]), ("long=cancelled", &json!("failed")));
    assert_eq!(step_of(&run, "long")["attempts"].as_array().unwrap().len(), 1);
}

fn the_limit_of_steps_at_once_holds(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let steps: Vec<_> = (0..4).map(|n| step(&format!("s{n}"), &[], &["true"], &json!({}))).collect();
    let workflow = define(&client, "narrow", &steps, &json!({"max_parallel": 1}));
    let run = over(&client, &start(&client, &workflow));
    let mut times: Vec<(String, String)> = run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let attempt = &step["attempts"][0];
            (attempt["enqueued_at"].as_str().unwrap().to_owned(), attempt["finished_at"].as_str().unwrap().to_owned())
        })
        .collect();
    times.sort();
    assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{times:?}");
}

fn a_step_may_have_less_time_than_a_task(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let mut short = step("short", &[], &["true"], &json!({"timeout_seconds": 25}));
    short["task"].as_object_mut().unwrap().remove("constraints");
    let workflow = define(&client, "short", &[short], &json!({}));
    let run = over(&client, &start(&client, &workflow));
    assert_eq!(told(&run), "short=succeeded", "{run}");
}

/// Whoever knows the run can make the task of a step that is to come, to the letter, but not hand it in.
fn nobody_else_takes_the_key_of_a_step(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let steps = [step("wait", &[], &["sleep", "4"], &json!({})), step("next", &["wait"], &["true"], &json!({}))];
    let workflow = define(&client, "taken", &steps, &json!({}));
    let path = start(&client, &workflow);
    let wait = running(&tower, &path, "wait");
    let run = path.rsplit('/').next().unwrap();
    let key = |step: &str| format!("jct:workflow:{run}/{step}/1");
    assert_eq!(client.task(&wait)["idempotency_key"], key("wait"), "it is the key that the driver uses");
    let mut forged = steps[1]["task"].clone();
    forged["requested_by"] = json!({"kind": "system", "id": "workflow/taken"});
    forged["idempotency_key"] = json!(key("next"));
    forged["metadata"] = json!({"workflow": {"name": "taken", "run_id": run, "step": "next", "attempt": 1}});
    let refused = tower.client("carl", &["tasks:write"]).post("/tasks/enqueue", &forged).problem(422, "INVALID_TASK");
    let violation = &refused["violations"][0];
    assert_eq!((&violation["pointer"], &violation["code"]), (&json!("/idempotency_key"), &json!("VALUE_NOT_ALLOWED")));
    let run = over(&client, &path);
    assert_eq!((told(&run).as_str(), &run["status"]), ("wait=succeeded next=succeeded", &json!("succeeded")), "{run}");
}
