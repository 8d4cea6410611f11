//! What holds for every input: declaration, type, door and schema agree, and nothing panics.

use std::sync::LazyLock;

use jct_contract::canonical_json;
use jct_cwom::{
    ArtifactColumns, Body, ContextPacketColumns, IssueChange, IssueColumns, NewArtifact, NewConstraintSnapshot,
    NewContextPacket, NewDoctrineRef, NewIssue, NewRepo, NewReviewDecision, NewRun, ObjectError, ObjectKind,
    ReviewDecisionColumns, RunChange, RunColumns, RunState, RunStateColumns, parse, schema,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::instances::{any_value, instance};

/// Sets the value at one of the places of an object, chosen by number.
fn edit(object: &mut Value, place: usize, value: Value) {
    fn places(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    places(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
                }
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| places(item, format!("{at}/{index}"), found));
            }
            _ => {}
        }
        found.push(at);
    }
    let mut found = Vec::new();
    places(object, String::new(), &mut found);
    *object.pointer_mut(&found[place % found.len()]).unwrap() = value;
}

fn accepted<T: Body + PartialEq + std::fmt::Debug>(body: &Value, schema: &jsonschema::Validator) -> T {
    let object: T = parse(body.to_string().as_bytes()).unwrap();
    let out = serde_json::to_value(&object).unwrap();
    assert!(schema.is_valid(&out), "{out}");
    let again: T = parse(canonical_json(&out).as_bytes()).unwrap();
    assert_eq!(again, object);
    object
}

pub(crate) fn stored(object: &NewIssue) -> NewIssue {
    let NewIssue { repo, status, doctrine_refs, constraints, context_packets, .. } = object.clone();
    let columns = IssueColumns { repo, status, doctrine_refs, constraints, context_packets };
    NewIssue::from_document(&object.document(), columns).unwrap()
}

fn stored_run(object: &NewRun) -> NewRun {
    let NewRun { for_issue, repo, inputs, .. } = object.clone();
    NewRun::from_document(&object.document(), RunColumns { for_issue, repo, inputs }).unwrap()
}

pub(crate) fn stored_packet(object: &NewContextPacket) -> NewContextPacket {
    let NewContextPacket { for_issue, doctrine_refs, constraint_snapshot, .. } = object.clone();
    let columns = ContextPacketColumns { for_issue, doctrine_refs, constraint_snapshot };
    NewContextPacket::from_document(&object.document(), columns).unwrap()
}

fn stored_artifact(object: &NewArtifact) -> NewArtifact {
    let NewArtifact { produced_by, for_issue, .. } = object.clone();
    NewArtifact::from_document(&object.document(), ArtifactColumns { produced_by, for_issue }).unwrap()
}

fn stored_review(object: &NewReviewDecision) -> NewReviewDecision {
    let NewReviewDecision { for_evidence_pack, for_run, for_issue, decision, .. } = object.clone();
    let columns = ReviewDecisionColumns { for_evidence_pack, for_run, for_issue, decision };
    NewReviewDecision::from_document(&object.document(), columns).unwrap()
}

fn stored_state(change: &RunChange) -> (RunState, RunState) {
    let mut state = RunState::default();
    RunChange { status: None, ..change.clone() }.apply(&mut state).unwrap();
    let columns = RunStateColumns { status: state.status, artifact_root_uri: state.artifact_root_uri.clone() };
    (RunState::from_document(&state.document(), columns).unwrap(), state)
}

macro_rules! for_every_body {
    ($($module:ident: $name:ident $(, |$object:ident| $also:expr)?;)+) => {$(
        mod $module {
            use super::*;

            static SCHEMA: LazyLock<Value> = LazyLock::new(schema::of::<$name>);
            static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
                jsonschema::meta::validate(&SCHEMA).unwrap();
                jsonschema::validator_for(&SCHEMA).unwrap()
            });

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(100))]

                #[test]
                fn what_fits_the_schema_passes_the_door_and_comes_back_as_it_is(body in instance(&SCHEMA)) {
                    let object: $name = accepted(&body, &VALIDATOR);
                    for reference in object.references() {
                        let out = serde_json::to_value(&object).unwrap();
                        let place = out.pointer(&reference.pointer).unwrap();
                        prop_assert_eq!(&place["id"], &Value::from(reference.id.to_string()));
                    }
                    $({
                        let $object = &object;
                        $also
                    })?
                }

                #[test]
                fn what_the_schema_refuses_the_door_refuses(
                    body in instance(&SCHEMA),
                    edits in prop::collection::vec((any::<usize>(), any_value()), 1..3),
                ) {
                    let mut body = body;
                    edits.into_iter().for_each(|(place, value)| edit(&mut body, place, value));
                    match parse::<$name>(body.to_string().as_bytes()) {
                        Ok(_) => prop_assert!(VALIDATOR.is_valid(&body), "{}", body),
                        Err(ObjectError::Malformed(error)) => panic!("{error}"),
                        Err(ObjectError::Violations(violations)) => {
                            prop_assert!(!violations.is_empty());
                            prop_assert!(violations.iter().all(|violation| !violation.message.contains("cannot be held")));
                        }
                    }
                }

                #[test]
                fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
                    let _ = parse::<$name>(&bytes);
                }
            }
        }
    )+};
}

for_every_body! {
    repo: NewRepo, |object| prop_assert_eq!(&NewRepo::from_document(&object.document()).unwrap(), object);
    issue: NewIssue, |object| prop_assert_eq!(&stored(object), object);
    context_packet: NewContextPacket, |object| prop_assert_eq!(&stored_packet(object), object);
    constraint_snapshot: NewConstraintSnapshot,
        |object| prop_assert_eq!(&NewConstraintSnapshot::from_document(&object.document()).unwrap(), object);
    doctrine_ref: NewDoctrineRef,
        |object| prop_assert_eq!(&NewDoctrineRef::from_document(&object.document()).unwrap(), object);
    run: NewRun, |object| prop_assert_eq!(&stored_run(object), object);
    artifact: NewArtifact, |object| prop_assert_eq!(&stored_artifact(object), object);
    review_decision: NewReviewDecision, |object| prop_assert_eq!(&stored_review(object), object);
    issue_change: IssueChange;
    run_change: RunChange, |object| {
        let (stored, state) = stored_state(object);
        prop_assert_eq!(stored, state);
    };
}

#[test]
fn the_schemas_by_kind_are_those_of_the_types() {
    assert_eq!(schema::of_new(ObjectKind::Issue), schema::of::<NewIssue>());
    assert_eq!(schema::of_new(ObjectKind::DoctrineRef), schema::of::<NewDoctrineRef>());
    for kind in ObjectKind::ALL {
        for schema in [schema::of_new(*kind), schema::of_object(*kind)] {
            jsonschema::meta::validate(&schema).unwrap();
        }
    }
}
