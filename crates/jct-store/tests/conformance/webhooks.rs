//! Webhooks and their messages: secrets that no record shows, messages that are leased and ended like events.

use std::time::Duration;

use jct_contract::{WebhookDeliveryId, WebhookId};
use jct_event::webhook::{DeliveryStatus, WebhookSecret};
use jct_store::Store;
use jct_store::model::{
    ClaimDeliveries, ClaimedDelivery, DeliveryAnswer, DeliveryEnd, DeliveryRecord, DeliverySettled, DeliverySettlement,
    PageStart, WebhookAnswer, WebhookChange, WebhookRecord,
};
use serde_json::json;

use crate::support::events::{claim_events, done, event, new_webhook, post, settle_event, webhook};
use crate::support::{Db, audit_of, on_both_engines, principal};

on_both_engines![
    a_webhook_is_kept_and_its_secret_is_shown_by_nothing,
    a_name_is_taken_once_and_free_again_after_deletion,
    a_change_changes_what_it_names,
    a_rotated_secret_stays_valid_for_a_while,
    a_message_is_sent_under_a_lease_and_ended_under_its_fence,
    a_message_is_tried_again_and_given_up,
    a_sender_that_dies_leaves_its_message_to_the_next,
    one_webhook_does_not_take_the_place_of_another,
    a_receiver_that_is_gone_switches_its_webhook_off,
    a_deleted_webhook_is_told_nothing_more,
    a_message_is_sent_once_more_under_its_own_name,
    a_test_goes_to_one_webhook_whatever_it_is_told_otherwise,
];

const LEASE: Duration = Duration::from_secs(60);
const TRIES: u32 = 3;

fn secret(byte: u8) -> WebhookSecret {
    WebhookSecret::from_bytes(vec![byte; 32]).unwrap()
}

async fn claim(store: &Store, wanted: &[(WebhookId, u32)]) -> Vec<ClaimedDelivery> {
    let claim = ClaimDeliveries { wanted: wanted.to_vec(), lease: LEASE, max_attempts: TRIES };
    store.deliveries_claim(claim).await.unwrap()
}

async fn end(store: &Store, claimed: &ClaimedDelivery, status: Option<u16>, end: DeliveryEnd) -> DeliverySettled {
    let settlement = DeliverySettlement { lease: claimed.lease, status, end };
    store.delivery_settle(settlement).await.unwrap()
}

/// An event that was processed, with a message to each of these.
async fn told(store: &Store, hooks: &[WebhookId]) {
    post(store, event("user.action", json!({ "data": { "n": 1 } }))).await;
    let [claimed] = claim_events(store, "consumer", 1).await.try_into().unwrap();
    settle_event(store, &claimed, done(hooks)).await;
}

async fn log(store: &Store, hook: WebhookId) -> Vec<DeliveryRecord> {
    store.delivery_list(hook, PageStart::Offset(0), 100).await.unwrap().unwrap().items
}

async fn change(store: &Store, id: WebhookId, change: WebhookChange) -> WebhookAnswer {
    store.webhook_change(id, change, principal("bob")).await.unwrap()
}

