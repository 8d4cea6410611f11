//! Numbers for Prometheus: what this process counted, and what the store knows at the moment of the scrape.

mod finished;
mod intake;
mod registry;
mod requests;
mod tower;

pub(crate) use registry::Metrics;
