//! The tower at a glance.

mod history;
mod overview;

pub use overview::Overview;
