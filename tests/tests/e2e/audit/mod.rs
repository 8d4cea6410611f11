//! The audit log as its readers know it: sealed, verified, exported, and tampered with in every way that the owner of
//! the database could think of.

mod cover;
mod event_calls;
mod job_calls;
mod log;
mod seal;
mod secrets;
mod tamper;
mod workflow_calls;
