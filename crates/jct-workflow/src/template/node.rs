//! The tree of a template: JSON in which some texts are expressions.

use std::collections::BTreeSet;

use jct_contract::door::Path;
use serde_json::{Map, Value};

use super::mark::{self, MarkError, Part};
use crate::expression::Expression;
use crate::violation::{DefinitionCode, Found};

/// One value of a template. Trees are at most as deep as free-form values are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A value without any expression in it.
    Plain(Value),
    /// A text that is one expression: the value itself.
    Value(Expression),
    /// A text with expressions in it.
    Text(Vec<Part>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Where expressions stand, for those who check what is around them.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// The pointers of the texts, below the task.
    pub(super) pointers: Vec<String>,
    /// The pointer of each text that names a step, with the step.
    pub(super) steps: BTreeSet<(String, String)>,
    pub(super) expressions: usize,
}

impl Node {
    /// Reads a value, reporting what is wrong with its expressions. `below` is the path within the task.
    pub(super) fn read(value: &Value, path: Path<'_>, below: Path<'_>, marked: &mut Marked, found: &mut Found) -> Self {
        match value {
            Value::String(text) if mark::is_marked(text) => Self::text(text, path, below, marked, found),
            Value::Array(items) => {
                let each = items.iter().enumerate();
                let nodes: Vec<_> = each
                    .map(|(index, item)| Self::read(item, path.index(index), below.index(index), marked, found))
                    .collect();
                Self::list(nodes)
            }
            Value::Object(members) => {
                let each = members.iter().map(|(name, member)| {
                    if mark::is_marked(name) {
                        let message = "names of members cannot hold expressions";
                        found.report(path.name(name), DefinitionCode::InvalidTemplate, message);
                    }
                    let node = Self::read(member, path.name(name), below.name(name), marked, found);
                    (name.clone(), node)
                });
                let nodes: Vec<_> = each.collect();
                Self::map(nodes)
            }
            _ => Self::Plain(value.clone()),
        }
    }

    fn text(text: &str, path: Path<'_>, below: Path<'_>, marked: &mut Marked, found: &mut Found) -> Self {
        let mut parts = match mark::parts(text) {
            Ok(parts) => parts,
            Err(MarkError::Unclosed) => {
                let message =
                    "`${{` opens an expression that no `}}` closes; write `$${{` for the characters themselves";
                found.report(path, DefinitionCode::InvalidTemplate, message);
                return Self::Plain(Value::Null);
            }
            Err(MarkError::Expression(error)) => {
                found.report(path, DefinitionCode::InvalidExpression, error.to_string());
                return Self::Plain(Value::Null);
            }
        };
        let expressions =
            parts.iter().filter_map(|part| if let Part::Value(value) = part { Some(value) } else { None });
        for expression in expressions {
            marked.expressions += 1;
            marked.steps.extend(expression.steps().iter().map(|step| (path.to_pointer(), step.clone())));
        }
        match parts.as_mut_slice() {
            [Part::Text(plain)] => return Self::Plain(Value::String(std::mem::take(plain))),
            [Part::Value(expression)] => {
                marked.pointers.push(below.to_pointer());
                return Self::Value(expression.clone());
            }
            _ => marked.pointers.push(below.to_pointer()),
        }
        Self::Text(parts)
    }

    /// Put together from what was read and not from what was written, where characters may stand for others.
    fn list(nodes: Vec<Self>) -> Self {
        let plain: Option<Vec<Value>> = nodes.iter().map(|node| node.plain().cloned()).collect();
        plain.map_or(Self::List(nodes), |items| Self::Plain(Value::Array(items)))
    }

    fn map(nodes: Vec<(String, Self)>) -> Self {
        let plain: Option<Map<String, Value>> =
            nodes.iter().map(|(name, node)| Some((name.clone(), node.plain()?.clone()))).collect();
        plain.map_or(Self::Map(nodes), |members| Self::Plain(Value::Object(members)))
    }

    const fn plain(&self) -> Option<&Value> {
        if let Self::Plain(value) = self { Some(value) } else { None }
    }

    /// The value with `placeholder` in every place of an expression.
    pub(super) fn outline(&self, placeholder: &str) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Value(_) | Self::Text(_) => Value::from(placeholder),
            Self::List(nodes) => Value::Array(nodes.iter().map(|node| node.outline(placeholder)).collect()),
            Self::Map(members) => {
                let members = members.iter().map(|(name, node)| (name.clone(), node.outline(placeholder)));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}
