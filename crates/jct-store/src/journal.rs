//! The journal of one transaction: for every change of a task one event and one audit entry, numbered without gaps.
//!
//! The counters travel with the task's row, so that numbering needs no look-up and whoever holds the row holds the
//! numbers. Event 1 of a task is its creation and is not stored: the task's own row says the same.

use jct_contract::{AuditId, Timestamp};
use jct_lifecycle::TaskStatus;
use serde_json::{Map, Value, json};

use crate::model::EventKind;
use crate::rows::{AuditRow, EventRow};
use crate::types::Id;

/// Who made a change: the kind and name of a principal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor<'a> {
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Actor<'a> {
    pub(crate) const fn system(name: &'a str) -> Self {
        Self { kind: "system", name }
    }
}

impl<'a> From<&'a jct_contract::Principal> for Actor<'a> {
    fn from(principal: &'a jct_contract::Principal) -> Self {
        Self { kind: principal.kind().as_str(), name: principal.name() }
    }
}

/// One change of one task's status.
pub(crate) struct Change<'a> {
    pub(crate) task_id: Id,
    pub(crate) trace_id: &'a str,
    pub(crate) actor: Actor<'a>,
    pub(crate) from: TaskStatus,
    pub(crate) to: TaskStatus,
    pub(crate) attempt: Option<i64>,
    /// What else there is to say, beside the status and the attempt.
    pub(crate) detail: Vec<(&'static str, Value)>,
    pub(crate) note: Option<String>,
    /// The last event number used so far.
    pub(crate) event_seq: i64,
    /// The last audit number used so far.
    pub(crate) audit_seq: i64,
}

/// An audit entry about anything.
pub(crate) struct Entry<'a> {
    pub(crate) actor: Actor<'a>,
    pub(crate) action: &'a str,
    pub(crate) entity_kind: &'a str,
    pub(crate) entity_id: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) note: Option<String>,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) seq: i64,
}

#[derive(Debug)]
pub(crate) struct Journal {
    now: Timestamp,
    pub(crate) events: Vec<EventRow>,
    pub(crate) audits: Vec<AuditRow>,
}

impl Journal {
    pub(crate) const fn at(now: Timestamp) -> Self {
        Self { now, events: Vec::new(), audits: Vec::new() }
    }

    /// Notes a change of status as an event and an audit entry; returns the numbers used.
    pub(crate) fn change(&mut self, change: Change<'_>) -> (i64, i64) {
        let Change { task_id, trace_id, actor, from, to, attempt, detail, note, event_seq, audit_seq } = change;
        let mut after = Map::new();
        after.insert("status".to_owned(), to.as_str().into());
        if let Some(attempt) = attempt {
            after.insert("attempt".to_owned(), attempt.into());
        }
        after.extend(detail.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let after = Value::Object(after);
        let (event_seq, audit_seq) = (event_seq + 1, audit_seq + 1);
        self.events.push(EventRow {
            task_id,
            seq: event_seq,
            at: self.now.as_micros(),
            kind: EventKind::Status.as_str().to_owned(),
            attempt,
            body: after.to_string(),
        });
        self.entry(Entry {
            actor,
            action: "status_changed",
            entity_kind: "task",
            entity_id: task_id.0.to_string(),
            before: Some(json!({ "status": from.as_str() })),
            after: Some(after),
            note,
            trace_id: Some(trace_id),
            seq: audit_seq,
        });
        (event_seq, audit_seq)
    }

    pub(crate) fn entry(&mut self, entry: Entry<'_>) {
        self.audits.push(entry.at(self.now));
    }
}

impl Entry<'_> {
    /// The row of an entry made at `now`.
    pub(crate) fn at(self, now: Timestamp) -> AuditRow {
        AuditRow {
            id: AuditId::at(now).into(),
            ts: now.as_micros(),
            actor_kind: self.actor.kind.to_owned(),
            actor_id: self.actor.name.to_owned(),
            action: self.action.to_owned(),
            entity_kind: self.entity_kind.to_owned(),
            entity_id: self.entity_id,
            before: self.before.map(|value| value.to_string()),
            after: self.after.map(|value| value.to_string()),
            note: self.note,
            trace_id: self.trace_id.map(str::to_owned),
            seq: self.seq,
        }
    }
}
