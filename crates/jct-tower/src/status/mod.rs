//! The tower at a glance.

mod overview;

pub use overview::Overview;
