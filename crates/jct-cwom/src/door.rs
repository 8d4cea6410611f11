//! The walk from a parsed document to an object of the model: every violation is found, every default filled in.
//!
//! What comes out has every member, so that the types need no defaults of their own; it is only used when nothing was
//! reported.

use std::collections::HashSet;

use jct_contract::door::{
    Field, Fields, Names, Path, Violations, any_text, boolean, canonical_len, free_form, integer, number, text,
    wrong_type,
};
use jct_contract::{JsonValue, ObjectId, Sha256Digest, Timestamp, Violation, ViolationCode};
use serde_json::{Map, Value};

use crate::limits::{FREE_FORM_MAX_BYTES, LIST_MAX_ITEMS};
use crate::primitives::Ref;
use crate::shape::{Object, Presence, Rule, Shaped};
use crate::words::{ObjectKind, Quoted};

/// The members of the object, or everything that is wrong with it; never an empty list.
pub(crate) fn read(shape: &'static Object, value: &JsonValue<'_>) -> Result<Value, Vec<Violation>> {
    let mut walk = Walk::default();
    let object = walk.object(shape, Field { value, path: Path::Root });
    walk.size();
    if walk.violations.is_empty() { Ok(object) } else { Err(walk.violations.into_vec()) }
}

/// One visit: what was found so far.
#[derive(Default)]
struct Walk {
    violations: Violations,
    meta_bytes: usize,
    inline_bytes: usize,
}

impl Walk {
    fn object(&mut self, shape: &'static Object, field: Field<'_, '_, '_>) -> Value {
        let names = Names::only(shape.names);
        let Some(fields) = Fields::open(field.value, &field.path, names, &mut self.violations) else {
            return Value::Null;
        };
        let mut members = Map::with_capacity(shape.members.len());
        for member in shape.members {
            let value = match fields.get(member.name) {
                Some(field) => self.value(member.rule, field),
                None => {
                    if matches!(member.presence, Presence::Required) {
                        fields.required(member.name, &mut self.violations);
                    }
                    member.default()
                }
            };
            members.insert(member.name.to_owned(), value);
        }
        Value::Object(members)
    }

    fn value(&mut self, rule: Rule, field: Field<'_, '_, '_>) -> Value {
        match rule {
            Rule::Text { min, max } => text(field, &(min..=max), &mut self.violations).into(),
            Rule::Prose { max } => self.prose(max, field),
            Rule::Flag => boolean(field, &mut self.violations).into(),
            Rule::Inline => self.inline(field),
            Rule::Word(words) => self.word(words, field),
            Rule::Integer { max } => self.integer(max, field),
            Rule::Number => self.number(field),
            Rule::Moment => self.moment(field),
            Rule::Digest => self.digest(field),
            Rule::Id => self.id(field),
            Rule::Reference(kind) => self.reference(kind, field),
            Rule::Object(shape) => self.object(shape, field),
            Rule::List(rule) => self.list(*rule, field),
            Rule::Free => self.free(field),
        }
    }

    fn prose(&mut self, max: usize, field: Field<'_, '_, '_>) -> Value {
        let words = text(field, &(1..=max), &mut self.violations);
        if words.as_ref().is_some_and(|words| !words.is_empty() && words.trim().is_empty()) {
            self.violations.report(field.path, ViolationCode::TooShort, "must not be blank");
        }
        words.into()
    }

    fn inline(&mut self, field: Field<'_, '_, '_>) -> Value {
        let text = any_text(field, &mut self.violations);
        self.inline_bytes = self.inline_bytes.saturating_add(text.map_or(0, str::len));
        text.into()
    }

