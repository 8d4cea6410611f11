//! Processes that die at any moment, and what must be true all the same.
//!
//! Real binaries, real `kill -9`, real restarts, while tasks flow. Afterwards the books are balanced: every acknowledged
//! task has ended, none was accepted twice, no attempt is missing, every write of a dead worker was refused, and
//! recovery took no longer than a lease and a little. The short runs are part of every test run; `just torture` sets
//! `JCT_TEST_TORTURE_TASKS` (and `JCT_TEST_TORTURE_MILLIS_BETWEEN_DEATHS`) for the long one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apart;
mod books;
mod server;
mod torture;
