//! One suite for both engines.
//!
//! Every test is one function over a fresh database and runs on SQLite always, and on PostgreSQL when
//! `JCT_TEST_POSTGRES_URL` names a server on which the user may create databases; each test gets its own, dropped
//! afterwards. Time is a clock that the test moves, so nothing here waits.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod audit;
mod claim;
mod durability;
mod enqueue;
mod event;
mod external;
mod invariants;
mod lease;
mod list;
mod migration;
mod model;
mod plan;
mod settle;
mod status_change;
mod tower;
