//! The journal of one transaction: for every change of a task one event and one audit entry, numbered without gaps.
//!
//! The marks travel with the task's row, so that numbering and chaining need no look-up and whoever holds the row holds
//! the chain's end. Event 1 of a task is its creation and is not stored: the task's own row says the same.

use jct_audit::{ChainHash, EntryFields, link};
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

/// Where an entity's chain of audit entries ends. Travels with the entity's row: whoever holds the row may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

impl Head {
    /// The head of an entity without entries.
    pub(crate) fn genesis() -> Self {
        Self { seq: 0, hash: ChainHash::GENESIS.to_string() }
    }
}

/// Where the two sequences of a task stand: its events and its chain.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    pub(crate) event_seq: i64,
    pub(crate) head: Head,
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
    /// What only the audit log says, so that the task can be rebuilt from it; `null` for what no longer holds.
    pub(crate) record: Vec<(&'static str, Value)>,
    pub(crate) note: Option<String>,
    pub(crate) marks: Marks,
}

/// An audit entry about anything. The states are JSON as it will be stored.
pub(crate) struct Entry<'a> {
    pub(crate) actor: Actor<'a>,
    pub(crate) action: &'a str,
    pub(crate) entity_kind: &'a str,
    pub(crate) entity_id: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) trace_id: Option<&'a str>,
}

#[derive(Debug)]
pub(crate) struct Journal {
    now: Timestamp,
    /// Whether entries are made at all; see [`crate::StoreOptions`].
    audit: bool,
    pub(crate) events: Vec<EventRow>,
    pub(crate) audits: Vec<AuditRow>,
}

impl Journal {
    pub(crate) const fn new(now: Timestamp, audit: bool) -> Self {
        Self { now, audit, events: Vec::new(), audits: Vec::new() }
    }

    /// A journal of the same moment, for entries that may yet be dropped.
    pub(crate) const fn another(&self) -> Self {
        Self::new(self.now, self.audit)
    }

    /// Notes a change of status as an event and an audit entry; returns the marks after it.
    pub(crate) fn change(&mut self, change: Change<'_>) -> Marks {
        let Change { task_id, trace_id, actor, from, to, attempt, detail, record, note, marks } = change;
        let mut after = Map::new();
        after.insert("status".to_owned(), to.as_str().into());
        if let Some(attempt) = attempt {
            after.insert("attempt".to_owned(), attempt.into());
        }
        let named = |(name, value): (&str, Value)| (name.to_owned(), value);
        after.extend(detail.into_iter().map(named));
        let event_seq = marks.event_seq + 1;
        self.events.push(EventRow {
            task_id,
            seq: event_seq,
            at: self.now.as_micros(),
            kind: EventKind::Status.as_str().to_owned(),
            attempt,
            body: Value::Object(after.clone()).to_string(),
        });
        after.extend(record.into_iter().map(named));
        let entry = Entry {
            actor,
            action: "status_changed",
            entity_kind: "task",
            entity_id: task_id.0.to_string(),
            before: Some(json!({ "status": from.as_str() }).to_string()),
            after: Some(Value::Object(after).to_string()),
            note,
            trace_id: Some(trace_id),
        };
        Marks { event_seq, head: self.entry(&marks.head, entry) }
    }

    /// Notes an entry behind `head`; returns the head after it.
    pub(crate) fn entry(&mut self, head: &Head, entry: Entry<'_>) -> Head {
        if !self.audit {
            return head.clone();
        }
        let row = entry.behind(head, self.now);
        let head = Head { seq: row.seq, hash: row.hash.clone() };
        self.audits.push(row);
        head
    }
}

impl Entry<'_> {
    /// The row of an entry made at `now` behind `head`.
    fn behind(self, head: &Head, now: Timestamp) -> AuditRow {
        let (id, seq) = (AuditId::at(now), head.seq + 1);
        let fields = EntryFields {
            id,
            entity_kind: self.entity_kind,
            entity_id: &self.entity_id,
            seq: seq.unsigned_abs(),
            at: now,
            actor_kind: self.actor.kind,
            actor_id: self.actor.name,
            action: self.action,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
            note: self.note.as_deref(),
            trace_id: self.trace_id,
        };
        // A hash that somebody spoiled must not stop the tower: the chain goes on and verification names the place.
        let hash = link(head.hash.parse().unwrap_or(ChainHash::GENESIS), &fields).to_string();
        AuditRow {
            id: id.into(),
            ts: now.as_micros(),
            actor_kind: self.actor.kind.to_owned(),
            actor_id: self.actor.name.to_owned(),
            action: self.action.to_owned(),
            entity_kind: self.entity_kind.to_owned(),
            entity_id: self.entity_id,
            before: self.before,
            after: self.after,
            note: self.note,
            trace_id: self.trace_id.map(str::to_owned),
            seq,
            prev_hash: head.hash.clone(),
            hash,
        }
    }
}
