//! Manifests that really run: over real folders, real repositories and a service for embeddings on this machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod documents;
mod embeddings;
mod exports;
mod incremental;
mod refusals;
mod repositories;
mod stops;
mod stub;
mod support;
