//! Jobs over HTTP, from the outside: operators, and workers with tokens.

mod artifacts;
mod claim;
mod events;
mod hostile;
mod lease;
mod support;
mod tokens;
mod work;

pub(super) use support::token;
