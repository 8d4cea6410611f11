//! An entity's state at a moment, rebuilt from its entries.
//!
//! `created` sets the state, `updated` and `status_changed` replace the members that they name (`null` takes one away),
//! `linked` and `unlinked` add to and take from a list of references, `deleted` ends it. Every other action tells of
//! something that changed nothing.

use jct_contract::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::StoredEntry;

/// What an entity was.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// It was there, with this state.
    Live(Value),
    /// It was deleted.
    Deleted,
}

/// What an entity was at a moment, and since which entry.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The number of the entry that made it so.
    pub seq: u64,
    /// When that was.
    pub at: Timestamp,
    /// What it was.
    pub content: Content,
}

/// An entry that cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// An entry that changes the state does not hold the JSON for it.
    #[error("entry {seq} (`{action}`) holds no usable JSON")]
    Json {
        /// The entry's number.
        seq: u64,
        /// Its action.
        action: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A link should go into a field that holds something else than a list.
    #[error("entry {seq} links in `{field}`, which is no list")]
    NoList {
        /// The entry's number.
        seq: u64,
        /// The field's name, dotted if it lies deeper.
        field: String,
    },
}

/// What `linked` and `unlinked` entries hold.
#[derive(Deserialize)]
struct Link {
    linked_kind: String,
    linked_id: String,
    field: String,
    role: Option<String>,
}

/// Folds the entries of one entity, in the order of their numbers, up to `until` (included); `None` for all of them.
///
/// The fold stops at the first entry later than `until`. The answer is `None` if nothing had set a state by then.
///
/// # Errors
///
/// [`ReplayError`] names the first entry that should change the state and cannot.
pub fn rebuild<'a>(
    entries: impl IntoIterator<Item = &'a StoredEntry>,
    until: Option<Timestamp>,
) -> Result<Option<State>, ReplayError> {
    let mut state = None;
    for entry in entries.into_iter().take_while(|entry| until.is_none_or(|until| entry.at <= until)) {
        state = step(state, entry)?;
    }
    Ok(state)
}

fn step(state: Option<State>, entry: &StoredEntry) -> Result<Option<State>, ReplayError> {
    let content = match entry.action.as_str() {
        "created" => Content::Live(json(entry, entry.after.as_deref())?),
        "updated" | "status_changed" => {
            let mut value = live(state);
            replace(&mut value, json(entry, entry.after.as_deref())?);
            Content::Live(value)
        }
        "linked" => {
            let (mut value, link) = (live(state), json::<Link>(entry, entry.after.as_deref())?);
            let reference = link.reference();
            list(&mut value, entry.seq, &link.field)?.push(reference);
            Content::Live(value)
        }
        "unlinked" => {
            let (mut value, link) = (live(state), json::<Link>(entry, entry.before.as_deref())?);
            let list = list(&mut value, entry.seq, &link.field)?;
            if let Some(place) = list.iter().position(|entry| link.names(entry)) {
                list.remove(place);
            }
            Content::Live(value)
        }
        "deleted" => Content::Deleted,
        _ => return Ok(state),
    };
    Ok(Some(State { seq: entry.seq, at: entry.at, content }))
}

fn live(state: Option<State>) -> Value {
    match state.map(|state| state.content) {
        Some(Content::Live(value)) => value,
        Some(Content::Deleted) | None => Value::Object(Map::new()),
    }
}

fn json<'a, T: Deserialize<'a>>(entry: &StoredEntry, text: Option<&'a str>) -> Result<T, ReplayError> {
    let error = |source| ReplayError::Json { seq: entry.seq, action: entry.action.clone(), source };
    serde_json::from_str(text.unwrap_or_default()).map_err(error)
}

/// A member that an entry names is what the entry says, all of it: a state of its own may hold `null`, which a merge of
/// what lies deeper (RFC 7396) could not say.
fn replace(state: &mut Value, members: Map<String, Value>) {
    let Some(state) = object(state) else { return };
    for (name, value) in members {
        if value.is_null() {
            // Keeps the order of what stays.
            state.shift_remove(&name);
        } else {
            state.insert(name, value);
        }
    }
}

/// The value as an object; one that is something else becomes an empty one.
fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

impl Link {
    /// As references stand in work objects.
    fn reference(&self) -> Value {
        json!({ "kind": self.linked_kind, "id": self.linked_id, "role": self.role })
    }

    /// Whether the entry of a list is the one that is meant: a link without a role is meant by its object alone.
    fn names(&self, entry: &Value) -> bool {
        let is = |name, value: &str| entry.get(name).and_then(Value::as_str) == Some(value);
        let role = self.role.as_deref().is_none_or(|role| is("role", role));
        is("kind", &self.linked_kind) && is("id", &self.linked_id) && role
    }
}

