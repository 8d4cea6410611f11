#![doc = include_str!("../README.md")]

mod auth;
mod edge;
mod exposure;
mod input;
mod metrics;
mod openapi;
mod options;
mod problem;
mod routes;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod wire;

pub use exposure::{RefusedExposure, check_exposure};
pub use openapi::openapi_json;
pub use options::HttpOptions;
pub use server::{BindError, BoundServer, bind};
pub use state::AppState;
