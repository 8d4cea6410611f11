//! What follows from an event: decided from the event and from who wants to be told, and from nothing else.

use jct_event::EventType;
use jct_lifecycle::RetryPolicy;
use jct_store::model::{EventEffects, EventEnd, EventRecord, WebhookRecord};
use serde_json::{Value, json};

use crate::workflows::Triggers;

/// Who wants to be told of events.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    /// The webhooks that are active.
    pub(super) webhooks: Vec<WebhookRecord>,
    /// The workflows that are active.
    pub(super) triggers: Triggers,
}

impl Interest {
    /// Whether anybody wants events of this type.
    pub(super) fn wants(&self, event_type: &EventType) -> bool {
        self.webhooks.iter().any(|webhook| webhook.wants(event_type)) || self.triggers.wants(event_type)
    }
}

/// The end of an event that was looked at.
pub(super) fn decided(record: &EventRecord, interest: &Interest) -> EventEnd {
    let told = interest.webhooks.iter().filter(|webhook| webhook.wants(record.event.event_type()));
    let deliveries: Vec<_> = told.map(|webhook| webhook.id).collect();
    let fired = interest.triggers.fired(record);
    let started: Vec<_> = fired.runs.iter().map(|run| run.workflow_id).collect();
    let mut result = json!({ "webhooks": deliveries, "workflows": started });
    if !fired.undecided.is_empty() {
        let each = fired.undecided.iter().map(|(id, why)| json!({ "workflow_id": id, "error": why }));
        result["undecided_conditions"] = Value::Array(each.collect());
    }
    EventEnd::Completed { effects: EventEffects { deliveries, runs: fired.runs }, result: result.to_string() }
}

/// The end of a try that says nothing about the event.
pub(super) fn undecided(record: &EventRecord, error: String, retry: RetryPolicy, jitter: f64) -> EventEnd {
    if record.attempts < retry.max_attempts {
        EventEnd::Retry { error, after: retry.backoff(record.attempts, jitter) }
    } else {
        EventEnd::Dead { error }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jct_contract::{EventId, Principal, RequesterKind, Timestamp, WebhookId};
    use jct_event::{EventStatus, NewEvent};

    use super::*;

    fn record(kind: &str, attempts: u32) -> EventRecord {
        let body = json!({ "type": kind, "source": "test" }).to_string();
        let at = Timestamp::from_micros(1_000_000);
        EventRecord {
            id: EventId::at(at),
            event: NewEvent::from_json(body.as_bytes()).unwrap(),
            status: EventStatus::Processing,
            created_by: Principal::new(RequesterKind::System, "test").unwrap(),
            created_at: at,
            depth: 0,
            cause: None,
            attempts,
            next_attempt_at: None,
            processed_at: None,
            processed_by: None,
            result: None,
            error: None,
        }
    }

    fn webhook(second: i64, filter: &[&str]) -> WebhookRecord {
        let at = Timestamp::from_micros(second * 1_000_000);
        WebhookRecord {
            id: WebhookId::at(at),
            name: "w".to_owned(),
            url: "https://example.org/".to_owned(),
            description: None,
            filter: filter.iter().map(|filter| filter.parse().unwrap()).collect(),
            active: true,
            disabled_reason: None,
            created_by: "ana".to_owned(),
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn those_who_want_it_are_told_once_each() {
        let webhooks =
            vec![webhook(1, &["user.action", "user.*", "*"]), webhook(2, &["task.*"]), webhook(3, &["user.action"])];
        let wanted = [webhooks[0].id, webhooks[2].id];
        let interest = Interest { webhooks, triggers: Triggers::default() };
        let EventEnd::Completed { effects, result } = decided(&record("user.action", 1), &interest) else {
            panic!("an event that can be told is completed")
        };
        assert_eq!(effects.deliveries, wanted);
        assert_eq!(result, json!({ "webhooks": wanted, "workflows": [] }).to_string());
        let EventEnd::Completed { effects, .. } = decided(&record("user.action", 1), &Interest::default()) else {
            panic!("an event that nobody wants is completed")
        };
        assert!(effects.is_empty());
        assert!(interest.wants(&"task.state_changed".parse().unwrap()));
        assert!(!Interest::default().wants(&"task.state_changed".parse().unwrap()));
    }

    #[test]
    fn a_try_that_says_nothing_is_repeated_until_there_are_none_left() {
        let retry = RetryPolicy { max_attempts: 3, base: Duration::from_secs(2), cap: Duration::from_secs(60) };
        let end = |attempts| undecided(&record("user.action", attempts), "later".to_owned(), retry, 1.0);
        assert!(matches!(end(1), EventEnd::Retry { after, .. } if after == Duration::from_secs(2)));
        assert!(matches!(end(2), EventEnd::Retry { after, .. } if after == Duration::from_secs(4)));
        assert!(matches!(end(3), EventEnd::Dead { error } if error == "later"));
    }
}
