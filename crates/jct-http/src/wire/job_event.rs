//! The history of a job as one list of messages, whatever kind of event each was.

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::{JobStatus, ReasonCode, TaskStatus};
use jct_store::model::{EventKind, TaskEventRecord};
use jct_tower::jobs::EventLevel;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Something that happened to a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobEvent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobEventBody {
    /// Its number within the job, from 1, without gaps.
    id: u64,
    #[schema(value_type = String, format = "uuid")]
    job_id: TaskId,
    /// `info`, `warn` or `error`.
    level: &'static str,
    /// `status`, `message`, `progress`, `artifact` or `log`.
    kind: &'static str,
    message: String,
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// The attempt it belongs to, from 1.
    attempt: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What is told, apart from who and when.
struct Told {
    level: EventLevel,
    message: String,
    payload: Option<Value>,
}

impl JobEventBody {
    pub(crate) fn of(job: TaskId, event: &TaskEventRecord) -> Self {
        let TaskEventRecord { seq, at, kind, attempt, body } = event;
        let body = match serde_json::from_str(body) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let Told { level, message, payload } = told(*kind, body);
        Self {
            id: *seq,
            job_id: job,
            level: level.as_str(),
            kind: kind.as_str(),
            message,
            payload,
            attempt: *attempt,
            created_at: *at,
        }
    }
}

fn told(kind: EventKind, mut body: Map<String, Value>) -> Told {
    match kind {
        EventKind::Status => status(body),
        EventKind::Message => {
            let level = text(&body, "level").and_then(|level| level.parse().ok()).unwrap_or(EventLevel::Info);
            let message = text(&body, "message").unwrap_or_default().to_owned();
            Told { level, message, payload: body.shift_remove("payload").filter(|payload| !payload.is_null()) }
        }
        EventKind::Progress => {
            let percent = body.get("percent").and_then(Value::as_u64);
            let message = text(&body, "message").map(str::to_owned);
            let message = message.or_else(|| percent.map(|percent| format!("{percent} %"))).unwrap_or_default();
            Told {
                level: EventLevel::Info,
                message,
                payload: percent.map(|percent| serde_json::json!({"percent": percent})),
            }
        }
        EventKind::Artifact => {
            let message = format!("artifact `{}` kept", text(&body, "name").unwrap_or_default());
            Told { level: EventLevel::Info, message, payload: Some(artifact(body).into()) }
        }
        EventKind::Log => {
            let message = text(&body, "line").unwrap_or_default().to_owned();
            body.shift_remove("line");
            Told { level: EventLevel::Info, message, payload: Some(body.into()) }
        }
    }
}

/// A file, in the words of artifacts.
fn artifact(body: Map<String, Value>) -> Map<String, Value> {
    let named = body.into_iter().map(|(name, value)| match name.as_str() {
        "artifact_id" => ("id".to_owned(), value),
        "size_bytes" => ("sizeBytes".to_owned(), value),
        _ => (name, value),
    });
    named.collect()
}

/// A change of status, in the words of jobs.
fn status(mut body: Map<String, Value>) -> Told {
    let reason = text(&body, "reason").and_then(|reason| reason.parse::<ReasonCode>().ok());
    let status = text(&body, "status").and_then(|status| status.parse::<TaskStatus>().ok());
    let status = status.map(|status| JobStatus::of(status, reason));
    let level = match status {
        Some(JobStatus::Failed | JobStatus::DeadLetter) => EventLevel::Error,
        Some(JobStatus::Cancelled) => EventLevel::Warn,
        Some(JobStatus::Queued) if reason.is_some() => EventLevel::Warn,
        _ => EventLevel::Info,
    };
    let mut message = format!("job {}", status.map_or("changed", JobStatus::as_str));
    if let Some(error) = text(&body, "error") {
        message = format!("{message}: {error}");
    } else if let Some(reason) = reason.filter(|_| level != EventLevel::Info) {
        message = format!("{message}: {reason}");
    }
    if let Some(status) = status {
        body.insert("status".to_owned(), status.as_str().into());
    }
    Told { level, message, payload: Some(body.into()) }
}

fn text<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: EventKind, body: &str, expect: (&str, &str, Option<&str>)) {
        let event =
            TaskEventRecord { seq: 3, at: Timestamp::from_micros(0), kind, attempt: None, body: body.to_owned() };
        let found = JobEventBody::of(TaskId::at(Timestamp::from_micros(0)), &event);
        let payload = found.payload.map(|payload| payload.to_string());
        assert_eq!((found.level, found.message.as_str(), payload.as_deref()), expect);
    }

    #[test]
    fn every_kind_of_event_is_told_as_a_message() {
        use EventKind::{Artifact, Log, Message, Progress, Status};
        let body = r#"{"status":"queued"}"#;
        check(Status, body, ("info", "job queued", Some(body)));
        let body = r#"{"status":"queued","reason":"LEASE_LOST"}"#;
        check(Status, body, ("warn", "job queued: LEASE_LOST", Some(body)));
        let body = r#"{"status":"completed","reason":"COMPLETED"}"#;
        let told = r#"{"status":"succeeded","reason":"COMPLETED"}"#;
        check(Status, body, ("info", "job succeeded", Some(told)));
        check(Status, r#"{"status":"pending"}"#, ("info", "job queued", Some(r#"{"status":"queued"}"#)));
        let body = r#"{"status":"failed","reason":"INVALID_INPUT"}"#;
        check(Status, body, ("error", "job failed: INVALID_INPUT", Some(body)));
        let body = r#"{"status":"failed","reason":"RETRIES_EXHAUSTED","error":"no luck"}"#;
        let told = r#"{"status":"dead_letter","reason":"RETRIES_EXHAUSTED","error":"no luck"}"#;
        check(Status, body, ("error", "job dead_letter: no luck", Some(told)));
        check(
            Message,
            r#"{"level":"warn","message":"slow","payload":{"ms":7}}"#,
            ("warn", "slow", Some(r#"{"ms":7}"#)),
        );
        check(Message, r#"{"level":"?","message":"x"}"#, ("info", "x", None));
        check(Progress, r#"{"percent":40,"message":"reading"}"#, ("info", "reading", Some(r#"{"percent":40}"#)));
        check(Progress, r#"{"percent":40}"#, ("info", "40 %", Some(r#"{"percent":40}"#)));
        let body = r#"{"artifact_id":"x","name":"a.txt","size_bytes":3}"#;
        let told = r#"{"id":"x","name":"a.txt","sizeBytes":3}"#;
        check(Artifact, body, ("info", "artifact `a.txt` kept", Some(told)));
        check(Log, r#"{"stream":"stdout","line":"hello"}"#, ("info", "hello", Some(r#"{"stream":"stdout"}"#)));
        check(Log, "[]", ("info", "", Some("{}")));
    }
}
