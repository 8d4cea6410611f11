//! The tower at a glance.

mod history;
mod overview;
mod services;

pub use overview::Overview;
pub use services::{Service, ServiceStatus, ServiceView, Services};
