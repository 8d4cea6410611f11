//! The template of a task, judged as far as it can be before its values are known.

use jct_contract::door::Path;
use jct_contract::{TaskSpec, Violation, ViolationCode};
use serde_json::{Map, Value};

use super::node::{Marked, Node};
use super::shell;
use crate::limits::TEMPLATE_MAX_EXPRESSIONS;
use crate::violation::{DefinitionCode, DefinitionViolation, Found};

/// Members that the tower writes itself.
const OURS: [&str; 2] = ["idempotency_key", "version"];
/// What stands for a value that is not known yet. Long enough for every text of the contract and too plain for none.
const PLACEHOLDER: &str = "placeholder";
/// What a check may name one of.
const CRITERIA: &str = "/acceptance_criteria";

/// A V1 task in which texts may hold expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTemplate {
    pub(super) members: Vec<(String, Node)>,
    source: Map<String, Value>,
}

impl TaskTemplate {
    /// Reads the task of a step. What does not depend on an expression is judged by the door of the task contract now;
    /// the rest when it is filled. Gives the steps that are named as well: the pointer of each text that names one,
    /// with the step.
    pub(crate) fn read(
        source: &Map<String, Value>,
        path: Path<'_>,
        found: &mut Found,
    ) -> (Self, std::collections::BTreeSet<(String, String)>) {
        let (root, mut marked) = (Path::Root, Marked::default());
        for name in OURS.into_iter().filter(|name| source.contains_key(*name)) {
            found.report(path.name(name), DefinitionCode::InvalidTemplate, "the tower writes this itself");
        }
        if source.get("metadata").is_some_and(|metadata| metadata.get("workflow").is_some()) {
            let metadata = path.name("metadata");
            found.report(metadata.name("workflow"), DefinitionCode::InvalidTemplate, "the tower writes this itself");
        }
        let members: Vec<_> = source
            .iter()
            .map(|(name, value)| {
                (name.clone(), Node::read(value, path.name(name), root.name(name), &mut marked, found))
            })
            .collect();
        if marked.expressions > TEMPLATE_MAX_EXPRESSIONS {
            let message =
                format!("must have at most {TEMPLATE_MAX_EXPRESSIONS} expressions, has {}", marked.expressions);
            found.report(path, DefinitionCode::Contract(ViolationCode::TooManyItems), message);
        }
        if let Some(inputs) = source.get("inputs") {
            shell::check(inputs, path.name("inputs"), found);
        }
        let template = Self { members, source: source.clone() };
        template.check(path, &marked.pointers, found);
        (template, marked.steps)
    }

    /// The template as it was written.
    #[must_use]
    pub const fn source(&self) -> &Map<String, Value> {
        &self.source
    }

    /// Sends the task through its own door with placeholders, and reports what does not depend on one.
    fn check(&self, path: Path<'_>, marked: &[String], found: &mut Found) {
        let mut outline: Map<String, Value> =
            self.members.iter().map(|(name, node)| (name.clone(), node.outline(PLACEHOLDER))).collect();
        super::fill::add_requester(&mut outline, PLACEHOLDER);
        let outline = Value::Object(outline);
        let Err(error) = TaskSpec::from_json(outline.to_string().as_bytes()) else { return };
        let jct_contract::SpecError::Violations(violations) = error else { return };
        let prefix = path.to_pointer();
        let is_ours = |pointer: &str| OURS.iter().any(|name| pointer.strip_prefix('/') == Some(name));
        for violation in violations {
            let depends = marked.iter().any(|at| is_below(at, &violation.pointer) || is_below(&violation.pointer, at));
            if !depends && !depends_elsewhere(&violation, &outline, marked) && !is_ours(&violation.pointer) {
                let pointer = format!("{prefix}{}", violation.pointer);
                found.add(DefinitionViolation { pointer, ..violation.into() });
            }
        }
    }
}

/// Whether what is wrong with a check may be so because of texts that are marked elsewhere: among the criteria, one of
/// which it names, or as the name of another check.
fn depends_elsewhere(violation: &Violation, outline: &Value, marked: &[String]) -> bool {
    if violation.code != ViolationCode::InvalidCheck {
        return false;
    }
    let member = violation.pointer.rsplit('/').next();
    match (member, outline.pointer(&violation.pointer)) {
        // A text is looked for among all of them.
        (Some("criterion"), Some(Value::String(_))) => marked.iter().any(|at| is_below(at, CRITERIA)),
        // For an index it counts how many there are, which only an expression for the whole list leaves open.
        (Some("criterion"), Some(Value::Number(_))) => marked.iter().any(|at| at == CRITERIA),
        // Another check may seem to have this name because its own is not known yet.
        (Some("name"), Some(Value::String(name))) => {
            name == PLACEHOLDER && marked.iter().any(|at| at.ends_with("/name"))
        }
        _ => false,
    }
}

/// Whether the place `inner` is the place `outer` or within it.
fn is_below(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
