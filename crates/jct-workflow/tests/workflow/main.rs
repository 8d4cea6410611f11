//! Workflows from their definition to their end.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod definitions;
mod examples;
mod expressions;
mod machine;
mod properties;
mod support;
mod templates;
