//! Latencies, collected in bounded memory and told as percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;

/// Longer latencies count as this one.
const LONGEST: Duration = Duration::from_secs(120);
/// Significant decimal digits kept.
const DIGITS: u8 = 3;

/// Latencies in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

impl Latencies {
    pub(super) fn new() -> Result<Self, Failure> {
        let longest = u64::try_from(LONGEST.as_micros()).unwrap_or(u64::MAX);
        let histogram = Histogram::new_with_max(longest, DIGITS);
        histogram.map(Self).map_err(|error| Failure::caused(Exit::Local, "latencies cannot be collected", &error))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds what another has collected.
    pub(super) fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.0.add(&other.0).map_err(|error| Failure::caused(Exit::Local, "latencies cannot be added up", &error))
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        let at = |percentile| milliseconds(self.0.value_at_percentile(percentile));
        Percentiles { p50_ms: at(50.0), p95_ms: at(95.0), p99_ms: at(99.0), max_ms: milliseconds(self.0.max()) }
    }
}

fn milliseconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_ramp() {
        let (mut low, mut high) = (Latencies::new().expect("low"), Latencies::new().expect("high"));
        (1..=50).for_each(|ms| low.record(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| high.record(Duration::from_millis(ms)));
        low.add(&high).expect("same bounds");
        let Percentiles { p50_ms, p95_ms, p99_ms, max_ms } = low.percentiles();
        for (measured, expected) in [(p50_ms, 50.0), (p95_ms, 95.0), (p99_ms, 99.0), (max_ms, 100.0)] {
            assert!((measured - expected).abs() / expected < 0.002, "{measured} instead of {expected}");
        }
    }
}
