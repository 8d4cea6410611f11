//! Tests of trace folders on a real file system.

mod accept;
mod artifacts;
mod document;
mod sealing;
mod support;
mod sweep;
mod verifying;
