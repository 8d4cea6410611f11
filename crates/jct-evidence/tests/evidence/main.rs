//! What the crate promises to its users.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod attestation;
mod judge;
mod scan;
