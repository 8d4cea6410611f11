//! What the sources promise about themselves: layers and tidiness, checked by machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod layers;
mod tidy;
