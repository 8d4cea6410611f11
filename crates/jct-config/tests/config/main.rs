//! Tests of the layered configuration, from plain values to plain data.

#![expect(clippy::unwrap_used, reason = "a test stops where its ground gives way")]

mod document;
mod layers;
mod mistakes;
mod properties;
mod shown;
mod support;
