//! Why an expression is refused, and why one that was taken comes to no value. Neither repeats the values it met.

use crate::limits::{
    EVALUATION_MAX_BYTES, EVALUATION_MAX_TURNS, EXPRESSION_MAX_BYTES, EXPRESSION_MAX_CONDITIONALS,
    EXPRESSION_MAX_DEPTH, EXPRESSION_MAX_PARTS, EXPRESSION_MAX_SIGNS,
};

/// Why an expression is refused when it is defined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// Nothing but white space.
    #[error("the expression is empty")]
    Empty,
    /// Too many bytes.
    #[error("an expression has at most {EXPRESSION_MAX_BYTES} bytes")]
    TooLong,
    /// Too many signs, or too many `?`.
    #[error("an expression has at most {EXPRESSION_MAX_SIGNS} signs, {EXPRESSION_MAX_CONDITIONALS} of them `?`")]
    TooManySigns,
    /// Not CEL; the parser's words.
    #[error("not a CEL expression: {0}")]
    Syntax(String),
    /// Nested too deep.
    #[error("an expression nests at most {EXPRESSION_MAX_DEPTH} levels deep")]
    TooDeep,
    /// Too many parts.
    #[error("an expression has at most {EXPRESSION_MAX_PARTS} parts")]
    TooManyParts,
    /// A name that means nothing here.
    #[error("nothing is called `{0}` here; there is {1}")]
    UnknownName(String, &'static str),
    /// A function that is not known, or a macro with the wrong arguments.
    #[error("there is no function `{0}` with these arguments")]
    UnknownFunction(String),
    /// `steps` without the id of a step.
    #[error("`steps` has to be followed by the id of a step, as in `steps.build` or `steps[\"build\"]`")]
    StepUnnamed,
    /// A loop variable with the name of something else.
    #[error("a loop cannot call its variable `{0}`: that is something else here")]
    NameTaken(String),
    /// A condition that cannot be one.
    #[error("a condition must come to `true` or `false`; this one never does")]
    NeverBool,
}

/// Why an expression came to no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A member that the value does not have.
    #[error("there is no member `{0}`")]
    NoSuchMember(String),
    /// A member of something that is `null`, such as the event of a run that was started by hand without one.
    #[error("a member was asked of `null`")]
    MemberOfNull,
    /// An operator or a function met values that it is not made for; their types are told.
    #[error("{0}")]
    NoSuchOverload(String),
    /// Division or remainder by zero, an overflow, a place that a list does not have.
    #[error("the arithmetic of the expression fails: {0}")]
    Arithmetic(&'static str),
    /// Anything else that the interpreter refuses.
    #[error("the expression does not fit the values that it met")]
    Unfit,
    /// Too many turns of its loops.
    #[error("the loops of the expression take more than {EVALUATION_MAX_TURNS} turns")]
    TooManyTurns,
    /// Too much built.
    #[error("the expression builds more than {EVALUATION_MAX_BYTES} bytes")]
    TooLarge,
    /// A condition that is neither true nor false.
    #[error("a condition must come to `true` or `false`, not to {0}")]
    NotBool(&'static str),
    /// A value that JSON has no form for.
    #[error("{0} cannot stand in a task")]
    NotJson(&'static str),
    /// The interpreter itself failed. A defect, contained.
    #[error("the interpreter failed")]
    Interpreter,
}
