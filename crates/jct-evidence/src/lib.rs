#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod attestation;
mod judge;
pub mod scan;

pub use judge::{ArtifactBytes, ArtifactFact, ChangeFacts, Facts, FileFact, RunEnded, TestCounter, judge};
