//! The walk over a definition.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jct_contract::door::{self, Field, Fields, Names, Path};
use jct_contract::{JsonValue, ViolationCode};
use jct_event::TypeFilter;
use serde_json::Value;

use super::workflow::too_large;
use super::{Graph, StepDefinition, Trigger, WorkflowDefinition};
use crate::limits::{
    DEFINITION_MAX_BYTES, DEPENDENCIES_MAX_ITEMS, DESCRIPTION_MAX_CHARS, EVENT_TYPES_MAX_ITEMS, NAME_MAX_CHARS,
    PARALLEL_DEFAULT, PARALLEL_MAX, RETRIES_MAX, RUN_TIMEOUT_DEFAULT_SECONDS, RUN_TIMEOUT_MAX_SECONDS,
    STEP_TIMEOUT_DEFAULT_SECONDS, STEP_TIMEOUT_MAX_SECONDS, STEPS_MAX_ITEMS, TIMEOUT_MIN_SECONDS,
};
use crate::violation::{DefinitionCode, DefinitionViolation, Found};
use crate::{Expression, Scope, StepId, TaskTemplate};

const NAMES: [&str; 8] =
    ["name", "description", "version", "active", "trigger", "max_parallel", "timeout_seconds", "steps"];
const TRIGGER_NAMES: [&str; 2] = ["event_types", "condition"];
const STEP_NAMES: [&str; 7] = ["id", "name", "dependencies", "task", "timeout_seconds", "retries", "when"];
/// The registry counts versions in 31 bits.
const VERSION_MAX: i64 = i32::MAX as i64;

/// Refuses what is too large.
pub(super) fn size(bytes: usize) -> Result<(), Vec<DefinitionViolation>> {
    if bytes <= DEFINITION_MAX_BYTES {
        return Ok(());
    }
    Err(too_large(format!("a definition takes at most {DEFINITION_MAX_BYTES} bytes, this one takes {bytes}")))
}

pub(super) fn definition(value: &JsonValue<'_>) -> Result<WorkflowDefinition, Vec<DefinitionViolation>> {
    let (root, mut found) = (Path::Root, Found::default());
    let Some(fields) = Fields::open(value, &root, Names::only(&NAMES), &mut found.shape) else {
        return Err(found.into_vec());
    };
    let name = fields.required("name", &mut found.shape).and_then(|field| parsed(field, &mut found));
    let description = fields.get("description");
    let description = description.and_then(|field| door::text(field, &(0..=DESCRIPTION_MAX_CHARS), &mut found.shape));
    let version = fields.get("version").and_then(|field| within(field, 1..=VERSION_MAX, &mut found));
    let active = fields.get("active").map_or(Some(true), |field| door::boolean(field, &mut found.shape));
    let trigger = fields.get("trigger").map(|field| trigger(field, &mut found)).unwrap_or_default();
    let max_parallel = number(&fields, "max_parallel", 1..=PARALLEL_MAX, PARALLEL_DEFAULT, &mut found);
    let range = TIMEOUT_MIN_SECONDS..=RUN_TIMEOUT_MAX_SECONDS;
    let timeout_seconds = number(&fields, "timeout_seconds", range, RUN_TIMEOUT_DEFAULT_SECONDS, &mut found);
    let steps = fields.required("steps", &mut found.shape).map(|field| steps(field, &mut found)).unwrap_or_default();
    let source = match value {
        JsonValue::Object(object) if found.is_empty() => door::free_form(object, root, &mut found.shape),
        _ => serde_json::Map::new(),
    };
    // It is read back as it is kept, where `1e15` has all its digits.
    if found.is_empty() {
        size(Value::Object(source.clone()).to_string().len())?;
    }
    match name {
        Some(name) if found.is_empty() => Ok(WorkflowDefinition {
            name,
            description: description.unwrap_or_default(),
            version,
            active: active.unwrap_or_default(),
            trigger,
            max_parallel: usize::try_from(max_parallel).unwrap_or(1),
            timeout_seconds,
            steps,
            source,
        }),
        _ => Err(found.into_vec()),
    }
}

fn trigger(field: Field<'_, '_, '_>, found: &mut Found) -> Trigger {
    let Some(fields) = Fields::open(field.value, &field.path, Names::only(&TRIGGER_NAMES), &mut found.shape) else {
        return Trigger::default();
    };
    let types = fields.get("event_types");
    let event_types: Vec<TypeFilter> = types.map(|field| list(field, EVENT_TYPES_MAX_ITEMS, found)).unwrap_or_default();
    let condition = fields.get("condition").and_then(|field| condition(field, Scope::Trigger, found));
    Trigger { event_types, condition }
}

