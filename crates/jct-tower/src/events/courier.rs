//! The courier: brings messages to the receivers of webhooks. Each receiver has a few places of its own, so that one that
//! is slow holds up nobody else; a courier that dies leaves its messages to the others when its leases end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jct_contract::WebhookId;
use jct_event::CloudEvent;
use jct_event::cloud_event::STRUCTURED_CONTENT_TYPE;
use jct_event::webhook::{MessageId, RetrySchedule, Verdict, WebhookSecrets};
use jct_store::model::{ClaimDeliveries, ClaimedDelivery, DeliveryEnd, DeliverySettled, DeliverySettlement};
use jct_store::{Store, StoreError};
use jct_webhook::{Answer, Message, SendError, Sender};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::status::Service;
use crate::work::{Causes, Rest};

/// Messages to one receiver that are under way from this process at once.
const PLACES_EACH: u32 = 4;
/// Messages that are under way from this process at once.
const PLACES: usize = 256;
/// Longer than any message takes.
const LEASE: Duration = Duration::from_secs(60);
/// Changes in this time after a look are looked at together.
const GATHER: Duration = Duration::from_millis(5);
/// Longest part of an error that is kept, in characters.
const ERROR_MAX_CHARS: usize = 500;

/// Sends one message.
#[async_trait]
pub(super) trait Send: Debug + std::marker::Send + Sync {
    /// Sends it once; any status is an answer.
    async fn send(&self, message: Message) -> Result<Answer, SendError>;
}

#[async_trait]
impl Send for Sender {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        Self::send(self, message).await
    }
}

/// Brings messages to receivers.
#[derive(Debug)]
pub struct Courier {
    store: Store,
    sender: Arc<dyn Send>,
    service: Option<Service>,
}

impl Courier {
    /// A courier over the store.
    #[must_use]
    pub fn new(store: Store, sender: Sender) -> Self {
        Self { store, sender: Arc::new(sender), service: None }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Brings messages for as long as the future is polled. Dropped, it breaks off what is under way; that is sent again
    /// when its leases end.
    pub async fn run(&self) -> Infallible {
        let mut rest = Rest::new(&self.store, GATHER, "sending to webhooks", self.service.as_ref());
        let mut under_way = UnderWay::default();
        loop {
            let started = self.start_due(&mut under_way).await;
            rest.note(&started);
            if under_way.tasks.is_empty() {
                rest.rest().await;
            } else {
                tokio::select! {
                    () = rest.rest() => {}
                    () = under_way.one_ended() => {}
                }
            }
        }
    }

    /// Starts to send what is due, as far as there are places.
    async fn start_due(&self, under_way: &mut UnderWay) -> Result<(), StoreError> {
        under_way.clear_ended();
        let room = PLACES.saturating_sub(under_way.tasks.len());
        if room == 0 {
            return Ok(());
        }
        let wanted = under_way.wanted(self.store.deliveries_due().await?, room);
        if wanted.is_empty() {
            return Ok(());
        }
        let claim = ClaimDeliveries { wanted, lease: LEASE, max_attempts: RetrySchedule::TRIES };
        for claimed in self.store.deliveries_claim(claim).await? {
            let (store, sender) = (self.store.clone(), Arc::clone(&self.sender));
            under_way.start(claimed.webhook.id, deliver(store, sender, claimed));
        }
        Ok(())
    }
}

/// What this process is sending.
#[derive(Debug, Default)]
struct UnderWay {
    tasks: JoinSet<WebhookId>,
    each: HashMap<WebhookId, u32>,
}

impl UnderWay {
    fn start(&mut self, webhook: WebhookId, work: impl Future<Output = ()> + std::marker::Send + 'static) {
        *self.each.entry(webhook).or_default() += 1;
        self.tasks.spawn(async move {
            work.await;
            webhook
        });
    }

    /// How many messages of each webhook there is room for.
    fn wanted(&self, due: Vec<WebhookId>, mut room: usize) -> Vec<(WebhookId, u32)> {
        let mut wanted = Vec::new();
        for webhook in due {
            let free = PLACES_EACH.saturating_sub(self.each.get(&webhook).copied().unwrap_or(0));
            let free = free.min(u32::try_from(room).unwrap_or(u32::MAX));
            if free > 0 {
                room -= free as usize;
                wanted.push((webhook, free));
            }
        }
        wanted
    }

    async fn one_ended(&mut self) {
        let ended = self.tasks.join_next().await;
        self.ended(ended);
    }

    fn clear_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            self.ended(Some(ended));
        }
    }

    fn ended(&mut self, ended: Option<Result<WebhookId, tokio::task::JoinError>>) {
        match ended {
            Some(Ok(webhook)) => {
                if let Some(count) = self.each.get_mut(&webhook) {
                    *count -= 1;
                }
                self.each.retain(|_, count| *count > 0);
            }
            // Whose place it was is not known any more: all are counted anew once nothing is under way.
            Some(Err(error)) => log::error!(cause:% = error; "sending to a webhook ended abnormally"),
            None => {}
        }
        if self.tasks.is_empty() {
            self.each.clear();
        }
    }
}

