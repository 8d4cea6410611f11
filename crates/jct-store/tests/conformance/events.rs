//! Events: durable, known by their keys, taken by urgency and age, ended under a fence, their effects written once.

use std::time::Duration;

use jct_contract::Sha256Digest;
use jct_contract::{EventId, Timestamp};
use jct_event::{CheckpointSealed, TowerEvent};
use jct_event::{EventPriority, EventStatus};
use jct_store::Store;
use jct_store::model::{
    EmittedEvent, EventCause, EventEnd, EventFilter, EventPost, EventPosted, EventRedriven, EventSettled, PageStart,
};
use serde_json::json;

use crate::support::events::{
    EVENT_LEASE, EVENT_TRIES, claim_events, done, event, event_of, post, settle_event, webhook,
};
use crate::support::{Db, audit_of, on_both_engines, principal};

on_both_engines![
    an_event_is_kept_as_it_was_handed_in,
    a_repetition_is_known_by_the_key_and_told_from_another_event,
    of_many_that_hand_in_the_same_one_is_first,
    the_most_urgent_come_first_and_of_those_the_oldest,
    a_consumer_takes_what_is_due_and_nobody_else_does,
    only_the_fence_in_force_ends_a_try,
    effects_are_written_once_when_a_consumer_dies_before_it_settles,
    effects_are_written_once_when_consumers_race,
    a_retry_waits_and_the_last_one_is_dead,
    a_consumer_that_keeps_dying_buries_its_event,
    failed_and_dead_ones_are_redriven_and_it_is_noted,
    a_row_of_consequences_ends,
    events_are_listed_by_what_they_are,
    an_idle_consumer_finds_nothing_by_reading,
    an_event_of_another_life_of_the_database_is_not_ended,
];

async fn an_event_is_kept_as_it_was_handed_in(db: Db) {
    let store = db.store().await;
    let members = json!({
        "id": "7", "subject": "api", "time": "2026-01-01T00:00:00Z", "priority": "high",
        "data": { "b": [1, 2.5, "é\n"], "a": null }, "tags": { "team": "core" },
        "extensions": { "traceparent": "00-1" }, "data_schema": "https://example.org/s",
    });
    let new = event("monitoring.service_down", members);
    let id = post(&store, new.clone()).await;
    store.close().await;
    let kept = event_of(&db.store().await, id).await;
    assert_eq!(kept.event, new.event);
    assert_eq!((kept.status, kept.attempts, kept.depth), (EventStatus::Pending, 0, 0));
    assert_eq!((kept.created_by, kept.created_at, kept.next_attempt_at), (new.by, db.now(), Some(db.now())));
    let nobody = EventId::at(db.now());
    assert_eq!(db.store().await.event_get(nobody).await.unwrap(), None);
}

async fn a_repetition_is_known_by_the_key_and_told_from_another_event(db: Db) {
    let store = db.store().await;
    let first = event("user.action", json!({ "id": "1", "data": 1 }));
    let id = post(&store, first.clone()).await;
    let created_at = db.now();
    db.pass_seconds(5);
    let other_data = event("user.action", json!({ "id": "1", "data": 2 }));
    let other_source = event("user.action", json!({ "id": "1", "source": "elsewhere", "data": 2 }));
    let by_header = |key: &str, data: i32| EventPost {
        idempotency_key: Some(key.to_owned()),
        ..event("user.action", json!({ "data": data }))
    };
    let nameless = event("user.action", json!({ "data": 1 }));
    let posts = vec![
        first.clone(),
        other_data,
        other_source,
        by_header("k", 1),
        by_header("k", 1),
        by_header("k", 2),
        nameless.clone(),
        nameless,
        // An id of its own counts more than a key beside it.
        EventPost { idempotency_key: Some("k".to_owned()), ..first },
    ];
    let answers = store.events_post(posts).await.unwrap();
    let made = |answer: &EventPosted| matches!(answer, EventPosted::Created { .. });
    assert_eq!(answers[0], EventPosted::Replayed { id, created_at });
    assert_eq!(answers[1], EventPosted::KeyReused { id });
    assert!(made(&answers[2]) && made(&answers[6]) && made(&answers[7]));
    let EventPosted::Created { id: keyed, created_at: keyed_at } = answers[3] else { panic!("{answers:?}") };
    assert_eq!(answers[4], EventPosted::Replayed { id: keyed, created_at: keyed_at });
    assert_eq!(answers[5], EventPosted::KeyReused { id: keyed });
    assert_eq!(answers[8], EventPosted::Replayed { id, created_at });
    assert_eq!(db.count("events").await, 5);
    assert_eq!(db.count("event_documents").await, 5, "what was not kept leaves nothing behind");
}