async fn a_webhook_is_kept_and_its_secret_is_shown_by_nothing(db: Db) {
    let store = db.store().await;
    let new = new_webhook("ops", &["task.*", "user.action"]);
    let WebhookAnswer::Kept(kept) = store.webhook_create(new.clone()).await.unwrap() else { panic!("not kept") };
    let expected = WebhookRecord {
        id: kept.id,
        name: new.name,
        url: new.url,
        description: None,
        filter: new.filter,
        active: true,
        disabled_reason: None,
        created_by: "ana".to_owned(),
        created_at: db.now(),
        updated_at: db.now(),
    };
    assert_eq!(kept, expected);
    assert_eq!(store.webhook_get(kept.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.webhooks_active().await.unwrap(), [expected]);
    let hidden = secret(7).reveal().to_string();
    assert!(!format!("{kept:?} {:?}", new_webhook("x", &["*"])).contains(&hidden));
    let entries = audit_of(&store, "webhook", &kept.id.to_string()).await;
    let [created] = entries.as_slice() else { panic!("{entries:?}") };
    let after = created.after.as_deref().unwrap();
    assert!(after.contains("https://hooks.example.org") && after.contains("task.* user.action"), "{after}");
    assert!(!after.contains("whsec_") && !after.contains("hidden"), "{after}");
}

async fn a_name_is_taken_once_and_free_again_after_deletion(db: Db) {
    let store = db.store().await;
    let one = webhook(&store, "one", &["*"]).await;
    let two = webhook(&store, "two", &["*"]).await;
    let again = store.webhook_create(new_webhook("one", &["*"])).await.unwrap();
    assert_eq!(again, WebhookAnswer::NameTaken { id: one.id });
    let rename = WebhookChange { name: Some("one".to_owned()), ..WebhookChange::default() };
    assert_eq!(change(&store, two.id, rename.clone()).await, WebhookAnswer::NameTaken { id: one.id });
    assert_eq!(store.webhook_delete(one.id, principal("bob")).await.unwrap(), WebhookAnswer::Deleted);
    assert_eq!(store.webhook_delete(one.id, principal("bob")).await.unwrap(), WebhookAnswer::NotFound);
    assert_eq!(store.webhook_get(one.id).await.unwrap(), None);
    assert!(matches!(change(&store, two.id, rename).await, WebhookAnswer::Kept(_)));
    let page = store.webhook_list(PageStart::Offset(0), 10).await.unwrap();
    assert_eq!(page.items.iter().map(|hook| hook.name.as_str()).collect::<Vec<_>>(), ["one"]);
    let secrets = db.lines("SELECT secrets AS line FROM webhooks WHERE deleted_at IS NOT NULL").await;
    assert_eq!(secrets, ["[]"], "its secret is gone with it");
}

async fn a_change_changes_what_it_names(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    db.pass_seconds(1);
    let wanted = WebhookChange {
        url: Some("https://example.org/other".to_owned()),
        description: Some("pages somebody".to_owned()),
        filter: Some(vec!["review.due".parse().unwrap()]),
        active: Some(false),
        ..WebhookChange::default()
    };
    let WebhookAnswer::Kept(changed) = change(&store, hook.id, wanted).await else { panic!("not changed") };
    assert_eq!((changed.name.as_str(), changed.active, changed.updated_at), ("ops", false, db.now()));
    assert_eq!(changed.description.as_deref(), Some("pages somebody"));
    assert!(store.webhooks_active().await.unwrap().is_empty());
    let nothing = change(&store, hook.id, WebhookChange::default()).await;
    assert_eq!(nothing, WebhookAnswer::Kept(changed.clone()));
    let empty = WebhookChange { description: Some(String::new()), ..WebhookChange::default() };
    let WebhookAnswer::Kept(cleared) = change(&store, hook.id, empty).await else { panic!("not changed") };
    assert_eq!(cleared.description, None);
    assert_eq!(audit_of(&store, "webhook", &hook.id.to_string()).await.len(), 3, "nothing changed has no entry");
    let nobody = WebhookId::at(db.now());
    assert_eq!(change(&store, nobody, WebhookChange::default()).await, WebhookAnswer::NotFound);
}

async fn a_rotated_secret_stays_valid_for_a_while(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    told(&store, &[hook.id]).await;
    let rotate = async |byte, seconds| {
        let until = db.now().after(Duration::from_secs(seconds));
        let answer = store.webhook_rotate(hook.id, secret(byte), until, principal("bob")).await.unwrap();
        assert!(matches!(answer, WebhookAnswer::Kept(_)), "{answer:?}");
    };
    rotate(8, 100).await;
    let signed_with = async || {
        let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
        let retry = DeliveryEnd::Retry { error: "later".to_owned(), after: Duration::ZERO };
        end(&store, &claimed, None, retry).await;
        claimed.secrets
    };
    assert_eq!(signed_with().await, [secret(8), secret(7)]);
    db.pass_seconds(100);
    assert_eq!(signed_with().await, [secret(8)]);
    rotate(9, 1_000).await;
    rotate(10, 50).await;
    assert_eq!(signed_with().await, [secret(10), secret(9), secret(8)]);
    db.pass_seconds(50);
    assert_eq!(signed_with().await, [secret(10)], "a hurry shortens what was promised before");
    let entries = audit_of(&store, "webhook", &hook.id.to_string()).await;
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| !entry.after.as_deref().unwrap_or_default().contains("whsec_")));
}

