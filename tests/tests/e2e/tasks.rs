//! Reading and changing tasks over a socket: lists, states, the machine, cancellation, explanations, the queue.

use std::collections::HashSet;

use jct_tests::{Client, Engine, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

on_both_engines![
    pages_cover_every_task_once,
    filters_narrow_and_unknown_values_are_refused,
    an_outside_executor_takes_and_ends_a_task,
    only_legal_transitions_are_made_and_the_others_name_both_ends,
    a_held_task_waits_until_it_is_released,
    a_waiting_task_is_cancelled_at_once,
    unknown_and_malformed_ids_are_not_found,
    invariant_08_a_waiting_task_is_explained,
    events_end_at_a_final_state_and_resume_where_they_were,
];

fn ids(answer: &jct_tests::Answer) -> Vec<String> {
    let tasks = answer.expect(200);
    tasks.as_array().unwrap().iter().map(|task| task["task_id"].as_str().unwrap().to_owned()).collect()
}

fn enqueue_many(client: &Client, count: usize) -> Vec<String> {
    (0..count).map(|_| client.enqueue(&survey_task())).collect()
}

fn pages_cover_every_task_once(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let mut made = enqueue_many(&client, 11);
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/tasks?limit=4".to_owned());
    loop {
        let page = client.get(&path);
        seen.extend(ids(&page));
        // Whatever arrives meanwhile does not shift what follows.
        enqueue_many(&client, 1);
        match page.header("x-next-cursor") {
            Some(cursor) => path = format!("/tasks?limit=4&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let far = client.get("/tasks?offset=10001").problem(422, "INVALID_REQUEST");
    assert!(far.to_string().contains("cursor"), "the way to go on is named: {far}");
}

fn filters_narrow_and_unknown_values_are_refused(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let plain = client.enqueue(&survey_task());
    let mut docs = survey_task();
    docs["operation"] = "docs".into();
    docs["requested_by"]["kind"] = "system".into();
    docs["target"]["repo"] = "MyOrg/Other.git".into();
    let docs = client.enqueue(&docs);
    for (query, expected) in [
        ("operation=docs", vec![&docs]),
        ("requester_kind=human", vec![&plain]),
        ("target_repo=myorg/other", vec![&docs]),
        ("status=queued", vec![&docs, &plain]),
        ("status=running", vec![]),
        ("operation=docs&requester_kind=human", vec![]),
    ] {
        assert_eq!(ids(&client.get(&format!("/tasks?{query}"))).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    for bad in ["status=done", "operation=build", "requester_kind=robot", "limit=0", "limit=501", "offset=-1", "x=1"] {
        client.get(&format!("/tasks?{bad}")).problem(422, "INVALID_REQUEST");
    }
}

fn an_outside_executor_takes_and_ends_a_task(engine: Engine) {
    let tower = TestTower::idle(engine);
    let jules = tower.client("jules", &["tasks:read", "tasks:execute"]);
    let other = tower.client("other", &["tasks:read", "tasks:execute"]);
    let id = tower.operator().enqueue(&survey_task());
    let path = format!("/tasks/{id}/status");
    let taken = jules.patch(&path, &json!({ "status": "running", "assigned_to": "jules-7" })).expect(200);
    assert_eq!((&taken["task"]["status"], &taken["task"]["assigned_to"]), (&json!("running"), &json!("jules-7")));
    let fence = taken["lease"]["fence"].as_str().unwrap();
    other.patch(&path, &json!({ "status": "completed" })).problem(409, "HELD_BY_OTHER");
    jules.patch(&path, &json!({ "status": "completed", "fence": "1.99" })).problem(409, "STALE_FENCE");
    jules.patch(&path, &json!({ "status": "completed", "error": "x" })).problem(422, "INVALID_REQUEST");
    // Through the query as well as through the body.
    let done = jules.call("PATCH", &format!("{path}?status=completed&fence={fence}"), &[], b"").expect(200);
    assert_eq!((&done["task"]["status"], &done["task"]["result"]), (&json!("completed"), &json!({})));
    jules.patch(&path, &json!({ "status": "failed", "error": "late" })).problem(409, "ILLEGAL_TRANSITION");
}

fn only_legal_transitions_are_made_and_the_others_name_both_ends(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let path = format!("/tasks/{id}/status");
    for to in ["pending", "queued", "completed"] {
        let problem = client.patch(&path, &json!({ "status": to })).problem(409, "ILLEGAL_TRANSITION");
        let text = problem.to_string();
        assert!(text.contains("queued") && text.contains(to), "{text}");
    }
    client.patch(&path, &json!({ "status": "done" })).problem(422, "INVALID_REQUEST");
    client.patch(&path, &json!({})).problem(422, "INVALID_REQUEST");
    assert_eq!(client.patch(&path, &json!({ "status": "failed", "error": "no" })).status, 200);
    assert_eq!(client.task(&id)["error"], "no");
}

fn a_held_task_waits_until_it_is_released(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let made = client.post("/tasks/enqueue?hold=true", &survey_task()).expect(201);
    assert_eq!(made["status"], "pending");
    let path = format!("/tasks/{}/status", made["task_id"].as_str().unwrap());
    let released = client.patch(&path, &json!({ "status": "queued" })).expect(200);
    assert_eq!(released["task"]["status"], "queued");
}

fn a_waiting_task_is_cancelled_at_once(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let cancelled = client.post(&format!("/tasks/{id}/cancel"), &json!({})).expect(200);
    assert_eq!(cancelled["task"]["status"], "cancelled");
    client.post(&format!("/tasks/{id}/cancel"), &json!({})).problem(409, "ILLEGAL_TRANSITION");
}

fn unknown_and_malformed_ids_are_not_found(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    for id in ["018f0000-0000-7000-8000-000000000000", "no-id", "%00", "1", "018F0000-0000-7000-8000-000000000000"] {
        for path in ["", "/events", "/explain", "/attempts", "/trace", "/trace/log.txt"] {
            let problem = client.get(&format!("/tasks/{id}{path}")).problem(404, "TASK_NOT_FOUND");
            assert!(problem.to_string().contains("Task not found"), "{problem}");
        }
    }
}

fn invariant_08_a_waiting_task_is_explained(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let explain = |id: &str| client.get(&format!("/tasks/{id}/explain")).expect(200);
    let kinds = |explained: &Value| -> HashSet<String> {
        let blockers = explained["blockers"].as_array().unwrap();
        blockers.iter().map(|blocker| blocker["kind"].as_str().unwrap().to_owned()).collect()
    };
    let first = client.enqueue(&survey_task());
    let second = client.enqueue(&survey_task());
    let waiting = explain(&second);
    assert_eq!(waiting["state"], "waiting");
    assert!(kinds(&waiting).contains("no_worker") && kinds(&waiting).contains("behind"), "{waiting}");
    assert_eq!(client.post("/queue/pause", &json!({ "reason": "maintenance" })).status / 100, 2);
    let paused = explain(&second);
    assert!(kinds(&paused).contains("queue_paused") && paused["summary"].as_str().unwrap().contains("operator"));
    assert_eq!(client.post("/queue/resume", &json!({})).status / 100, 2);
    assert_eq!(client.patch(&format!("/tasks/{first}/status"), &json!({ "status": "running" })).status, 200);
    let running = explain(&first);
    assert_eq!(running["state"], "running");
    assert!(running["summary"].as_str().unwrap().contains("operator"), "{running}");
    let held = client.post("/tasks/enqueue?hold=true", &survey_task()).expect(201);
    assert_eq!(explain(held["task_id"].as_str().unwrap())["state"], "held");
}

fn events_end_at_a_final_state_and_resume_where_they_were(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let path = format!("/tasks/{id}/events");
    // Somebody who listens from the start, while the task moves on under another hand.
    let stream = std::thread::scope(|scope| {
        let listener = tower.reader();
        let listening = scope.spawn({
            let path = path.clone();
            move || listener.get(&path).text()
        });
        assert_eq!(client.patch(&format!("/tasks/{id}/status"), &json!({ "status": "running" })).status, 200);
        assert_eq!(client.patch(&format!("/tasks/{id}/status"), &json!({ "status": "completed" })).status, 200);
        listening.join().unwrap()
    });
    let ids = |text: &str| -> Vec<u64> {
        text.lines().filter_map(|line| line.strip_prefix("id:")).map(|id| id.trim().parse().unwrap()).collect()
    };
    assert_eq!(ids(&stream), [1, 2, 3]);
    let rest = client.call("GET", &path, &[("last-event-id", "1")], b"").text();
    assert_eq!(ids(&rest), [2, 3]);
}
