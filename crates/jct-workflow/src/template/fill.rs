//! From a template and what its names stand for to a task.

use jct_contract::limits::MIN_TIME_BUDGET_SECONDS;
use jct_contract::{SpecError, TaskSpec, WorkflowRunId};
use serde_json::{Map, Value, json};

use super::TaskTemplate;
use super::mark::Part;
use super::node::Node;
use crate::limits::TEMPLATE_MAX_BYTES;
use crate::run::task_key;
use crate::{Context, EvaluationError, StepId, WorkflowName};

/// Which attempt of which step the task is for.
#[derive(Clone, Copy, Debug)]
pub struct StepFacts<'f> {
    /// The workflow.
    pub workflow: &'f WorkflowName,
    /// The run.
    pub run: WorkflowRunId,
    /// The step.
    pub step: &'f StepId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Seconds that the step has; the time budget of a task that names none, unless that is less than tasks get.
    pub timeout_seconds: u32,
}

/// Why a template does not become a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// An expression came to no value.
    #[error("{pointer}: {source}")]
    Evaluation {
        /// Where in the task.
        pointer: String,
        /// Why.
        source: EvaluationError,
    },
    /// A value of another type stands within a text.
    #[error("{pointer}: {found} cannot stand within a text; only texts, numbers and booleans can")]
    NotText {
        /// Where in the task.
        pointer: String,
        /// What it came to, with its article.
        found: &'static str,
    },
    /// The values are too large together.
    #[error("the expressions put more than {TEMPLATE_MAX_BYTES} bytes into the task")]
    TooLarge,
    /// What came out is refused by the task contract.
    #[error(transparent)]
    Task(#[from] SpecError),
}

impl TaskTemplate {
    /// The task for one attempt. Its idempotency key is that of the attempt, so that enqueueing it again is harmless;
    /// the requester is the workflow unless the template names one, and `metadata.workflow` says which run it is for.
    ///
    /// # Errors
    /// [`FillError`]. The same template and the same context always come to the same task or the same error.
    pub fn fill(&self, context: &Context, facts: StepFacts<'_>) -> Result<TaskSpec, FillError> {
        let mut filling = Filling { context, bytes: 0 };
        let mut task = Map::new();
        for (name, node) in &self.members {
            let value = filling.node(node, &format!("/{name}"))?;
            task.insert(name.clone(), value);
        }
        let StepFacts { workflow, run, step, attempt, timeout_seconds } = facts;
        add_requester(&mut task, workflow.as_str());
        task.insert("idempotency_key".to_owned(), task_key(run, step, attempt).into());
        // A step may have less time than any gate admits a task with; whoever drives the run ends it at its time.
        let budget = i64::from(timeout_seconds).max(MIN_TIME_BUDGET_SECONDS);
        add(&mut task, "constraints", "time_budget_seconds", json!(budget), &Precedence::Template);
        let about =
            json!({"name": workflow.as_str(), "run_id": run.to_string(), "step": step.as_str(), "attempt": attempt});
        // Metadata may come from an event as a whole, and must not say that it belongs to another run.
        add(&mut task, "metadata", "workflow", about, &Precedence::Tower);
        Ok(TaskSpec::from_json(Value::Object(task).to_string().as_bytes())?)
    }
}

/// Puts the workflow in as the requester, unless the template names one.
pub(super) fn add_requester(task: &mut Map<String, Value>, workflow: &str) {
    let requester = task.entry("requested_by").or_insert(Value::Null);
    if requester.is_null() {
        *requester = json!({"kind": "system", "id": format!("workflow/{workflow}")});
    }
}

/// Which of two values stands when the template brings one along.
enum Precedence {
    Template,
    Tower,
}

/// Adds a member to an object of the task. What is no object is left for the door to refuse.
fn add(task: &mut Map<String, Value>, object: &str, name: &str, value: Value, precedence: &Precedence) {
    let object = task.entry(object).or_insert(Value::Null);
    if object.is_null() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(members) = object else { return };
    let is_open = members.get(name).is_none_or(Value::is_null);
    if is_open || matches!(precedence, Precedence::Tower) {
        members.insert(name.to_owned(), value);
    }
}

/// One filling; counts what the expressions put in.
struct Filling<'c> {
    context: &'c Context,
    bytes: usize,
}

impl Filling<'_> {
    fn node(&mut self, node: &Node, pointer: &str) -> Result<Value, FillError> {
        Ok(match node {
            Node::Plain(value) => value.clone(),
            Node::Value(expression) => {
                let value = self.evaluate(expression, pointer)?;
                self.count(value.to_string().len())?;
                value
            }
            Node::Text(parts) => Value::String(self.text(parts, pointer)?),
            Node::List(nodes) => {
                let each = nodes.iter().enumerate();
                let items: Result<_, _> =
                    each.map(|(index, node)| self.node(node, &format!("{pointer}/{index}"))).collect();
                Value::Array(items?)
            }
            Node::Map(members) => {
                let each = members.iter();
                let filled: Result<Map<_, _>, _> = each
                    .map(|(name, node)| Ok((name.clone(), self.node(node, &format!("{pointer}/{name}"))?)))
                    .collect::<Result<_, FillError>>();
                Value::Object(filled?)
            }
        })
    }

    fn text(&mut self, parts: &[Part], pointer: &str) -> Result<String, FillError> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Value(expression) => {
                    let value = self.evaluate(expression, pointer)?;
                    let found = match value {
                        Value::String(value) => Ok(value),
                        Value::Number(number) => Ok(number.to_string()),
                        Value::Bool(value) => Ok(value.to_string()),
                        Value::Null => Err("null"),
                        Value::Array(_) => Err("a list"),
                        Value::Object(_) => Err("an object"),
                    };
                    let value = found.map_err(|found| FillError::NotText { pointer: pointer.to_owned(), found })?;
                    self.count(value.len())?;
                    text.push_str(&value);
                }
            }
        }
        Ok(text)
    }

    fn evaluate(&self, expression: &crate::Expression, pointer: &str) -> Result<Value, FillError> {
        let evaluated = expression.evaluate(self.context);
        evaluated.map_err(|source| FillError::Evaluation { pointer: pointer.to_owned(), source })
    }

    fn count(&mut self, bytes: usize) -> Result<(), FillError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > TEMPLATE_MAX_BYTES { Err(FillError::TooLarge) } else { Ok(()) }
    }
}
