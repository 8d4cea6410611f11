//! Work objects over HTTP, rule by rule.

mod change;
mod create;
mod hostile;
mod read;
mod support;
