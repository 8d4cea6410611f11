//! The harness of the end-to-end tests: a tower of its own for each test, and clients with names.
//!
//! [`TestTower`] is API and worker in this process, on a fresh database, listening on a port of the system's choice, with a
//! real git repository to work on. [`Client`] speaks HTTP as whoever it was made for: `anonymous`, `operator` (the
//! built-in principal) or `reader` (a key that may only look). Tests are written once and run on both engines through
//! [`on_both_engines!`]; PostgreSQL needs `JCT_TEST_POSTGRES_URL`. [`Processes`] runs the real binaries instead, for the
//! tests that end them without warning.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod database;
mod engines;
mod losing;
mod processes;
mod receiver;
mod repository;
mod tower;

pub use client::{Answer, Client};
pub use database::{Database, Engine};
pub use processes::{Processes, free_port};
pub use receiver::{Heard, Receiver};
pub use repository::SampleRepository;
pub use tower::{OPERATOR_KEY, Setup, TestTower, command_task, script_task, survey_task};
