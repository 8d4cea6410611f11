//! Events over a socket, from the post to a receiver outside who checks the signature.

use std::time::Duration;

use jct_contract::{Clock as _, SystemClock};
use jct_event::webhook::{SignedHeaders, WebhookSecret, WebhookSecrets};
use jct_tests::{Client, Engine, Heard, Receiver, Setup, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

on_both_engines![
    an_event_is_told_to_a_receiver_who_can_check_it,
    every_form_of_an_event_is_taken_in,
    a_repetition_changes_nothing_and_another_event_is_refused,
    a_receiver_that_fails_is_told_again_under_the_same_name,
    a_receiver_that_is_gone_is_told_nothing_more,
    a_private_address_is_refused,
    a_slow_receiver_holds_up_nobody,
    changes_of_tasks_are_told_to_those_who_want_them,
    a_dead_event_is_redriven_and_done,
    a_message_is_sent_once_more_and_a_test_on_demand,
    bad_events_and_webhooks_are_refused_in_words,
    scopes_keep_events_and_webhooks_apart,
];

fn tower(engine: Engine) -> TestTower {
    TestTower::with(engine, &Setup { worker: false, webhook_hosts: &["127.0.0.1"], ..Setup::default() })
}

/// A webhook for these types; its id and its secret.
fn webhook(client: &Client, receiver: &Receiver, name: &str, types: &[&str]) -> (String, WebhookSecret) {
    let made = client.post("/webhooks", &json!({ "name": name, "url": receiver.url(), "event_types": types }));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.expect(201);
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().parse().unwrap())
}

fn is_genuine(heard: &Heard, secret: &WebhookSecret) -> bool {
    let header = |name: &str| heard.header(name).unwrap().to_owned();
    let headers = SignedHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let secrets = WebhookSecrets::new(vec![secret.clone()]).unwrap();
    secrets.verify(&headers, &heard.body, SystemClock.now(), Duration::from_secs(300)).is_ok()
}

fn settled(client: &Client, id: &str, status: &str) -> Value {
    settled_at(client, &format!("/events/{id}"), |event| event["status"] == status)
}

