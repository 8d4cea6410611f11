#![doc = include_str!("../README.md")]

pub mod access;
pub mod audit;
pub mod evidence;
pub mod intake;
pub mod jobs;
pub mod manifests;
pub mod objects;
pub mod queue;
pub mod reviews;
pub mod runs;
pub mod status;
pub mod tasks;
mod tower;
pub mod work;

pub use tower::{Tower, TowerOptions};
