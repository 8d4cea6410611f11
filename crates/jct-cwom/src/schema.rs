//! JSON Schemas (2020-12), made from the same declarations as the door.
//!
//! The door knows rules that a schema cannot express: repeated names, U+0000, sizes in bytes, numbers that no double
//! carries, and that a list of references names no object twice.

use serde_json::{Map, Value, json};

use crate::body::Body;
use crate::limits::{FREE_FORM_MAX_BYTES, LIST_MAX_ITEMS};
use crate::objects::{
    NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewEvidencePack, NewIssue, NewRepo,
    NewReviewDecision, NewRun, RunState,
};
use crate::primitives::Actor;
use crate::shape::{Member, OPTIONAL, Object, Presence, REQUIRED, Rule, Shaped, object as object_of, references, text};
use crate::words::ObjectKind;

/// The schema of what a caller sends.
#[must_use]
pub fn of<T: Body>() -> Value {
    sent(T::SHAPE)
}

/// The schema of what a caller sends to create an object of that kind; of an evidence pack, which only the tower makes,
/// that of what it is made with.
#[must_use]
pub fn of_new(kind: ObjectKind) -> Value {
    sent(new(kind))
}

/// The schema of an object of that kind as the tower answers it: every member is there, what is optional may be `null`.
#[must_use]
pub fn of_object(kind: ObjectKind) -> Value {
    let mut properties = Map::new();
    properties.insert("kind".to_owned(), json!({"const": kind}));
    let state: &[Member] = if kind == ObjectKind::Run { RunState::SHAPE.members } else { &[] };
    let members = std::iter::once(&ID).chain(new(kind).members).chain(state).chain(server_set(kind));
    properties.extend(members.map(|member| (member.name.to_owned(), answered(member))));
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({
        "title": kind,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn new(kind: ObjectKind) -> &'static Object {
    match kind {
        ObjectKind::Repo => NewRepo::SHAPE,
        ObjectKind::Issue => NewIssue::SHAPE,
        ObjectKind::ContextPacket => NewContextPacket::SHAPE,
        ObjectKind::Run => NewRun::SHAPE,
        ObjectKind::Artifact => NewArtifact::SHAPE,
        ObjectKind::ConstraintSnapshot => NewConstraintSnapshot::SHAPE,
        ObjectKind::DoctrineRef => NewDoctrineRef::SHAPE,
        ObjectKind::EvidencePack => NewEvidencePack::SHAPE,
        ObjectKind::ReviewDecision => NewReviewDecision::SHAPE,
    }
}

const ID: Member = member("id", "Which one.", Rule::Id, REQUIRED);
const TRACE_ID: Member = member("trace_id", "The trace of the call that created it.", text(1, 36), OPTIONAL);
const CREATED_AT: Member = member("created_at", "When it was created.", Rule::Moment, REQUIRED);
const UPDATED_AT: Member = member("updated_at", "When it last changed.", Rule::Moment, REQUIRED);
const CAPTURED_AT: Member = member("captured_at", "When the tower took it down.", Rule::Moment, REQUIRED);
const RUNS: Member = member("runs", "Its executions, oldest first.", references(ObjectKind::Run), REQUIRED);

const PACK_DIGEST: Member = member("digest", "The digest of the pack; a review names it.", Rule::Digest, REQUIRED);
const EVALUATED_AT: Member = member("evaluated_at", "When it was made.", Rule::Moment, REQUIRED);
const REVIEWER: Member = member("reviewer", "Who decided.", object_of::<Actor>(), REQUIRED);
const SELF_REVIEW: Member = member(
    "self_review",
    "Whether somebody approved what they had handed in themselves, because the tower is set to let them.",
    Rule::Flag,
    REQUIRED,
);
const FOLLOW_UP: Member =
    member("follow_up", "The task that does the work again, if the decision made one.", Rule::Id, OPTIONAL);
const REVIEWED_AT: Member = member("reviewed_at", "When it was decided.", Rule::Moment, REQUIRED);

const fn member(name: &'static str, doc: &'static str, rule: Rule, presence: Presence) -> Member {
    Member { name, doc, rule, presence }
}

/// What the tower adds to what the caller sent.
fn server_set(kind: ObjectKind) -> &'static [Member] {
    match kind {
        ObjectKind::Issue => &[RUNS, TRACE_ID, CREATED_AT, UPDATED_AT],
        ObjectKind::ContextPacket => &[TRACE_ID, CREATED_AT],
        ObjectKind::ConstraintSnapshot => &[TRACE_ID, CAPTURED_AT],
        ObjectKind::EvidencePack => &[PACK_DIGEST, TRACE_ID, EVALUATED_AT],
        ObjectKind::ReviewDecision => &[REVIEWER, SELF_REVIEW, FOLLOW_UP, TRACE_ID, REVIEWED_AT],
        ObjectKind::Repo | ObjectKind::Run | ObjectKind::Artifact | ObjectKind::DoctrineRef => {
            &[TRACE_ID, CREATED_AT, UPDATED_AT]
        }
    }
}

/// An object that a caller sends: what has a default may be left out, and `null` is the same as leaving it out.
fn sent(shape: &Object) -> Value {
    let required = shape.members.iter().filter(|member| matches!(member.presence, Presence::Required));
    let required: Vec<_> = required.map(|member| member.name).collect();
    object(shape, &required, sent_member)
}

fn sent_member(member: &Member) -> Value {
    let mut schema = described(member, rule(member.rule, &sent));
    if !matches!(member.presence, Presence::Required) {
        schema = nullable(schema);
        set(&mut schema, "default", member.default());
    }
    schema
}

/// An object that the tower answers.
fn answer(shape: &Object) -> Value {
    object(shape, shape.names, answered)
}

fn answered(member: &Member) -> Value {
    let schema = described(member, rule(member.rule, &answer));
    if matches!(member.presence, Presence::Optional) { nullable(schema) } else { schema }
}

fn object(shape: &Object, required: &[&str], schema: impl Fn(&Member) -> Value) -> Value {
    let properties: Map<_, _> = shape.members.iter().map(|member| (member.name.to_owned(), schema(member))).collect();
    json!({
        "title": shape.name,
        "description": shape.doc.trim_ascii(),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn rule(of: Rule, nested: &dyn Fn(&Object) -> Value) -> Value {
    match of {
        Rule::Text { min, max } => json!({"type": "string", "minLength": min, "maxLength": max}),
        Rule::Prose { max } => json!({"type": "string", "minLength": 1, "maxLength": max, "pattern": "\\S"}),
        Rule::Flag => json!({"type": "boolean"}),
        Rule::Inline => json!({"type": "string", "maxLength": FREE_FORM_MAX_BYTES}),
        Rule::Word(words) => json!({"type": "string", "enum": words}),
        Rule::Integer { max } => json!({"type": "integer", "minimum": 0, "maximum": max}),
        Rule::Number => json!({"type": "number", "minimum": 0}),
        Rule::Moment => json!({"type": "string", "format": "date-time"}),
        Rule::Digest => json!({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}),
        Rule::Id => json!({"type": "string", "format": "uuid"}),
        Rule::Reference(kind) => {
            let mut schema = nested(crate::primitives::Ref::SHAPE);
            if let Some(property) = schema.pointer_mut("/properties/kind") {
                *property = json!({"const": kind, "description": "What the object is."});
            }
            schema
        }
        Rule::Object(shape) => nested(shape),
        Rule::List(item) => json!({"type": "array", "maxItems": LIST_MAX_ITEMS, "items": rule(*item, nested)}),
        Rule::Free => json!({"type": "object"}),
    }
}

fn described(member: &Member, mut schema: Value) -> Value {
    set(&mut schema, "description", member.doc.trim_ascii().into());
    schema
}

/// The same schema, but `null` passes as well.
fn nullable(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    schema
}

fn set(schema: &mut Value, name: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