async fn of_many_that_hand_in_the_same_one_is_first(db: Db) {
    let stores = [db.store().await, db.store().await];
    let posting = (0..24_usize).map(|n| {
        let store = stores[n % 2].clone();
        let posts = (0..4).map(|id| event("user.action", json!({ "id": ((n + id) % 4).to_string() }))).collect();
        tokio::spawn(async move { store.events_post(posts).await.unwrap() })
    });
    let answers = futures_util::future::join_all(posting).await;
    let answers: Vec<EventPosted> = answers.into_iter().flat_map(Result::unwrap).collect();
    let made = answers.iter().filter(|answer| matches!(answer, EventPosted::Created { .. })).count();
    assert_eq!((made, answers.len()), (4, 96), "{answers:?}");
    assert!(!answers.iter().any(|answer| matches!(answer, EventPosted::KeyReused { .. })));
    assert_eq!(db.count("events").await, 4);
}

async fn the_most_urgent_come_first_and_of_those_the_oldest(db: Db) {
    let store = db.store().await;
    let mut posted = Vec::new();
    for priority in ["low", "medium", "critical", "high", "medium", "critical"] {
        posted.push(post(&store, event("user.action", json!({ "priority": priority }))).await);
        db.pass_seconds(1);
    }
    let order = [2, 5, 3, 1, 4, 0].map(|place| posted[place]);
    let mut claimed = claim_events(&store, "one", 4).await;
    claimed.extend(claim_events(&store, "one", 4).await);
    let ids: Vec<EventId> = claimed.iter().map(|claimed| claimed.record.id).collect();
    assert_eq!(ids, order);
}

