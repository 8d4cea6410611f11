//! From an expression and what its names stand for to a value, within the budget.

use std::sync::{Arc, LazyLock};

use cel::{Env, ExecutionError, Value as Cel};
use serde_json::Value;

use super::budget::{Budget, KEPT, TURNS};
use super::guard::guarded;
use super::values::{kind, to_json};
use super::{Context, EvaluationError, Expression};

/// The operators and functions of the standard, without optional values. Made once, never changed.
static STANDARD: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));

impl Expression {
    /// The value, as JSON.
    ///
    /// # Errors
    /// The first of [`EvaluationError`] that applies; the same every time for the same values.
    pub fn evaluate(&self, context: &Context) -> Result<Value, EvaluationError> {
        to_json(&self.resolve(context)?)
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and if it is neither true nor false: nothing counts as true but `true`.
    pub fn holds(&self, context: &Context) -> Result<bool, EvaluationError> {
        match self.resolve(context)? {
            Cel::Bool(value) => Ok(value),
            other => Err(EvaluationError::NotBool(kind(&other))),
        }
    }

    fn resolve(&self, context: &Context) -> Result<Cel, EvaluationError> {
        let budget = Budget::default();
        // The interpreter is bounded by what was refused before and by the budget. What they do not foresee must not
        // end a process, nor take other runs with it.
        let resolved = guarded(|| {
            let mut scope = cel::Context::with_env(Arc::clone(&STANDARD));
            let (turns, kept) = (budget.clone(), budget.clone());
            scope
                .add_function(TURNS, move |range: Cel| turns.turns(range))
                .map_err(|_| ExecutionError::MissingArgumentOrTarget)?;
            scope
                .add_function(KEPT, move |value: Cel| kept.kept(value))
                .map_err(|_| ExecutionError::MissingArgumentOrTarget)?;
            for (name, value) in context.variables() {
                scope.add_variable_from_value(*name, value.clone());
            }
            Cel::resolve(&self.tree, &scope)
        });
        if let Some(exceeded) = budget.exceeded() {
            return Err(exceeded);
        }
        match resolved {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(told(&error)),
            None => Err(EvaluationError::Interpreter),
        }
    }
}

/// The interpreter's error without the values that it met: they may be anybody's.
fn told(error: &ExecutionError) -> EvaluationError {
    const MAX_CHARS: usize = 64;
    match error {
        ExecutionError::NoSuchKey(name) => EvaluationError::NoSuchMember(name.chars().take(MAX_CHARS).collect()),
        // The interpreter's name for taking a member, and for the type of `null`.
        ExecutionError::NoSuchOverload(overload) if overload.to_string().contains("'_._' applied to '(null_type") => {
            EvaluationError::MemberOfNull
        }
        ExecutionError::NoSuchOverload(overload) => EvaluationError::NoSuchOverload(overload.to_string()),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => EvaluationError::NoSuchOverload(format!(
            "`{operator}` takes no {} with {}",
            left.type_of(),
            right.type_of()
        )),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            EvaluationError::Arithmetic("division by zero")
        }
        ExecutionError::Overflow(..) => EvaluationError::Arithmetic("overflow"),
        ExecutionError::IndexOutOfBounds(_) => EvaluationError::Arithmetic("a list has no such place"),
        _ => EvaluationError::Unfit,
    }
}
