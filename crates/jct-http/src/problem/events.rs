//! From the errors about events and webhooks to their codes.

use jct_contract::EventId;
use jct_event::EventError;
use jct_tower::events::{PostEventError, ReadEventError, RedriveError, WebhookError};

use super::{ErrorCode, Place, Problem, Violation};

impl Problem {
    /// Why an event was not read; `place` says where a member stands that a pointer names.
    pub(crate) fn of_event(error: EventError, place: impl Fn(&str) -> Place) -> Self {
        match error {
            EventError::Malformed { message, line, column } => {
                Self::new(ErrorCode::MalformedJson, format!("{message} at line {line}, column {column}"))
                    .with("line", line)
                    .with("column", column)
            }
            EventError::Violations(violations) => {
                let placed = |violation| {
                    let violation = Violation::from(violation);
                    Violation { place: place(&violation.pointer), ..violation }
                };
                Self::invalid(ErrorCode::InvalidEvent, violations.into_iter().map(placed).collect())
            }
            other => Self::new(ErrorCode::InvalidEvent, other.to_string()),
        }
    }

    /// Why an event was not kept: another one has its key.
    pub(crate) fn event_key_reused(id: EventId) -> Self {
        let detail = format!("event `{id}` has the same key and says something else");
        Self::new(ErrorCode::EventKeyReused, detail).with("event_id", id.to_string())
    }
}

impl From<PostEventError> for Problem {
    fn from(error: PostEventError) -> Self {
        match error {
            PostEventError::IdempotencyKey => {
                let (pointer, message) = ("/Idempotency-Key".to_owned(), error.to_string());
                let violation = Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message };
                Self::invalid(ErrorCode::InvalidRequest, vec![violation])
            }
            PostEventError::Store(error) => error.into(),
        }
    }
}

impl From<ReadEventError> for Problem {
    fn from(error: ReadEventError) -> Self {
        match error {
            ReadEventError::NotFound => Self::plain(ErrorCode::EventNotFound),
            ReadEventError::Store(error) => error.into(),
        }
    }
}

impl From<RedriveError> for Problem {
    fn from(error: RedriveError) -> Self {
        let detail = error.to_string();
        match error {
            RedriveError::NotFound => Self::plain(ErrorCode::EventNotFound),
            RedriveError::Illegal { source, .. } => {
                Self::new(ErrorCode::IllegalTransition, format!("{detail}; this one is `{}`", source.from))
                    .with("event_status", source.from.as_str())
            }
            RedriveError::Store(error) => error.into(),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let refused = |name: &str, message: String| {
            let pointer = format!("/{name}");
            let violation = Violation { place: Place::Body, pointer, code: "VALUE_NOT_ALLOWED", message };
            Self::invalid(ErrorCode::InvalidRequest, vec![violation])
        };
        let detail = error.to_string();
        match error {
            WebhookError::NotFound => Self::plain(ErrorCode::WebhookNotFound),
            WebhookError::DeliveryNotFound => Self::plain(ErrorCode::DeliveryNotFound),
            WebhookError::NameTaken { id } => {
                Self::plain(ErrorCode::WebhookNameTaken).with("webhook_id", id.to_string())
            }
            WebhookError::Url(why) => refused("url", why.to_string()),
            WebhookError::NoFilter => refused("event_types", detail),
            WebhookError::Illegal(illegal) => {
                Self::new(ErrorCode::IllegalTransition, format!("{detail}; this one is `{}`", illegal.from))
                    .with("delivery_status", illegal.from.as_str())
            }
            WebhookError::Random(error) => Self::internal(error),
            WebhookError::Store(error) => error.into(),
        }
    }
}