/// The list in a field, made if it is not there; the field may lie deeper, `outputs.artifacts`.
fn list<'a>(state: &'a mut Value, seq: u64, field: &str) -> Result<&'a mut Vec<Value>, ReplayError> {
    let mut place = Some(state);
    for name in field.split('.') {
        place = place.and_then(object).map(|members| members.entry(name).or_insert(Value::Null));
    }
    let list = place.and_then(|value| {
        if value.is_null() {
            *value = Value::Array(Vec::new());
        }
        value.as_array_mut()
    });
    list.ok_or_else(|| ReplayError::NoList { seq, field: field.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, action: &str, before: Option<Value>, after: Option<Value>) -> StoredEntry {
        StoredEntry {
            id: "018bcfe5-687b-7000-8000-000000000001".parse().unwrap(),
            entity_kind: "issue".to_owned(),
            entity_id: "i".to_owned(),
            seq,
            at: Timestamp::from_micros(i64::try_from(seq).unwrap() * 10),
            actor_kind: "human".to_owned(),
            actor_id: "ada".to_owned(),
            action: action.to_owned(),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
            note: None,
            trace_id: None,
            prev_hash: None,
            hash: None,
        }
    }

    fn story() -> Vec<StoredEntry> {
        let link = json!({"linked_kind": "run", "linked_id": "r1", "field": "runs"});
        vec![
            entry(1, "created", None, Some(json!({"title": "a", "status": "planned", "meta": {"x": 1, "y": 2}}))),
            entry(2, "status_changed", Some(json!({"status": "planned"})), Some(json!({"status": "ready"}))),
            entry(3, "updated", None, Some(json!({"title": null, "meta": {"y": null, "z": [1]}}))),
            entry(4, "linked", None, Some(link.clone())),
            entry(
                5,
                "linked",
                None,
                Some(json!({"linked_kind": "run", "linked_id": "r2", "field": "runs", "role": "retry"})),
            ),
            entry(6, "stale_write_refused", None, Some(json!({"status": "done"}))),
            entry(7, "unlinked", Some(link), None),
            entry(8, "deleted", Some(json!({})), None),
        ]
    }

    #[track_caller]
    fn at(seq: i64, expected: Value) {
        let state = rebuild(&story(), Some(Timestamp::from_micros(seq * 10))).unwrap().unwrap();
        assert_eq!(state.content, Content::Live(expected));
    }

    #[test]
    fn each_action_does_its_part() {
        at(1, json!({"title": "a", "status": "planned", "meta": {"x": 1, "y": 2}}));
        at(2, json!({"title": "a", "status": "ready", "meta": {"x": 1, "y": 2}}));
        let merged = json!({"status": "ready", "meta": {"y": null, "z": [1]}});
        at(3, merged.clone());
        let with = |runs: Value| {
            let mut state = merged.clone();
            state["runs"] = runs;
            state
        };
        let one = json!({"kind": "run", "id": "r1", "role": null});
        let two = json!({"kind": "run", "id": "r2", "role": "retry"});
        at(4, with(json!([one])));
        at(5, with(json!([one, two])));
        at(6, with(json!([one, two])));
        at(7, with(json!([two])));
    }

    #[test]
    fn the_state_says_since_when() {
        let state = rebuild(&story(), Some(Timestamp::from_micros(69))).unwrap().unwrap();
        assert_eq!((state.seq, state.at), (5, Timestamp::from_micros(50)));
        let state = rebuild(&story(), None).unwrap().unwrap();
        assert_eq!((state.seq, state.content), (8, Content::Deleted));
        assert_eq!(rebuild(&story(), Some(Timestamp::from_micros(9))).unwrap(), None);
        assert_eq!(rebuild(&story()[5..6], None).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_replayed_is_named() {
        let no_json = [StoredEntry { after: Some("{".to_owned()), ..entry(1, "created", None, None) }];
        assert!(matches!(rebuild(&no_json, None), Err(ReplayError::Json { seq: 1, .. })));
        assert!(matches!(rebuild(&[entry(2, "linked", None, None)], None), Err(ReplayError::Json { seq: 2, .. })));
        let mut story = story();
        story[0].after = Some(json!({"runs": "none"}).to_string());
        assert!(matches!(rebuild(&story, None), Err(ReplayError::NoList { seq: 4, .. })));
    }

    #[test]
    fn a_list_may_lie_deeper() {
        let link = json!({"linked_kind": "Artifact", "linked_id": "a1", "field": "outputs.artifacts"});
        let reference = json!({"kind": "Artifact", "id": "a1", "role": null});
        for (before, expected) in [
            (json!({}), json!({"outputs": {"artifacts": [reference]}})),
            (
                json!({"outputs": {"artifacts": [], "log": null}}),
                json!({"outputs": {"artifacts": [reference], "log": null}}),
            ),
        ] {
            let entries = [entry(1, "created", None, Some(before)), entry(2, "linked", None, Some(link.clone()))];
            assert_eq!(rebuild(&entries, None).unwrap().unwrap().content, Content::Live(expected));
        }
        let entries = [
            entry(1, "created", None, Some(json!({"outputs": {"artifacts": "none"}}))),
            entry(2, "linked", None, Some(link)),
        ];
        let refused = rebuild(&entries, None).unwrap_err();
        assert!(matches!(&refused, ReplayError::NoList { field, .. } if field == "outputs.artifacts"), "{refused}");
    }

    #[test]
    fn a_member_is_replaced_whole_and_null_takes_it_away() {
        for (before, after, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": {"b": "c", "d": 1}}), json!({"a": {"b": null}}), json!({"a": {"b": null}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        ] {
            let entries = [entry(1, "created", None, Some(before)), entry(2, "updated", None, Some(after))];
            assert_eq!(rebuild(&entries, None).unwrap().unwrap().content, Content::Live(expected));
        }
    }
}