/// Reads until it is as it should be.
#[track_caller]
fn settled_at(client: &Client, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let start = std::time::Instant::now();
    loop {
        let found = client.get(path).expect(200);
        if is_there(&found) {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "never: {found}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn an_event_is_told_to_a_receiver_who_can_check_it(engine: Engine) {
    let tower = tower(engine);
    let (client, receiver) = (tower.operator(), Receiver::answering(&[]));
    let (id, secret) = webhook(&client, &receiver, "ops", &["monitoring.*"]);
    let body = json!({
        "type": "monitoring.service_down", "source": "uptime", "id": "7", "priority": "high",
        "data": { "service": "api" }, "tags": { "team": "core" },
    });
    let posted = client.post("/events", &body);
    let event = posted.expect(201)["event_id"].as_str().unwrap().to_owned();
    assert_eq!(posted.header("location"), Some(format!("/events/{event}").as_str()));
    let _unwanted = client.post("/events", &json!({ "type": "user.action", "source": "x" })).expect(201);
    let [heard] = receiver.wait_for(1).try_into().unwrap();
    assert!(is_genuine(&heard, &secret));
    let forged = Heard { body: b"{}".to_vec(), ..heard.clone() };
    assert!(!is_genuine(&forged, &secret));
    assert_eq!(heard.header("content-type"), Some("application/cloudevents+json"));
    let told = heard.json();
    assert_eq!((&told["specversion"], &told["id"], &told["source"]), (&json!("1.0"), &json!("7"), &json!("uptime")));
    assert_eq!((&told["data"], &told["jctpriority"]), (&json!({ "service": "api" }), &json!("high")));
    let done = settled(&client, &event, "completed");
    assert_eq!(done["result"], json!({ "webhooks": [id], "workflows": [] }));
    let path = format!("/webhooks/{id}/deliveries");
    let log = settled_at(&client, &path, |log| log[0]["status"] == "delivered");
    assert_eq!(log.as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log[0]["id"], heard.header("webhook-id").unwrap());
    assert_eq!((&log[0]["event_id"], &log[0]["last_status"]), (&json!(event), &json!(204)));
}

fn every_form_of_an_event_is_taken_in(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let query = "/events?event_type=user.action&source=web&priority=HIGH";
    let form = client.post(query, &json!({ "data": { "a": 1 }, "tags": { "t": "v" } })).expect(200);
    assert_eq!(
        (&form["status"], &form["message"]),
        (&json!("success"), &json!("Event created and queued for processing"))
    );
    let read = |answer: &Value| client.get(&format!("/events/{}", answer["event_id"].as_str().unwrap())).expect(200);
    let event = read(&form);
    assert_eq!(
        (&event["type"], &event["source"], &event["priority"]),
        (&json!("user.action"), &json!("web"), &json!("high"))
    );
    assert_eq!(
        (&event["data"], &event["tags"], &event["created_by"]),
        (&json!({ "a": 1 }), &json!({ "t": "v" }), &json!("operator"))
    );

    let cloud = json!({ "specversion": "1.0", "id": "s1", "source": "/s", "type": "com.example.made", "data": [1] });
    let structured = [("content-type", "application/cloudevents+json")];
    let structured = client.call("POST", "/events", &structured, cloud.to_string().as_bytes()).expect(201);
    assert_eq!(read(&structured)["source_id"], "s1");

    let headers = [
        ("content-type", "text/plain"),
        ("ce-specversion", "1.0"),
        ("ce-id", "b1"),
        ("ce-source", "/b"),
        ("ce-type", "com.example.made"),
        ("ce-myattribute", "kept"),
    ];
    let binary = client.call("POST", "/events", &headers, b"plain words").expect(201);
    assert_eq!(read(&binary)["extensions"], json!({ "myattribute": "kept" }));
    let accept = [("accept", "application/cloudevents+json")];
    let path = format!("/events/{}", binary["event_id"].as_str().unwrap());
    let out = client.call("GET", &path, &accept, b"");
    assert_eq!(out.header("content-type"), Some("application/cloudevents+json"));
    let out = out.expect(200);
    assert_eq!((&out["id"], &out["myattribute"], &out["specversion"]), (&json!("b1"), &json!("kept"), &json!("1.0")));

    let batch = json!([
        { "specversion": "1.0", "id": "s1", "source": "/s", "type": "com.example.made", "data": [1] },
        { "specversion": "1.0", "id": "s2", "source": "/s", "type": "com.example.made" },
        { "specversion": "1.0", "id": "b1", "source": "/b", "type": "com.example.other" },
    ]);
    let batched = [("content-type", "application/cloudevents-batch+json")];
    let batch = client.call("POST", "/events", &batched, batch.to_string().as_bytes()).expect(200);
    let outcomes: Vec<_> = batch["events"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(
        (&batch["status"], outcomes),
        (&json!("partial"), vec![json!("replayed"), json!("created"), json!("key_reused")])
    );

    let listed = client.get("/events?event_type=com.example.*&limit=2");
    assert_eq!(listed.expect(200).as_array().unwrap().len(), 2);
    assert!(listed.header("x-next-cursor").is_some());
}

fn a_repetition_changes_nothing_and_another_event_is_refused(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let event = |data: u32| json!({ "type": "user.action", "source": "web", "id": "1", "data": data });
    let first = client.post("/events", &event(1)).expect(201);
    let again = client.post("/events", &event(1));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(200)["event_id"], first["event_id"]);
    let other = client.post("/events", &event(2)).problem(409, "EVENT_KEY_REUSED");
    assert_eq!(other["event_id"], first["event_id"]);
    let keyed = |key: &str, data: u32| {
        let body = json!({ "type": "user.action", "source": "web", "data": data }).to_string();
        client.call(
            "POST",
            "/events",
            &[("content-type", "application/json"), ("idempotency-key", key)],
            body.as_bytes(),
        )
    };
    let first = keyed("k", 1).expect(201);
    assert_eq!(keyed("k", 1).expect(200)["event_id"], first["event_id"]);
    keyed("k", 2).problem(409, "EVENT_KEY_REUSED");
    keyed(&"k".repeat(257), 2).problem(422, "INVALID_REQUEST");
}

fn a_receiver_that_fails_is_told_again_under_the_same_name(engine: Engine) {
    let tower = tower(engine);
    let (client, receiver) = (tower.operator(), Receiver::answering(&[500]));
    let (id, secret) = webhook(&client, &receiver, "ops", &["*"]);
    let _posted = client.post("/events", &json!({ "type": "user.action", "source": "web" })).expect(201);
    let path = format!("/webhooks/{id}/deliveries");
    let failed = settled_at(&client, &path, |log| log[0]["last_status"] == 500);
    assert_eq!((&failed[0]["status"], &failed[0]["attempts"]), (&json!("pending"), &json!(1)));
    let heard = receiver.wait_for(2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert!(is_genuine(&heard[1], &secret));
    let log = settled_at(&client, &path, |log| log[0]["status"] == "delivered");
    assert_eq!((&log[0]["attempts"], &log[0]["last_status"]), (&json!(2), &json!(204)));
}

fn a_receiver_that_is_gone_is_told_nothing_more(engine: Engine) {
    let tower = tower(engine);
    let (client, receiver) = (tower.operator(), Receiver::answering(&[410]));
    let (id, _) = webhook(&client, &receiver, "ops", &["*"]);
    let _posted = client.post("/events", &json!({ "type": "user.action", "source": "web" })).expect(201);
    let off = settled_at(&client, &format!("/webhooks/{id}"), |webhook| webhook["active"] == false);
    assert_eq!(off["disabled_reason"], "the receiver answered 410");
    let unwanted = client.post("/events", &json!({ "type": "user.action", "source": "web" })).expect(201);
    let done = settled(&client, unwanted["event_id"].as_str().unwrap(), "completed");
    assert_eq!(done["result"], json!({ "webhooks": [], "workflows": [] }));
    assert_eq!(receiver.heard().len(), 1);
}

fn a_private_address_is_refused(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let create = |url: &str| {
        client
            .post("/webhooks", &json!({ "name": "n", "url": url, "event_types": ["*"] }))
            .problem(422, "INVALID_REQUEST")
    };
    for url in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:7f00:1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://db.internal/",
        "http://example.org/",
        "https://user:pass@example.org/",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let refused = create(url);
        assert_eq!(refused["violations"][0]["pointer"], "/url", "{url}: {refused}");
    }
    let kept = json!({ "name": "n", "url": "https://example.org/a", "event_types": ["*"], "active": false });
    let id = client.post("/webhooks", &kept).expect(201)["id"].as_str().unwrap().to_owned();
    client.patch(&format!("/webhooks/{id}"), &json!({ "url": "https://127.0.0.1/" })).problem(422, "INVALID_REQUEST");
}

fn a_slow_receiver_holds_up_nobody(engine: Engine) {
    let tower = tower(engine);
    let (client, quick) = (tower.operator(), Receiver::answering(&[]));
    // Takes connections and never answers.
    let slow = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", slow.local_addr().unwrap().port());
    let _slow = client.post("/webhooks", &json!({ "name": "slow", "url": url, "event_types": ["*"] })).expect(201);
    webhook(&client, &quick, "quick", &["*"]);
    for n in 0..20 {
        let _posted = client.post("/events", &json!({ "type": "user.action", "source": "web", "data": n })).expect(201);
    }
    assert_eq!(quick.wait_for(20).len(), 20);
}

fn changes_of_tasks_are_told_to_those_who_want_them(engine: Engine) {
    let tower = tower(engine);
    let (client, receiver) = (tower.operator(), Receiver::answering(&[]));
    let _before = client.enqueue(&survey_task());
    // Once the log is told up to here, nothing of the task before is left to be told.
    tower.wait_for_tail();
    webhook(&client, &receiver, "tasks", &["task.state_changed"]);
    let id = client.enqueue(&survey_task());
    let _cancelled = client.post(&format!("/tasks/{id}/cancel"), &json!({})).expect(200);
    let heard: Vec<Value> = receiver.wait_for(2).iter().map(Heard::json).collect();
    let mut told: Vec<_> =
        heard.iter().map(|event| (event["data"]["task_id"].clone(), event["data"]["to"].clone())).collect();
    told.sort_by_key(|(_, to)| to.to_string());
    assert_eq!(told, [(json!(id), json!("cancelled")), (json!(id), json!("queued"))]);
    assert!(heard.iter().all(|event| event["source"] == "urn:jct:tower"));
    let forged = json!({ "type": "task.state_changed", "source": "urn:jct:tower" });
    client.post("/events", &forged).problem(422, "INVALID_EVENT");
    // Under the tower's own name and the id of an event that is to come, it would keep that one out.
    let squatter = json!({ "type": "user.action", "source": "urn:jct:tower", "id": "checkpoint.sealed/7" });
    client.post("/events", &squatter).problem(422, "INVALID_EVENT");
}

fn a_dead_event_is_redriven_and_done(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let id = tower.dead_event();
    let dead = client.get("/events?status=dead").expect(200);
    assert_eq!(dead.as_array().unwrap().iter().map(|event| event["id"].clone()).collect::<Vec<_>>(), [json!(id)]);
    assert!(dead[0]["error"].as_str().unwrap().contains("loop"));
    let again = client.post(&format!("/events/{id}/redrive"), &json!({})).expect(200);
    assert_eq!(again["status"], "pending");
    settled(&client, &id, "completed");
    let refused = client.post(&format!("/events/{id}/redrive"), &json!({})).problem(409, "ILLEGAL_TRANSITION");
    assert_eq!(refused["event_status"], "completed");
    let entries = client.get(&format!("/audit/event/{id}")).expect(200);
    assert_eq!((&entries[0]["actor_id"], entries.as_array().unwrap().len()), (&json!("operator"), 1), "{entries}");
}

fn a_message_is_sent_once_more_and_a_test_on_demand(engine: Engine) {
    let tower = tower(engine);
    let (client, receiver) = (tower.operator(), Receiver::answering(&[]));
    let (id, old) = webhook(&client, &receiver, "ops", &["review.due"]);
    let test = client.post(&format!("/webhooks/{id}/test"), &json!({})).expect(202);
    let [heard] = receiver.wait_for(1).try_into().unwrap();
    assert_eq!(
        (heard.json()["type"].clone(), heard.header("webhook-id")),
        (json!("webhook.test"), test["id"].as_str())
    );
    let log = format!("/webhooks/{id}/deliveries");
    let _delivered = settled_at(&client, &log, |log| log[0]["status"] == "delivered");
    let rotated =
        client.post(&format!("/webhooks/{id}/rotate-secret"), &json!({ "keep_old_seconds": 600 })).expect(200);
    let new: WebhookSecret = rotated["secret"].as_str().unwrap().parse().unwrap();
    let again = format!("{log}/{}/redeliver", test["id"].as_str().unwrap());
    assert_eq!(client.post(&again, &json!({})).expect(202)["id"], test["id"]);
    let heard = receiver.wait_for(2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert!(is_genuine(&heard[1], &old) && is_genuine(&heard[1], &new), "both fit while one replaces the other");
    assert!(!is_genuine(&heard[0], &new));
    let gone = client.call("DELETE", &format!("/webhooks/{id}"), &[], b"");
    assert_eq!(gone.status, 204);
    client.post(&again, &json!({})).problem(404, "WEBHOOK_NOT_FOUND");
}

fn bad_events_and_webhooks_are_refused_in_words(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let refused = client.post("/events", &json!({ "type": 7, "extra": 1 })).problem(422, "INVALID_EVENT");
    let pointers: Vec<_> = refused["violations"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
    for pointer in ["/type", "/source", "/extra"] {
        assert!(pointers.contains(&json!(pointer)), "{refused}");
    }
    let query = client.post("/events?event_type=x&source=a&nope=1", &json!({})).problem(422, "INVALID_EVENT");
    let places: Vec<_> =
        query["violations"].as_array().unwrap().iter().map(|one| (one["in"].clone(), one["pointer"].clone())).collect();
    for place in [("query", "/event_type"), ("query", "/nope"), ("body", "/data")] {
        assert!(places.contains(&(json!(place.0), json!(place.1))), "{query}");
    }
    let raw = |content_type: &str, body: &[u8]| client.call("POST", "/events", &[("content-type", content_type)], body);
    raw("application/json", b"{").problem(400, "MALFORMED_JSON");
    raw("text/plain", b"{}").problem(415, "UNSUPPORTED_MEDIA_TYPE");
    raw("application/cloudevents+xml", b"<a/>").problem(415, "UNSUPPORTED_MEDIA_TYPE");
    raw("application/cloudevents-batch+json", b"[]").problem(422, "INVALID_EVENT");
    raw("application/json", &vec![b' '; 2 << 20]).problem(413, "BODY_TOO_LARGE");
    let deep = format!("{{\"type\":\"a.b\",\"source\":\"s\",\"data\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert!((400..500).contains(&raw("application/json", deep.as_bytes()).status));
    client.get("/events?status=done").problem(422, "INVALID_REQUEST");
    client.get("/events?event_type=task").problem(422, "INVALID_REQUEST");
    client.get("/events/nonsense").problem(404, "EVENT_NOT_FOUND");
    client.get("/webhooks/nonsense").problem(404, "WEBHOOK_NOT_FOUND");
    let bad = client.post("/webhooks", &json!({ "name": "", "url": 7, "event_types": ["x", 7], "more": 1 }));
    let bad = bad.problem(422, "INVALID_REQUEST");
    assert!(bad["violations"].as_array().unwrap().len() >= 5, "{bad}");
    let one = json!({ "name": "n", "url": "https://example.org/", "event_types": ["*"], "active": false });
    let id = client.post("/webhooks", &one).expect(201)["id"].clone();
    assert_eq!(client.post("/webhooks", &one).problem(409, "WEBHOOK_NAME_TAKEN")["webhook_id"], id);
}

fn scopes_keep_events_and_webhooks_apart(engine: Engine) {
    let tower = tower(engine);
    let event = json!({ "type": "user.action", "source": "web" });
    let (reads, writes) = (tower.client("r", &["events:read"]), tower.client("w", &["events:write"]));
    let (hooks, looks) = (tower.client("h", &["webhooks:write"]), tower.client("l", &["webhooks:read"]));
    let made = writes.post("/events", &event).expect(201);
    let path = format!("/events/{}", made["event_id"].as_str().unwrap());
    let _seen = reads.get(&path).expect(200);
    assert_eq!(reads.post("/events", &event).problem(403, "FORBIDDEN")["required_scope"], "events:write");
    writes.get(&path).problem(403, "FORBIDDEN");
    let webhook = json!({ "name": "n", "url": "https://example.org/", "event_types": ["*"], "active": false });
    let id = hooks.post("/webhooks", &webhook).expect(201)["id"].as_str().unwrap().to_owned();
    let seen = looks.get(&format!("/webhooks/{id}"));
    assert!(!seen.text().contains("whsec_") && seen.status == 200, "{}", seen.text());
    looks.post("/webhooks", &webhook).problem(403, "FORBIDDEN");
    hooks.get("/webhooks").problem(403, "FORBIDDEN");
    tower.anonymous().post("/events", &event).problem(401, "UNAUTHORIZED");
}