async fn a_consumer_takes_what_is_due_and_nobody_else_does(db: Db) {
    let store = db.store().await;
    let id = post(&store, event("user.action", json!({}))).await;
    let [claimed] = claim_events(&store, "one", 10).await.try_into().unwrap();
    assert_eq!((claimed.record.id, claimed.record.status), (id, EventStatus::Processing));
    assert_eq!(claimed.record.attempts, 1);
    assert_eq!(claimed.expires_at, db.now().after(EVENT_LEASE));
    assert_eq!(claimed.record.processed_by.as_deref(), Some("one"));
    assert!(claim_events(&store, "two", 10).await.is_empty());
    db.pass_seconds(2);
    assert_eq!(settle_event(&store, &claimed, done(&[])).await, EventSettled::Settled(EventStatus::Completed));
    let kept = event_of(&store, id).await;
    assert_eq!((kept.status, kept.processed_at), (EventStatus::Completed, Some(db.now())));
    assert_eq!(kept.result.as_deref(), Some(r#"{"deliveries":[]}"#));
    assert_eq!((kept.error, kept.next_attempt_at), (None, None));
    db.pass(EVENT_LEASE);
    assert!(claim_events(&store, "two", 10).await.is_empty(), "nothing leaves `completed`");
}

async fn only_the_fence_in_force_ends_a_try(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "all", &["*"]).await;
    let id = post(&store, event("user.action", json!({}))).await;
    let [first] = claim_events(&store, "one", 1).await.try_into().unwrap();
    let mut forged = first.clone();
    forged.lease.fence.generation += 1;
    assert_eq!(settle_event(&store, &forged, done(&[hook.id])).await, EventSettled::Stale);
    db.pass(EVENT_LEASE);
    assert_eq!(settle_event(&store, &first, done(&[hook.id])).await, EventSettled::Stale, "the lease is over");
    let [second] = claim_events(&store, "two", 1).await.try_into().unwrap();
    assert_eq!(second.record.attempts, 2);
    let error = EventEnd::Failed { error: "no".to_owned() };
    assert_eq!(settle_event(&store, &first, error).await, EventSettled::Stale);
    assert_eq!(event_of(&store, id).await.status, EventStatus::Processing);
    assert_eq!(db.count("webhook_deliveries").await, 0, "a stale fence changes nothing");
    assert_eq!(settle_event(&store, &second, done(&[hook.id])).await, EventSettled::Settled(EventStatus::Completed));
    assert_eq!(settle_event(&store, &second, done(&[hook.id])).await, EventSettled::Stale);
    assert_eq!(db.count("webhook_deliveries").await, 1);
}

async fn effects_are_written_once_when_a_consumer_dies_before_it_settles(db: Db) {
    let store = db.store().await;
    let (one, two) = (webhook(&store, "one", &["*"]).await, webhook(&store, "two", &["*"]).await);
    post(&store, event("user.action", json!({}))).await;
    let [dead] = claim_events(&store, "killed", 1).await.try_into().unwrap();
    store.close().await;
    let store = db.store().await;
    db.pass(EVENT_LEASE);
    let [claimed] = claim_events(&store, "next", 1).await.try_into().unwrap();
    let all = [one.id, two.id, one.id];
    assert_eq!(settle_event(&store, &claimed, done(&all)).await, EventSettled::Settled(EventStatus::Completed));
    assert_eq!(settle_event(&store, &dead, done(&all)).await, EventSettled::Stale, "it was only paused");
    assert_eq!(db.count("webhook_deliveries").await, 2);
}

async fn effects_are_written_once_when_consumers_race(db: Db) {
    let stores = [db.store().await, db.store().await];
    let hook = webhook(&stores[0], "all", &["*"]).await;
    let posts = (0..60).map(|n| event("user.action", json!({ "id": n.to_string() }))).collect();
    stores[0].events_post(posts).await.unwrap();
    let racing = (0..8_usize).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let mut ended = 0;
            loop {
                let claimed = claim_events(&store, &format!("consumer {n}"), 7).await;
                if claimed.is_empty() {
                    return ended;
                }
                for one in &claimed {
                    // A caller that does not know the outcome asks again.
                    let answers = [
                        settle_event(&store, one, done(&[hook.id])).await,
                        settle_event(&store, one, done(&[hook.id])).await,
                    ];
                    assert_eq!(answers, [EventSettled::Settled(EventStatus::Completed), EventSettled::Stale]);
                    ended += 1;
                }
            }
        })
    });
    let ended: usize = futures_util::future::join_all(racing).await.into_iter().map(Result::unwrap).sum();
    // A claim that met only what others were taking came back empty; whatever is left is taken now.
    let rest = claim_events(&stores[0], "last", 60).await;
    for one in &rest {
        settle_event(&stores[0], one, done(&[hook.id])).await;
    }
    assert_eq!((ended + rest.len(), db.count("webhook_deliveries").await), (60, 60));
}

async fn a_retry_waits_and_the_last_one_is_dead(db: Db) {
    let store = db.store().await;
    let id = post(&store, event("user.action", json!({}))).await;
    let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
    let retry = EventEnd::Retry { error: "not\0now".to_owned(), after: Duration::from_secs(60) };
    assert_eq!(settle_event(&store, &claimed, retry).await, EventSettled::Settled(EventStatus::Pending));
    let kept = event_of(&store, id).await;
    assert_eq!(kept.next_attempt_at, Some(db.now().after(Duration::from_secs(60))));
    assert_eq!(kept.error.as_deref(), Some("not\u{fffd}now"));
    db.pass_seconds(59);
    assert!(!store.has_due_events().await.unwrap());
    assert!(claim_events(&store, "one", 1).await.is_empty());
    db.pass_seconds(1);
    assert!(store.has_due_events().await.unwrap());
    let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
    assert_eq!(claimed.record.attempts, 2);
    let dead = EventEnd::Dead { error: "never".to_owned() };
    assert_eq!(settle_event(&store, &claimed, dead).await, EventSettled::Settled(EventStatus::Dead));
    db.pass_seconds(1_000);
    assert!(claim_events(&store, "one", 1).await.is_empty());
    let listed = EventFilter { status: Some(EventStatus::Dead), ..EventFilter::default() };
    let page = store.event_list(listed, PageStart::Offset(0), 10).await.unwrap();
    assert_eq!(page.items.iter().map(|event| event.id).collect::<Vec<_>>(), [id]);
}

