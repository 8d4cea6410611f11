//! The log as an adversary finds it: written honestly, then tampered with, then verified.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod anchors;
mod bundle;
mod keys;
mod log;
mod properties;
mod tamper;
