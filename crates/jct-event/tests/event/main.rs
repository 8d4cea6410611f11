//! What the doors of events let in, what they refuse, and that CloudEvents survive the way out and back.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod cloud_events;
mod doors;
mod properties;
mod tower;
