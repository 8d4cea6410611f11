#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod definition;
pub mod expression;
pub mod limits;
mod name;
pub mod run;
pub mod template;
mod violation;

pub use definition::{StepDefinition, Trigger, WorkflowDefinition};
pub use expression::{Context, EvaluationError, Expression, ExpressionError, Scope, StepOutcome, event_value};
pub use name::{InvalidStepId, InvalidWorkflowName, StepId, WorkflowName};
pub use run::{Command, Fact, ForkError, Illegal, Kept, Plan, ReplayError, RunState, StepState, StepStatus, next};
pub use template::{FillError, TaskTemplate};
pub use violation::{DefinitionCode, DefinitionError, DefinitionViolation};
