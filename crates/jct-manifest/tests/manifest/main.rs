//! The contract of manifests as a client meets it: one binary, a module a subject.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod corpus;
mod document;
mod documents;
mod false_positives;
mod golden;
mod job;
mod properties;
mod references;
mod request;
mod schema;
mod secrets;
mod support;
mod yaml;