async fn a_message_is_sent_under_a_lease_and_ended_under_its_fence(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    assert!(store.deliveries_due().await.unwrap().is_empty());
    told(&store, &[hook.id]).await;
    assert_eq!(store.deliveries_due().await.unwrap(), [hook.id]);
    let [claimed] = claim(&store, &[(hook.id, 5)]).await.try_into().unwrap();
    assert_eq!((claimed.attempt, claimed.webhook.id), (1, hook.id));
    assert_eq!(claimed.event.event.event_type().as_str(), "user.action");
    assert!(store.deliveries_due().await.unwrap().is_empty());
    assert!(claim(&store, &[(hook.id, 5)]).await.is_empty());
    let mut forged = claimed.clone();
    forged.lease.fence.generation += 1;
    assert_eq!(end(&store, &forged, Some(200), DeliveryEnd::Delivered).await, DeliverySettled::Stale);
    let delivered = DeliverySettled::Settled(DeliveryStatus::Delivered);
    assert_eq!(end(&store, &claimed, Some(204), DeliveryEnd::Delivered).await, delivered);
    assert_eq!(end(&store, &claimed, Some(204), DeliveryEnd::Delivered).await, DeliverySettled::Stale);
    let [record] = log(&store, hook.id).await.try_into().unwrap();
    assert_eq!((record.id, record.status, record.attempts), (claimed.lease.id, DeliveryStatus::Delivered, 1));
    assert_eq!((record.last_status, record.last_error, record.finished_at), (Some(204), None, Some(db.now())));
    assert_eq!(record.event_type, "user.action");
}

async fn a_message_is_tried_again_and_given_up(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    told(&store, &[hook.id]).await;
    let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    let retry = DeliveryEnd::Retry { error: "HTTP 500".to_owned(), after: Duration::from_secs(5) };
    assert_eq!(end(&store, &claimed, Some(500), retry).await, DeliverySettled::Settled(DeliveryStatus::Pending));
    let [record] = log(&store, hook.id).await.try_into().unwrap();
    assert_eq!(record.next_attempt_at, Some(db.now().after(Duration::from_secs(5))));
    assert_eq!((record.last_status, record.last_error.as_deref()), (Some(500), Some("HTTP 500")));
    db.pass_seconds(4);
    assert!(store.deliveries_due().await.unwrap().is_empty());
    db.pass_seconds(1);
    let [again] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    assert_eq!((again.attempt, again.lease.id), (2, claimed.lease.id));
    let given_up = DeliveryEnd::Failed { error: "no answer".to_owned() };
    assert_eq!(end(&store, &again, None, given_up).await, DeliverySettled::Settled(DeliveryStatus::Failed));
    db.pass_seconds(1_000);
    assert!(claim(&store, &[(hook.id, 1)]).await.is_empty());
}

async fn a_sender_that_dies_leaves_its_message_to_the_next(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    told(&store, &[hook.id]).await;
    for attempt in 1..=TRIES {
        let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
        assert_eq!(claimed.attempt, attempt);
        assert!(store.deliveries_due().await.unwrap().is_empty());
        db.pass(LEASE);
        assert_eq!(end(&store, &claimed, Some(200), DeliveryEnd::Delivered).await, DeliverySettled::Stale);
        assert_eq!(store.deliveries_due().await.unwrap(), [hook.id]);
    }
    assert!(claim(&store, &[(hook.id, 1)]).await.is_empty());
    let [record] = log(&store, hook.id).await.try_into().unwrap();
    assert_eq!(record.status, DeliveryStatus::Failed);
    assert!(record.last_error.unwrap().contains("went away"));
}

async fn one_webhook_does_not_take_the_place_of_another(db: Db) {
    let store = db.store().await;
    let (slow, quick) = (webhook(&store, "slow", &["*"]).await, webhook(&store, "quick", &["*"]).await);
    for _ in 0..5 {
        told(&store, &[slow.id, quick.id]).await;
    }
    let claimed = claim(&store, &[(slow.id, 1), (quick.id, 10)]).await;
    let count = |id| claimed.iter().filter(|one| one.webhook.id == id).count();
    assert_eq!((count(slow.id), count(quick.id)), (1, 5));
    let off = WebhookChange { active: Some(false), ..WebhookChange::default() };
    change(&store, slow.id, off).await;
    assert!(store.deliveries_due().await.unwrap().is_empty());
    assert!(claim(&store, &[(slow.id, 10)]).await.is_empty(), "what is switched off waits");
    let on = WebhookChange { active: Some(true), ..WebhookChange::default() };
    change(&store, slow.id, on).await;
    assert_eq!(claim(&store, &[(slow.id, 10)]).await.len(), 4);
}

