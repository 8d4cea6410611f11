//! Tests of trace folders on a real file system.

#![expect(clippy::unwrap_used, reason = "a test stops where its ground gives way")]

mod accept;
mod artifacts;
mod crash;
mod document;
mod sealing;
mod support;
mod sweep;
mod verifying;