async fn a_consumer_that_keeps_dying_buries_its_event(db: Db) {
    let store = db.store().await;
    let id = post(&store, event("user.action", json!({}))).await;
    for attempt in 1..=EVENT_TRIES {
        let [claimed] = claim_events(&store, "crashes", 1).await.try_into().unwrap();
        assert_eq!(claimed.record.attempts, attempt);
        db.pass(EVENT_LEASE);
    }
    assert!(store.has_due_events().await.unwrap());
    assert!(claim_events(&store, "crashes", 1).await.is_empty());
    let kept = event_of(&store, id).await;
    assert_eq!((kept.status, kept.attempts), (EventStatus::Dead, EVENT_TRIES));
    assert!(kept.error.unwrap().contains("went away"));
    assert!(!store.has_due_events().await.unwrap());
}

async fn failed_and_dead_ones_are_redriven_and_it_is_noted(db: Db) {
    let store = db.store().await;
    let ends = [EventEnd::Failed { error: "bad".to_owned() }, EventEnd::Dead { error: "worse".to_owned() }];
    for end in ends {
        let id = post(&store, event("user.action", json!({}))).await;
        let early = store.event_redrive(id, principal("ana")).await.unwrap();
        assert!(matches!(early, EventRedriven::Illegal(illegal) if illegal.from == EventStatus::Pending), "{early:?}");
        let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
        settle_event(&store, &claimed, end).await;
        let EventRedriven::Redriven(again) = store.event_redrive(id, principal("ana")).await.unwrap() else {
            panic!("not redriven")
        };
        assert_eq!((again.status, again.attempts), (EventStatus::Pending, 0));
        let entries = audit_of(&store, "event", &id.to_string()).await;
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.actor_id.as_str(), entry.after.as_deref()), ("ana", Some(r#"{"status":"pending"}"#)));
        let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
        settle_event(&store, &claimed, done(&[])).await;
        let late = store.event_redrive(id, principal("ana")).await.unwrap();
        assert!(matches!(late, EventRedriven::Illegal(illegal) if illegal.from == EventStatus::Completed), "{late:?}");
    }
    let nobody = EventId::at(db.now());
    assert_eq!(store.event_redrive(nobody, principal("ana")).await.unwrap(), EventRedriven::NotFound);
}

fn sealed(id: &str, at: Timestamp, depth: Option<u32>) -> EmittedEvent {
    EmittedEvent {
        id: id.to_owned(),
        at,
        event: TowerEvent::CheckpointSealed(CheckpointSealed { tree_size: 1, root: Sha256Digest::of(b"root") }),
        cause: depth.map(|depth| EventCause { by: "event/1".to_owned(), depth }),
    }
}

async fn a_row_of_consequences_ends(db: Db) {
    let store = db.store().await;
    let first = vec![sealed("a", db.now(), None), sealed("b", db.now(), Some(15)), sealed("c", db.now(), Some(16))];
    assert_eq!(store.events_emit(first.clone()).await.unwrap(), 3);
    assert_eq!(store.events_emit(first).await.unwrap(), 0, "each is kept once");
    let page = store.event_list(EventFilter::default(), PageStart::Offset(0), 10).await.unwrap();
    let mut found: Vec<_> =
        page.items.iter().map(|event| (event.event.id().unwrap(), event.depth, event.status)).collect();
    found.sort_unstable_by_key(|(id, ..)| *id);
    let (pending, dead) = (EventStatus::Pending, EventStatus::Dead);
    assert_eq!(found, [("a", 0, pending), ("b", 16, pending), ("c", 17, dead)]);
    let c = page.items.iter().find(|event| event.depth == 17).unwrap();
    assert!(c.error.as_deref().unwrap().contains("loop"), "{c:?}");
    assert_eq!(c.created_by.name(), "tower");
    assert_eq!(claim_events(&store, "one", 10).await.len(), 2);
}

async fn listed(store: &Store, filter: EventFilter) -> Vec<String> {
    let mut seen = Vec::new();
    let mut start = PageStart::Offset(0);
    loop {
        let page = store.event_list(filter.clone(), start, 2).await.unwrap();
        seen.extend(page.items.iter().map(|event| event.event.id().unwrap().to_owned()));
        let Some(next) = page.next else { return seen };
        start = PageStart::After(next);
    }
}

async fn events_are_listed_by_what_they_are(db: Db) {
    let store = db.store().await;
    let begin = db.now();
    for (id, kind, priority, source) in [
        ("1", "user.action", "low", "a"),
        ("2", "user.action.more", "high", "a"),
        ("3", "users.action", "high", "b"),
        ("4", "user.request", "high", "b"),
        ("5", "User.action", "low", "b"),
        ("6", "user_x.action", "low", "b"),
    ] {
        post(&store, event(kind, json!({ "id": id, "priority": priority, "source": source }))).await;
        db.pass_seconds(1);
    }
    let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
    assert_eq!(claimed.record.event.id(), Some("2"));
    let none = EventFilter::default;
    let of = |kind: &str| EventFilter { event_type: Some(kind.parse().unwrap()), ..none() };
    assert_eq!(listed(&store, none()).await, ["6", "5", "4", "3", "2", "1"]);
    assert_eq!(listed(&store, of("*")).await.len(), 6);
    assert_eq!(listed(&store, of("user.*")).await, ["4", "2", "1"]);
    assert_eq!(listed(&store, of("user.action")).await, ["1"]);
    assert_eq!(listed(&store, of("User.*")).await, ["5"]);
    assert_eq!(listed(&store, of("user_x.*")).await, ["6"]);
    let high = EventFilter { priority: Some(EventPriority::High), source: Some("b".to_owned()), ..none() };
    assert_eq!(listed(&store, high).await, ["4", "3"]);
    let taken = EventFilter { status: Some(EventStatus::Processing), ..none() };
    assert_eq!(listed(&store, taken).await, ["2"]);
    let second = |n| Some(begin.after(Duration::from_secs(n)));
    let between = EventFilter { created_after: second(1), created_before: second(3), ..none() };
    assert_eq!(listed(&store, between).await, ["3", "2"]);
}

async fn an_idle_consumer_finds_nothing_by_reading(db: Db) {
    let store = db.store().await;
    assert!(!store.has_due_events().await.unwrap());
    let low = event("user.action", json!({ "priority": "low" }));
    post(&store, low).await;
    assert!(store.has_due_events().await.unwrap());
    let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
    assert!(!store.has_due_events().await.unwrap());
    db.pass(EVENT_LEASE);
    assert!(store.has_due_events().await.unwrap(), "what its consumer left behind is due again");
    drop(claimed);
}

async fn an_event_of_another_life_of_the_database_is_not_ended(db: Db) {
    let store = db.store().await;
    post(&store, event("user.action", json!({}))).await;
    let [claimed] = claim_events(&store, "one", 1).await.try_into().unwrap();
    db.execute("UPDATE database_meta SET value = '2' WHERE name = 'epoch'").await.unwrap();
    assert_eq!(settle_event(&store, &claimed, done(&[])).await, EventSettled::Stale);
    db.pass(EVENT_LEASE);
    let [again] = claim_events(&store, "one", 1).await.try_into().unwrap();
    assert_eq!(again.lease.fence.epoch, 2);
    assert_eq!(settle_event(&store, &again, done(&[])).await, EventSettled::Settled(EventStatus::Completed));
}
