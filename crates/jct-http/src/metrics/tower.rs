//! What the store knows at the moment of the scrape: the whole tower, whichever process did the work.

use std::sync::atomic::{AtomicU64, Ordering};

use jct_lifecycle::TaskStatus;
use jct_store::StoreError;
use jct_tower::Tower;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: &'static str,
}

/// Numbers that are set when somebody looks.
#[derive(Debug)]
pub(super) struct TowerMetrics {
    depth: Family<ByStatus, Gauge>,
    oldest_wait_seconds: Gauge<f64, AtomicU64>,
    paused: Gauge,
    workers: Gauge,
    leases_lost: Counter,
    stale_writes_refused: Counter,
}

impl TowerMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            depth: Family::default(),
            oldest_wait_seconds: Gauge::default(),
            paused: Gauge::default(),
            workers: Gauge::default(),
            leases_lost: Counter::default(),
            stale_writes_refused: Counter::default(),
        };
        let Self { depth, oldest_wait_seconds, paused, workers, leases_lost, stale_writes_refused } = &metrics;
        registry.register(
            "tasks",
            "Tasks of the whole tower by status, read at the scrape; counts of finished tasks stop at 100000",
            depth.clone(),
        );
        registry.register(
            "queue_oldest_wait_seconds",
            "Seconds that the longest waiting due task has waited, 0 if none waits",
            oldest_wait_seconds.clone(),
        );
        registry.register("queue_paused", "1 while the queue is paused", paused.clone());
        registry.register("workers", "Workers seen in the last ten minutes that have not stopped", workers.clone());
        registry.register(
            "leases_lost",
            "Attempts of the whole tower whose lease ran out, since its database was made",
            leases_lost.clone(),
        );
        registry.register(
            "stale_writes_refused",
            "Writes of the whole tower that came after their lease, since its database was made",
            stale_writes_refused.clone(),
        );
        metrics
    }

    pub(super) async fn look(&self, tower: &Tower) -> Result<(), StoreError> {
        let overview = tower.overview().await?;
        for (status, count) in TaskStatus::ALL.into_iter().zip(overview.queue.depth) {
            let gauge = self.depth.get_or_create_owned(&ByStatus { status: status.as_str() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.oldest_wait_seconds.set(overview.oldest_wait().unwrap_or_default().as_secs_f64());
        self.paused.set(i64::from(overview.queue.paused.is_some()));
        self.workers.set(i64::try_from(overview.workers.len()).unwrap_or(i64::MAX));
        let incidents = tower.incidents().await?;
        // The store counts from the first day and never down, which is what a counter shows.
        self.leases_lost.inner().store(incidents.leases_lost, Ordering::Relaxed);
        self.stale_writes_refused.inner().store(incidents.stale_writes_refused, Ordering::Relaxed);
        Ok(())
    }
}
