//! Requests by route and status, and how long they took.

use std::time::Duration;

use actix_web::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds; an answer from memory takes a fraction of a millisecond, a durable write a few.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteStatus {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodRoute {
    method: &'static str,
    route: String,
}

/// What the edge counts.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    answered: Family<RouteStatus, Counter>,
    seconds: Family<MethodRoute, Histogram, fn() -> Histogram>,
}

impl RequestMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let answered = Family::<RouteStatus, Counter>::default();
        registry.register("http_requests", "Requests answered by this process, by route and status", answered.clone());
        let make: fn() -> Histogram = || Histogram::new(SECONDS);
        let seconds = Family::<MethodRoute, Histogram, fn() -> Histogram>::new_with_constructor(make);
        registry.register(
            "http_request_seconds",
            "Seconds from the head of a request to the head of its answer, in this process",
            seconds.clone(),
        );
        Self { answered, seconds }
    }

    /// Counts one answer. `route` is the pattern, never the path, so that the number of series is bounded.
    pub(crate) fn observe(&self, method: &'static str, route: String, status: StatusCode, took: Duration) {
        let status = status.as_u16();
        self.answered.get_or_create(&RouteStatus { method, route: route.clone(), status }).inc();
        self.seconds.get_or_create(&MethodRoute { method, route }).observe(took.as_secs_f64());
    }
}
