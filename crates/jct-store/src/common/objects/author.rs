//! The entries that a write of an object leaves in the audit log. An object's entries, replayed, give the object as it
//! is read.

use jct_contract::{ObjectId, Timestamp, TraceId};
use jct_cwom::{ObjectKind, Ref, Status};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::StoreError;
use crate::journal::{Actor, Entry, Head, Journal};
use crate::model::WorkObject;
use crate::types::Id;

/// Whose write it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    pub(crate) actor: Actor<'a>,
    pub(crate) trace_id: &'a TraceId,
}

/// The object that an entry is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    pub(crate) kind: ObjectKind,
    pub(crate) id: ObjectId,
}

impl Entity {
    /// The object that a row is.
    pub(crate) fn of(kind: ObjectKind, id: Id) -> Self {
        Self { kind, id: id.into() }
    }
}

/// What was and what is, of the members that differ.
#[derive(Debug, Default)]
struct Difference {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Author<'_> {
    /// The first entry of an object: all of it, as on the wire.
    pub(crate) fn created(self, journal: &mut Journal, object: &WorkObject) -> Result<Head, StoreError> {
        let entity = Entity { kind: object.kind(), id: object.id() };
        Ok(self.created_as(journal, entity, serde_json::to_string(object).map_err(unwritable)?))
    }

    /// The first entry of an object that is written out already.
    pub(crate) fn created_as(self, journal: &mut Journal, entity: Entity, json: String) -> Head {
        self.note(journal, &Head::genesis(), entity, "created", None, json)
    }

    /// A link that came to be because another object, `target`, names `owner`; `field` is where the owner shows it.
    pub(crate) fn linked(self, journal: &mut Journal, head: &Head, owner: Entity, field: &str, target: &Ref) -> Head {
        let mut link = json!({ "linked_kind": target.kind, "linked_id": target.id, "field": field });
        if let (Some(role), Value::Object(link)) = (&target.role, &mut link) {
            link.insert("role".to_owned(), role.as_str().into());
        }
        self.note(journal, head, owner, "linked", None, link.to_string())
    }

    /// A status that changed, and nothing else.
    pub(crate) fn moved(
        self,
        journal: &mut Journal,
        head: &Head,
        entity: Entity,
        (from, to): (Status, Status),
        updated_at: Timestamp,
    ) -> Head {
        let before = json!({ "status": from }).to_string();
        let after = json!({ "status": to, "updated_at": updated_at }).to_string();
        self.note(journal, head, entity, "status_changed", Some(before), after)
    }

    /// What a change has changed: the status in an entry of its own, everything else in another; `None` if nothing did.
    pub(crate) fn changed(
        self,
        journal: &mut Journal,
        head: &Head,
        before: &WorkObject,
        after: &WorkObject,
        updated_at: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let entity = Entity { kind: after.kind(), id: after.id() };
        let (status, members) = differences(&value(before)?, &value(after)?);
        let mut latest = None;
        for (action, difference) in [("status_changed", status), ("updated", members)] {
            let Difference { before, mut after } = difference;
            if !after.is_empty() {
                after.insert("updated_at".to_owned(), json!(updated_at));
                let (before, after) = (Value::Object(before).to_string(), Value::Object(after).to_string());
                let head = latest.as_ref().unwrap_or(head);
                latest = Some(self.note(journal, head, entity, action, Some(before), after));
            }
        }
        Ok(latest)
    }

    fn note(
        self,
        journal: &mut Journal,
        head: &Head,
        entity: Entity,
        action: &str,
        before: Option<String>,
        after: String,
    ) -> Head {
        let entry = Entry {
            actor: self.actor,
            action,
            entity_kind: entity.kind.as_str(),
            entity_id: entity.id.to_string(),
            before,
            after: Some(after),
            note: None,
            trace_id: Some(self.trace_id.as_str()),
        };
        journal.entry(head, entry)
    }
}

/// Member by member, so that no member that a change may touch can be forgotten: the status, and the rest.
fn differences(before: &Value, after: &Value) -> (Difference, Difference) {
    let (mut status, mut members) = (Difference::default(), Difference::default());
    for (name, now) in after.as_object().into_iter().flatten() {
        let was = before.get(name).unwrap_or(&Value::Null);
        if was != now {
            let difference = if name == "status" { &mut status } else { &mut members };
            difference.before.insert(name.clone(), was.clone());
            difference.after.insert(name.clone(), now.clone());
        }
    }
    (status, members)
}

fn value(object: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(object).map_err(unwritable)
}

#[expect(clippy::needless_pass_by_value, reason = "as the last step of a conversion of errors")]
fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("a work object that is no JSON: {error}"))
}
