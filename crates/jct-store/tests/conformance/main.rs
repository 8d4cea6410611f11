//! One suite for both engines.
//!
//! Every test is one function over a fresh database and runs on SQLite always, and on PostgreSQL when
//! `JCT_TEST_POSTGRES_URL` names a server on which the user may create databases; each test gets its own, dropped
//! afterwards. Time is a clock that the test moves, so nothing here waits.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod agents;
mod audit;
mod audit_cover;
mod audit_reads;
mod audit_seal;
mod claim;
mod controls;
mod controls_random;
mod durability;
mod egress;
mod enqueue;
mod event;
mod event_tail;
mod events;
mod evidence;
mod external;
mod invariants;
mod isolation;
mod job_artifacts;
mod jobs;
mod lanes;
mod lease;
mod list;
mod manifest_runs;
mod manifests;
mod migration;
mod model;
mod objects;
mod objects_change;
mod objects_list;
mod objects_replay;
mod plan;
mod reviews;
mod run_keys;
mod settle;
mod status_change;
mod taken;
mod task_objects;
mod tower;
mod webhooks;
mod worker_tokens;
mod workflow_runs;
mod workflows;
