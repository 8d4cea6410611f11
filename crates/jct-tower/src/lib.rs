#![doc = include_str!("../README.md")]

pub mod access;
pub mod agents;
pub mod audit;
pub mod controls;
pub mod events;
pub mod evidence;
pub mod intake;
pub mod jobs;
pub mod manifests;
pub mod objects;
pub mod queue;
pub mod reviews;
pub mod runs;
mod secrets;
pub mod status;
pub mod taken;
pub mod tasks;
mod tower;
pub mod work;
pub mod workflows;

pub use secrets::SecretInReport;
pub use tower::{Tower, TowerOptions};