fn steps(field: Field<'_, '_, '_>, found: &mut Found) -> Vec<StepDefinition> {
    let Some(items) = field.value.as_array() else {
        door::wrong_type(field, "an array of steps", &mut found.shape);
        return Vec::new();
    };
    if items.is_empty() {
        found.shape.report(field.path, ViolationCode::Required, "a workflow has at least one step");
    }
    if items.len() > STEPS_MAX_ITEMS {
        let message = format!("must have at most {STEPS_MAX_ITEMS} steps, has {}", items.len());
        found.shape.report(field.path, ViolationCode::TooManyItems, message);
        return Vec::new();
    }
    let each = items.iter().enumerate();
    let read: Vec<Option<ReadStep>> =
        each.map(|(index, value)| step(Field { value, path: field.path.index(index) }, found)).collect();
    graph(&read, field.path, found);
    read.into_iter().flatten().map(|read| read.step).collect()
}

/// A step, and the steps that its expressions name: the pointer of each text with the step.
struct ReadStep {
    step: StepDefinition,
    named: BTreeSet<(String, String)>,
}

fn step(field: Field<'_, '_, '_>, found: &mut Found) -> Option<ReadStep> {
    let path = field.path;
    let fields = Fields::open(field.value, &path, Names::only(&STEP_NAMES), &mut found.shape)?;
    let id: Option<StepId> = fields.required("id", &mut found.shape).and_then(|field| parsed(field, found));
    let name = fields.get("name");
    let name = name.and_then(|field| door::text(field, &(1..=NAME_MAX_CHARS), &mut found.shape));
    let dependencies = fields.get("dependencies");
    let dependencies = dependencies.map(|field| list(field, DEPENDENCIES_MAX_ITEMS, found)).unwrap_or_default();
    let task = fields.required("task", &mut found.shape).and_then(|field| task(field, found));
    let range = TIMEOUT_MIN_SECONDS..=STEP_TIMEOUT_MAX_SECONDS;
    let timeout_seconds = number(&fields, "timeout_seconds", range, STEP_TIMEOUT_DEFAULT_SECONDS, found);
    let retries = number(&fields, "retries", 0..=RETRIES_MAX, 0, found);
    let when = fields.get("when").and_then(|field| condition(field, Scope::Step, found));
    let (id, (task, mut named)) = (id?, task?);
    if let Some(when) = &when {
        named.extend(when.steps().iter().map(|step| (path.name("when").to_pointer(), step.clone())));
    }
    let name = name.unwrap_or_else(|| id.to_string());
    let each: BTreeSet<StepId> = named.iter().filter_map(|(_, step)| step.parse().ok()).collect();
    let each = each.into_iter().collect();
    let step = StepDefinition { id, name, dependencies, task, timeout_seconds, retries, when, named: each };
    Some(ReadStep { step, named })
}

fn task(field: Field<'_, '_, '_>, found: &mut Found) -> Option<(TaskTemplate, BTreeSet<(String, String)>)> {
    let JsonValue::Object(object) = field.value else {
        door::wrong_type(field, "an object", &mut found.shape);
        return None;
    };
    let source = door::free_form(object, field.path, &mut found.shape);
    Some(TaskTemplate::read(&source, field.path, found))
}

/// Judges ids, dependencies and named steps together. A step that could not be read keeps its place and has no id.
fn graph(read: &[Option<ReadStep>], path: Path<'_>, found: &mut Found) {
    let mut places: HashMap<&StepId, usize> = HashMap::new();
    for (place, read) in read.iter().enumerate() {
        let Some(ReadStep { step, .. }) = read else { continue };
        if let Some(first) = places.get(&step.id) {
            let message = format!("step {first} has the id `{}` already", step.id);
            found.report(path.index(place).name("id"), DefinitionCode::StepRepeated, message);
        } else {
            places.insert(&step.id, place);
        }
    }
    // Whether a name is unknown is known only if every step could be read.
    let is_whole = read.iter().all(Option::is_some);
    let edges = edges(read, &places, is_whole, path, found);
    let graph = Graph::new(edges);
    let id = |place: usize| read.get(place).and_then(Option::as_ref).map_or("?", |read| read.step.id.as_str());
    for cycle in graph.cycles() {
        let first = cycle.first().copied().unwrap_or_default();
        let around = cycle.iter().copied().chain(std::iter::once(first)).map(id).collect::<Vec<_>>().join(" → ");
        let message = format!("these steps wait for each other: {around}");
        found.report(path.index(first).name("dependencies"), DefinitionCode::DependencyCycle, message);
    }
    if is_whole {
        named(read, &places, &graph, found);
    }
}

