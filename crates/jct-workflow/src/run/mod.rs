//! The machine of a run: facts go in, commands come out, and nothing else happens.
//!
//! A run begins with [`RunState::begin`] and goes on with [`next`], once for every [`Fact`] that the caller has made
//! durable. What is to be done about it is said in [`Command`]s, each with a key of its own ([`Command::key`]): whoever
//! carries them out remembers the keys, or hands them on to something that does (the key of an enqueued task **is** its
//! idempotency key). After a crash [`RunState::replay`] reads the facts again and comes to the same state and the same
//! commands in the same order; those whose key is known are done.
//!
//! What the machine promises, whatever the order of facts:
//!
//! * A step begins when all its dependencies have succeeded or were not wanted, and never before.
//! * A dependency that failed, was cancelled, or was itself skipped because of one, skips its dependents. Other steps
//!   go on.
//! * `when` that comes to false skips just that step; its dependents go on.
//! * Each attempt is ordered once. A fact about another attempt than the one that runs is refused as stale.
//! * A run ends when no step is left: `failed` if any did not succeed though it was wanted, `cancelled` if it was
//!   called off.

mod command;
mod fact;
mod fork;
mod machine;
mod plan;
mod replay;
mod state;
mod status;

pub use command::{Command, task_key};
pub use fact::{AttemptEnd, Decision, Fact};
pub use fork::{ForkError, Kept};
pub use jct_event::WorkflowRunStatus as RunStatus;
pub use machine::{Illegal, next};
pub use plan::Plan;
pub use replay::ReplayError;
pub use state::{FailReason, Progress, RunState, SkipReason, StepState, StopReason};
pub use status::{StepStatus, UnknownStepStatus};