async fn a_receiver_that_is_gone_switches_its_webhook_off(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    told(&store, &[hook.id]).await;
    let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    let gone = DeliveryEnd::Gone { error: "the receiver answered 410".to_owned() };
    assert_eq!(end(&store, &claimed, Some(410), gone).await, DeliverySettled::Settled(DeliveryStatus::Failed));
    let kept = store.webhook_get(hook.id).await.unwrap().unwrap();
    assert_eq!((kept.active, kept.disabled_reason.as_deref()), (false, Some("the receiver answered 410")));
    let entries = audit_of(&store, "webhook", &hook.id.to_string()).await;
    assert_eq!(entries.last().map(|entry| entry.actor_kind.as_str()), Some("system"));
    let on = WebhookChange { active: Some(true), ..WebhookChange::default() };
    let WebhookAnswer::Kept(again) = change(&store, hook.id, on).await else { panic!("not changed") };
    assert_eq!((again.active, again.disabled_reason), (true, None));
}

async fn a_deleted_webhook_is_told_nothing_more(db: Db) {
    let store = db.store().await;
    let (hook, other) = (webhook(&store, "ops", &["*"]).await, webhook(&store, "other", &["*"]).await);
    told(&store, &[hook.id, other.id]).await;
    told(&store, &[hook.id]).await;
    let [sent] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    store.webhook_delete(hook.id, principal("bob")).await.unwrap();
    assert_eq!(
        end(&store, &sent, Some(200), DeliveryEnd::Delivered).await,
        DeliverySettled::Settled(DeliveryStatus::Delivered)
    );
    let states = db.lines("SELECT status AS line FROM webhook_deliveries ORDER BY status").await;
    assert_eq!(states, ["delivered", "failed", "pending"]);
    told(&store, &[hook.id, other.id]).await;
    assert_eq!(db.count("webhook_deliveries").await, 4, "an effect on what is gone is left out");
    assert_eq!(store.deliveries_due().await.unwrap(), [other.id]);
    assert!(store.delivery_list(hook.id, PageStart::Offset(0), 10).await.unwrap().is_none());
}

async fn a_message_is_sent_once_more_under_its_own_name(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["*"]).await;
    told(&store, &[hook.id]).await;
    let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    let again = async |id| store.redeliver(hook.id, id, principal("bob")).await.unwrap();
    let early = again(claimed.lease.id).await;
    assert!(matches!(early, DeliveryAnswer::Illegal(illegal) if illegal.from == DeliveryStatus::Sending), "{early:?}");
    end(&store, &claimed, Some(200), DeliveryEnd::Delivered).await;
    let DeliveryAnswer::Pending(record) = again(claimed.lease.id).await else { panic!("not pending") };
    assert_eq!((record.id, record.status, record.attempts), (claimed.lease.id, DeliveryStatus::Pending, 0));
    let [once_more] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    assert_eq!((once_more.lease.id, once_more.attempt), (claimed.lease.id, 1));
    assert_eq!(end(&store, &claimed, Some(200), DeliveryEnd::Delivered).await, DeliverySettled::Stale);
    assert_eq!(again(WebhookDeliveryId::at(db.now())).await, DeliveryAnswer::NotFound);
    let other = webhook(&store, "other", &["*"]).await;
    let foreign = store.redeliver(other.id, claimed.lease.id, principal("bob")).await.unwrap();
    assert_eq!(foreign, DeliveryAnswer::NotFound);
    let entries = audit_of(&store, "webhook", &hook.id.to_string()).await;
    assert_eq!(
        entries.last().map(|entry| (entry.action.as_str(), entry.actor_id.as_str())),
        Some(("redelivered", "bob"))
    );
}

async fn a_test_goes_to_one_webhook_whatever_it_is_told_otherwise(db: Db) {
    let store = db.store().await;
    let hook = webhook(&store, "ops", &["review.due"]).await;
    webhook(&store, "other", &["*"]).await;
    let DeliveryAnswer::Pending(record) = store.webhook_test(hook.id, principal("bob")).await.unwrap() else {
        panic!("not pending")
    };
    assert_eq!(record.event_type, "webhook.test");
    assert!(!store.has_due_events().await.unwrap(), "nothing else follows from it");
    assert_eq!(store.deliveries_due().await.unwrap(), [hook.id]);
    let [claimed] = claim(&store, &[(hook.id, 1)]).await.try_into().unwrap();
    assert_eq!(claimed.lease.id, record.id);
    assert_eq!(claimed.event.event.data().json().unwrap()["name"], "ops");
    let nobody = WebhookId::at(db.now());
    assert_eq!(store.webhook_test(nobody, principal("bob")).await.unwrap(), DeliveryAnswer::NotFound);
}
