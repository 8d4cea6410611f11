#![doc = include_str!("../README.md")]

pub mod access;
pub mod intake;
pub mod queue;
pub mod status;
pub mod tasks;
mod tower;
pub mod work;

pub use tower::{Tower, TowerOptions};
