//! Everything that is measured, in one registry.

use jct_store::StoreError;
use jct_tower::Tower;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::finished::FinishedMetrics;
use super::intake::IntakeMetrics;
use super::requests::RequestMetrics;
use super::tower::TowerMetrics;

/// All metrics of this process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) requests: RequestMetrics,
    pub(crate) intake: IntakeMetrics,
    tower: TowerMetrics,
    finished: FinishedMetrics,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("jct");
        let requests = RequestMetrics::register(&mut registry);
        let intake = IntakeMetrics::register(&mut registry);
        let tower = TowerMetrics::register(&mut registry);
        let finished = FinishedMetrics::register(&mut registry);
        Self { registry, requests, intake, tower, finished }
    }

    /// Looks at the store and prints everything in the text format.
    pub(crate) async fn scrape(&self, tower: &Tower) -> Result<String, StoreError> {
        self.tower.look(tower).await?;
        self.finished.look(tower).await?;
        let mut text = String::with_capacity(8 * 1024);
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        Ok(text)
    }
}
