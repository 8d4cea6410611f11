//! The registry of manifests and the runs of manifests, as a client sees them.

mod at_once;
mod audited;
mod hostile;
mod put;
mod redaction;
mod registry;
mod run;
mod sources;
mod submit;
mod support;