/// Sends one message and notes what came of it.
async fn deliver(store: Store, sender: Arc<dyn Send>, claimed: ClaimedDelivery) {
    let (lease, attempt) = (claimed.lease, claimed.attempt);
    let answered = match message(&store, &claimed).await {
        Ok(message) => sender.send(message).await.map_err(|error| Causes(&error).to_string()),
        Err(error) => Err(error),
    };
    let settlement = DeliverySettlement {
        lease,
        status: answered.as_ref().ok().map(|answer| answer.status),
        end: end(&answered, attempt, rand::random()),
    };
    match store.delivery_settle(settlement).await {
        Ok(DeliverySettled::Settled(status)) => {
            log::debug!(delivery_id:% = lease.id, status:% = status, attempt; "a message to a webhook was tried");
        }
        Ok(DeliverySettled::Stale) => {
            log::warn!(delivery_id:% = lease.id; "a message to a webhook took too long and is left to others");
        }
        Err(error) => {
            log::warn!(delivery_id:% = lease.id, cause:% = Causes(&error); "what came of a message could not be kept");
        }
    }
}

/// The message as it is signed and sent: the event as a CloudEvent.
async fn message(store: &Store, claimed: &ClaimedDelivery) -> Result<Message, String> {
    let now = store.now().await.map_err(|error| Causes(&error).to_string())?;
    let record = &claimed.event;
    let event = CloudEvent::of(&record.event, record.id, record.created_at);
    let body = Value::Object(event.to_structured()).to_string().into_bytes();
    let secrets = WebhookSecrets::new(claimed.secrets.clone()).map_err(|error| error.to_string())?;
    let headers = secrets.sign(&MessageId::from(claimed.lease.id), now, &body);
    Ok(Message { url: claimed.webhook.url.clone(), content_type: STRUCTURED_CONTENT_TYPE, headers, body: body.into() })
}

/// What an answer, or none, means for the message.
fn end(answered: &Result<Answer, String>, attempt: u32, jitter: f64) -> DeliveryEnd {
    let status = answered.as_ref().ok().map(|answer| answer.status);
    let error = match answered {
        Ok(answer) => format!("the receiver answered {}", answer.status),
        Err(error) => error.chars().take(ERROR_MAX_CHARS).collect(),
    };
    let retry_after = answered.as_ref().ok().and_then(|answer| answer.retry_after);
    match Verdict::of(status) {
        Verdict::Delivered => DeliveryEnd::Delivered,
        Verdict::Gone => DeliveryEnd::Gone { error },
        Verdict::TryAgain => match RetrySchedule.after(attempt, jitter, retry_after) {
            Some(after) => DeliveryEnd::Retry { error, after },
            None => DeliveryEnd::Failed { error },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jct_contract::Timestamp;

    #[test]
    fn an_answer_decides_what_follows() {
        let answer = |status| Ok(Answer { status, retry_after: Some(Duration::from_secs(600)) });
        assert!(matches!(end(&answer(204), 1, 0.0), DeliveryEnd::Delivered));
        assert!(
            matches!(end(&answer(410), 1, 0.0), DeliveryEnd::Gone { error } if error == "the receiver answered 410")
        );
        let again = end(&answer(503), 1, 0.0);
        assert!(matches!(again, DeliveryEnd::Retry { after, .. } if after == Duration::from_secs(600)));
        let unreachable = Err("x".repeat(1_000));
        let again = end(&unreachable, 1, 0.0);
        assert!(
            matches!(&again, DeliveryEnd::Retry { error, after } if error.len() == 500 && *after == Duration::from_secs(5))
        );
        assert!(matches!(end(&unreachable, RetrySchedule::TRIES, 0.0), DeliveryEnd::Failed { .. }));
    }

    #[tokio::test]
    async fn a_receiver_has_its_places_and_no_more() {
        let [one, two, three] = [1, 2, 3].map(|second| WebhookId::at(Timestamp::from_micros(second)));
        let mut under_way = UnderWay::default();
        for _ in 0..3 {
            under_way.start(one, std::future::pending());
        }
        under_way.start(two, async {});
        assert_eq!(under_way.wanted(vec![one, two, three], 100), [(one, 1), (two, 3), (three, 4)]);
        assert_eq!(under_way.wanted(vec![one, two, three], 2), [(one, 1), (two, 1)]);
        under_way.one_ended().await;
        assert_eq!(under_way.wanted(vec![one, two], 100), [(one, 1), (two, 4)]);
        under_way.start(one, std::future::pending());
        assert_eq!(under_way.wanted(vec![one, two], 100), [(two, 4)]);
    }
}
