//! Workflows and the tower's own events: runs are told of, and a loop ends.

use jct_event::limits::CHAIN_MAX_DEPTH;
use jct_tests::{Engine, on_both_engines};
use serde_json::json;

use super::support::{define, over, settled, start, step, tower};

on_both_engines![
    runs_are_told_of,
    a_workflow_that_starts_itself_comes_to_an_end,
    a_condition_that_comes_to_nothing_starts_nothing_and_is_told,
];

fn runs_are_told_of(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let workflow = define(&client, "told", &[step("one", &[], &["true"], &json!({}))], &json!({}));
    let run = over(&client, &start(&client, &workflow));
    let events = settled(&client, "/events?event_type=workflow.run_changed", |events| events[1].is_object());
    let told: Vec<_> = events.as_array().unwrap().iter().rev().map(|event| &event["data"]).collect();
    assert_eq!(
        (&told[0]["from"], &told[0]["to"], &told[1]["to"]),
        (&json!(null), &json!("running"), &json!("succeeded"))
    );
    assert_eq!((&told[1]["run_id"], &told[1]["workflow"]), (&run["id"], &json!("told")));
}

fn a_workflow_that_starts_itself_comes_to_an_end(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let trigger = json!({"trigger": {
        "event_types": ["task.state_changed"],
        "condition": "event.data.to == 'completed' && event.data.repo == 'myorg/app'",
    }});
    let workflow = define(&client, "restless", &[step("again", &[], &["true"], &json!({}))], &trigger);
    over(&client, &start(&client, &workflow));
    let dead = settled(&client, "/events?status=dead", |dead| dead[0].is_object());
    assert!(dead[0]["error"].as_str().unwrap().contains("loop"), "{dead}");
    let runs = settled(&client, &format!("/workflows/{workflow}/runs?limit=500"), |runs| {
        runs.as_array().unwrap().iter().all(|run| !run["finished_at"].is_null())
    });
    let depths: Vec<u64> = runs.as_array().unwrap().iter().map(|run| run["depth"].as_u64().unwrap()).collect();
    assert_eq!(depths.iter().max(), Some(&u64::from(CHAIN_MAX_DEPTH)), "{depths:?}");
    assert_eq!(runs.as_array().unwrap().len() as u64, u64::from(CHAIN_MAX_DEPTH) + 1);
}

fn a_condition_that_comes_to_nothing_starts_nothing_and_is_told(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let trigger = json!({"trigger": {"event_types": ["user.action"], "condition": "event.data.missing == 1"}});
    let workflow = define(&client, "unsure", &[step("one", &[], &["true"], &json!({}))], &trigger);
    let event = json!({"type": "user.action", "source": "web", "data": {}});
    let event = client.post("/events", &event).expect(201)["event_id"].as_str().unwrap().to_owned();
    let event = settled(&client, &format!("/events/{event}"), |event| event["status"] == "completed");
    let undecided = &event["result"]["undecided_conditions"][0];
    assert_eq!((&undecided["workflow_id"], &event["result"]["workflows"]), (&json!(workflow), &json!([])));
    assert!(undecided["error"].as_str().unwrap().contains("missing"), "{event}");
    assert_eq!(client.get(&format!("/workflows/{workflow}/runs")).expect(200), json!([]));
}
