//! What an object refers to, found by walking its declaration: no kind can forget one of its references.

use jct_contract::door::Path;
use jct_contract::{ObjectId, Violation, ViolationCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::primitives::Ref;
use crate::shape::{Object, Rule};
use crate::words::ObjectKind;

/// One object that another refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// JSON Pointer (RFC 6901) to the reference, inside the object that refers.
    pub pointer: String,
    /// What is referred to.
    pub kind: ObjectKind,
    /// Which one.
    pub id: ObjectId,
}

impl Reference {
    /// What to answer if there is no such object.
    #[must_use]
    pub fn not_found(&self) -> Violation {
        let message = format!("there is no {} with the id `{}`", self.kind, self.id);
        Violation { pointer: self.pointer.clone(), code: ViolationCode::ReferenceNotFound, message }
    }

    /// What to answer if the object is there, but is not the one that the others named belong to; `expected` says which
    /// it should be: `the repository of the issue`.
    #[must_use]
    pub fn mismatch(&self, expected: &str) -> Violation {
        let message = format!("must be {expected}, not {} `{}`", self.kind, self.id);
        Violation { pointer: self.pointer.clone(), code: ViolationCode::ReferenceMismatch, message }
    }
}

pub(crate) fn of(shape: &'static Object, object: &impl Serialize) -> Vec<Reference> {
    let mut found = Vec::new();
    if shape.refers() {
        let value = serde_json::to_value(object).unwrap_or_default();
        collect(Rule::Object(shape), &value, Path::Root, &mut found);
    }
    found
}

fn collect(rule: Rule, value: &Value, path: Path<'_>, found: &mut Vec<Reference>) {
    match (rule, value) {
        (Rule::Reference(_), value) => {
            if let Ok(Ref { kind, id, .. }) = Ref::deserialize(value) {
                found.push(Reference { pointer: path.to_pointer(), kind, id });
            }
        }
        (Rule::Object(shape), Value::Object(members)) => {
            for member in shape.members {
                if let Some(value) = members.get(member.name) {
                    collect(member.rule, value, path.name(member.name), found);
                }
            }
        }
        (Rule::List(rule), Value::Array(items)) => {
            items.iter().enumerate().for_each(|(index, item)| collect(*rule, item, path.index(index), found));
        }
        _ => {}
    }
}