fn edges(
    read: &[Option<ReadStep>],
    places: &HashMap<&StepId, usize>,
    is_whole: bool,
    path: Path<'_>,
    found: &mut Found,
) -> Vec<Vec<usize>> {
    let mut edges = vec![Vec::new(); read.len()];
    for ((place, read), edges) in read.iter().enumerate().zip(&mut edges) {
        let Some(ReadStep { step, .. }) = read else { continue };
        let at = path.index(place);
        let at = at.name("dependencies");
        for (index, dependency) in step.dependencies.iter().enumerate() {
            let (code, message) = match places.get(dependency) {
                _ if *dependency == step.id => {
                    (DefinitionCode::DependencySelf, "a step cannot wait for itself".to_owned())
                }
                Some(before) if edges.contains(before) => {
                    (DefinitionCode::DependencyRepeated, format!("`{dependency}` is named twice"))
                }
                Some(before) => {
                    edges.push(*before);
                    continue;
                }
                None if is_whole => (DefinitionCode::DependencyUnknown, format!("there is no step `{dependency}`")),
                None => continue,
            };
            found.report(at.index(index), code, message);
        }
    }
    edges
}

/// Reports expressions that name a step which need not be done when they are evaluated.
fn named(read: &[Option<ReadStep>], places: &HashMap<&StepId, usize>, graph: &Graph, found: &mut Found) {
    for (place, read) in read.iter().enumerate() {
        let Some(ReadStep { step, named }) = read else { continue };
        if named.is_empty() {
            continue;
        }
        let before = graph.ancestors(place);
        for (pointer, name) in named {
            let known = name.parse::<StepId>().ok().and_then(|id| places.get(&id).copied());
            let message = match known {
                Some(at) if before.contains(&at) => continue,
                Some(_) => format!("`{}` does not wait for `{name}`; name it among the dependencies", step.id),
                None => format!("there is no step `{name}`"),
            };
            found.add(DefinitionViolation { pointer: pointer.clone(), code: DefinitionCode::StepNotAwaited, message });
        }
    }
}

fn condition(field: Field<'_, '_, '_>, scope: Scope, found: &mut Found) -> Option<Expression> {
    let source = door::any_text(field, &mut found.shape)?;
    match Expression::condition(source, scope) {
        Ok(condition) => Some(condition),
        Err(error) => {
            found.report(field.path, DefinitionCode::InvalidExpression, error.to_string());
            None
        }
    }
}

/// A text that its type alone judges.
fn parsed<T>(field: Field<'_, '_, '_>, found: &mut Found) -> Option<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let text = door::any_text(field, &mut found.shape)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            found.shape.report(field.path, ViolationCode::ValueNotAllowed, error.to_string());
            None
        }
    }
}

/// An array of such texts.
fn list<T>(field: Field<'_, '_, '_>, most: usize, found: &mut Found) -> Vec<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let Some(items) = field.value.as_array() else {
        door::wrong_type(field, "an array of strings", &mut found.shape);
        return Vec::new();
    };
    if items.len() > most {
        let message = format!("must have at most {most} entries, has {}", items.len());
        found.shape.report(field.path, ViolationCode::TooManyItems, message);
        return Vec::new();
    }
    let each = items.iter().enumerate();
    each.filter_map(|(index, value)| parsed(Field { value, path: field.path.index(index) }, found)).collect()
}

/// An integer of a range.
fn within(field: Field<'_, '_, '_>, range: RangeInclusive<i64>, found: &mut Found) -> Option<u32> {
    let integer = door::integer(field, &mut found.shape)?;
    if !range.contains(&integer) {
        let message = format!("must be from {} to {}, is {integer}", range.start(), range.end());
        found.shape.report(field.path, ViolationCode::OutOfRange, message);
    }
    u32::try_from(integer).ok()
}

/// The same with a default. What is out of range was reported, so that the value then does not matter.
fn number(
    fields: &Fields<'_, '_, '_>,
    name: &'static str,
    range: RangeInclusive<i64>,
    default: i64,
    found: &mut Found,
) -> u32 {
    let given = fields.get(name).and_then(|field| within(field, range, found));
    given.or_else(|| u32::try_from(default).ok()).unwrap_or_default()
}
