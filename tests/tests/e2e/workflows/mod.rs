//! Workflows, from the event to the end of the last step.

mod crash;
mod events;
mod examples;
mod lives;
pub(crate) mod support;