    fn word(&mut self, words: &'static [&'static str], field: Field<'_, '_, '_>) -> Value {
        let word = any_text(field, &mut self.violations);
        if word.is_some_and(|word| !words.contains(&word)) {
            let message = format!("must be one of {}", Quoted(words));
            self.violations.report(field.path, ViolationCode::ValueNotAllowed, message);
        }
        word.into()
    }

    fn integer(&mut self, max: u64, field: Field<'_, '_, '_>) -> Value {
        let value = integer(field, &mut self.violations);
        if value.is_some_and(|value| u64::try_from(value).map_or(true, |value| value > max)) {
            self.violations.report(field.path, ViolationCode::OutOfRange, format!("must be from 0 to {max}"));
        }
        value.into()
    }

    fn number(&mut self, field: Field<'_, '_, '_>) -> Value {
        let value = number(field, &mut self.violations);
        if value.as_ref().and_then(serde_json::Number::as_f64).is_some_and(|value| value < 0.0) {
            self.violations.report(field.path, ViolationCode::OutOfRange, "must not be negative");
        }
        value.map_or(Value::Null, Value::Number)
    }

    fn moment(&mut self, field: Field<'_, '_, '_>) -> Value {
        let Some(text) = any_text(field, &mut self.violations) else { return Value::Null };
        match text.parse::<Timestamp>() {
            Ok(moment) => moment.to_string().into(),
            Err(error) => {
                self.violations.report(field.path, ViolationCode::InvalidTime, error.to_string());
                Value::Null
            }
        }
    }

    fn digest(&mut self, field: Field<'_, '_, '_>) -> Value {
        let digest = any_text(field, &mut self.violations);
        if let Some(Err(error)) = digest.map(str::parse::<Sha256Digest>) {
            self.violations.report(field.path, ViolationCode::InvalidDigest, error.to_string());
        }
        digest.into()
    }

    fn id(&mut self, field: Field<'_, '_, '_>) -> Value {
        let id = any_text(field, &mut self.violations);
        if id.is_some_and(|id| id.parse::<ObjectId>().is_err()) {
            let message = "must be the id of an object: a UUID in lower case with hyphens";
            self.violations.report(field.path, ViolationCode::InvalidId, message);
        }
        id.into()
    }

    fn reference(&mut self, slot: ObjectKind, field: Field<'_, '_, '_>) -> Value {
        let reference = self.object(Ref::SHAPE, field);
        let kind = reference.get("kind").and_then(Value::as_str).and_then(|kind| kind.parse::<ObjectKind>().ok());
        if let Some(kind) = kind.filter(|kind| *kind != slot) {
            let message = format!("must be `{slot}` here, not `{kind}`");
            self.violations.report(field.path.name("kind"), ViolationCode::ReferenceKind, message);
        }
        reference
    }

    fn list(&mut self, rule: Rule, field: Field<'_, '_, '_>) -> Value {
        let Some(items) = field.value.as_array() else {
            wrong_type(field, "an array", &mut self.violations);
            return Value::Null;
        };
        if items.len() > LIST_MAX_ITEMS {
            let message = format!("must have at most {LIST_MAX_ITEMS} entries, has {}", items.len());
            self.violations.report(field.path, ViolationCode::TooManyItems, message);
        }
        let items = items.iter().enumerate();
        let values: Vec<Value> =
            items.map(|(index, value)| self.value(rule, Field { value, path: field.path.index(index) })).collect();
        if matches!(rule, Rule::Reference(_)) {
            self.repeated(&values, field.path);
        }
        Value::Array(values)
    }

    /// A link is there or it is not: the same object cannot be linked twice.
    fn repeated(&mut self, references: &[Value], path: Path<'_>) {
        let mut seen = HashSet::new();
        for (index, reference) in references.iter().enumerate() {
            if let Some(id) = reference.get("id").and_then(Value::as_str)
                && !seen.insert(id)
            {
                let message = "the list names this object already";
                self.violations.report(path.index(index), ViolationCode::ReferenceRepeated, message);
            }
        }
    }

    fn free(&mut self, field: Field<'_, '_, '_>) -> Value {
        let Some(object) = field.value.as_object() else {
            wrong_type(field, "an object", &mut self.violations);
            return Value::Null;
        };
        let members = free_form(object, field.path, &mut self.violations);
        self.meta_bytes = self.meta_bytes.saturating_add(canonical_len(&members));
        Value::Object(members)
    }

    /// Reported where most of the bytes are.
    fn size(&mut self) {
        let bytes = self.meta_bytes.saturating_add(self.inline_bytes);
        if bytes > FREE_FORM_MAX_BYTES {
            let root = Path::Root;
            let path = root.name(if self.meta_bytes >= self.inline_bytes { "meta" } else { "inputs" });
            let message =
                format!("`meta` and inline data together must have at most {FREE_FORM_MAX_BYTES} bytes, have {bytes}");
            self.violations.report(path, ViolationCode::TooLarge, message);
        }
    }
}
