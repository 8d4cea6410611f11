//! Events and webhooks in a line of code.

use std::time::Duration;

use jct_contract::{EventId, WebhookId};
use jct_event::NewEvent;
use jct_store::Store;
use jct_store::model::{
    ClaimEvents, ClaimedEvent, EventEffects, EventEnd, EventPost, EventPosted, EventRecord, EventSettled,
    EventSettlement, NewWebhook, WebhookAnswer, WebhookRecord,
};
use serde_json::{Value, json};

use super::principal;

pub(crate) const EVENT_LEASE: Duration = Duration::from_secs(30);
/// Tries of an event in these tests.
pub(crate) const EVENT_TRIES: u32 = 3;

/// An event of this type with these members beside it.
pub(crate) fn event(kind: &str, members: Value) -> EventPost {
    let mut body = json!({ "type": kind, "source": "test" });
    let Value::Object(members) = members else { panic!("members beside the type") };
    body.as_object_mut().unwrap().extend(members);
    let event = NewEvent::from_json(body.to_string().as_bytes()).unwrap();
    EventPost { event, idempotency_key: None, by: principal("ana") }
}

pub(crate) async fn post(store: &Store, post: EventPost) -> EventId {
    match store.events_post(vec![post]).await.unwrap().as_slice() {
        [EventPosted::Created { id, .. }] => *id,
        other => panic!("not created: {other:?}"),
    }
}

pub(crate) async fn claim_events(store: &Store, consumer: &str, limit: u32) -> Vec<ClaimedEvent> {
    let claim = ClaimEvents { consumer: consumer.to_owned(), limit, lease: EVENT_LEASE, max_attempts: EVENT_TRIES };
    store.events_claim(claim).await.unwrap()
}

pub(crate) fn done(deliveries: &[WebhookId]) -> EventEnd {
    EventEnd::Completed {
        effects: EventEffects { deliveries: deliveries.to_vec(), runs: Vec::new() },
        result: json!({ "deliveries": deliveries }).to_string(),
    }
}

pub(crate) async fn settle_event(store: &Store, claimed: &ClaimedEvent, end: EventEnd) -> EventSettled {
    let settlement = EventSettlement { lease: claimed.lease, end };
    store.events_settle(vec![settlement]).await.unwrap()[0]
}

pub(crate) async fn event_of(store: &Store, id: EventId) -> EventRecord {
    store.event_get(id).await.unwrap().unwrap()
}

pub(crate) fn new_webhook(name: &str, filter: &[&str]) -> NewWebhook {
    NewWebhook {
        name: name.to_owned(),
        url: format!("https://hooks.example.org/{name}?token=hidden"),
        description: None,
        filter: filter.iter().map(|filter| filter.parse().unwrap()).collect(),
        secret: jct_event::webhook::WebhookSecret::from_bytes(vec![7; 32]).unwrap(),
        active: true,
        by: principal("ana"),
    }
}

pub(crate) async fn webhook(store: &Store, name: &str, filter: &[&str]) -> WebhookRecord {
    match store.webhook_create(new_webhook(name, filter)).await.unwrap() {
        WebhookAnswer::Kept(record) => record,
        other => panic!("not created: {other:?}"),
    }
}
