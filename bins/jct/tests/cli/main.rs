//! The command line as its users meet it, one file a subject.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod audit;
mod bench;
mod commands;
mod events;
mod evidence;
mod jobs;
mod manifest;
mod mcp;
mod repository;
mod review;
mod support;
mod webhooks;
mod workflows;
