//! The numbers to reach, as the design states them for two cores and a release build.

use serde::Serialize;

/// A database engine under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Engine {
    Sqlite,
    Postgresql,
    /// The path needs no database.
    None,
}

impl Engine {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgresql => "PostgreSQL",
            Self::None => "no database",
        }
    }
}

/// Which way a number is good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Told for comparison; there is no target.
    Told,
}

/// What is measured, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Metric {
    EnqueueRate,
    EnqueueP50,
    EnqueueP95,
    EnqueueP99,
    EnqueueMax,
    ObjectsRate,
    ObjectsP99,
    UnauditedRate,
    BatchRate,
    BatchP99,
    PickupP50,
    PickupP99,
    PickupApartP50,
    PickupApartP99,
    DrainRate,
    SettleRate,
    GetP50,
    GetP99,
    FirstPageP50,
    FirstPageP99,
    CursorPageP50,
    CursorPageP99,
    ShortClaimRate,
    ShortClaimP99,
    LongClaimRate,
    LongClaimP99,
    ClaimDepthRatio,
    EventsAccepted,
    EventsProcessed,
    EventToTaskP50,
    EventToTaskP99,
    WorkflowSteps,
    PollMemory,
    PollCpu,
    PollWritten,
    PollPickupP50,
    PollPickupP99,
    GateRate,
    EvaluateRate,
    ManifestRate,
    AliasBomb,
    SpawnBareP50,
    SpawnBareP99,
    SpawnL1P50,
    SpawnL1P99,
    SpawnL2P50,
    SpawnL2P99,
    SpawnL3P50,
    SpawnL3P99,
    MemoryIdle,
    MemoryLoaded,
    StartUp,
}

impl Metric {
    /// Name and unit for the table.
    pub(super) const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::EnqueueRate => ("enqueue over HTTP", "tasks/s"),
            Self::EnqueueP50 => ("enqueue over HTTP, p50", "ms"),
            Self::EnqueueP95 => ("enqueue over HTTP, p95", "ms"),
            Self::EnqueueP99 => ("enqueue over HTTP, p99", "ms"),
            Self::EnqueueMax => ("enqueue over HTTP, max", "ms"),
            Self::ObjectsRate => ("enqueue over HTTP, with work objects", "tasks/s"),
            Self::ObjectsP99 => ("enqueue over HTTP, with work objects, p99", "ms"),
            Self::UnauditedRate => ("enqueue over HTTP, without audit entries", "tasks/s"),
            Self::BatchRate => ("batch endpoint, 100 a request", "tasks/s"),
            Self::BatchP99 => ("batch endpoint, p99", "ms"),
            Self::PickupP50 => ("enqueue to started, one process, p50", "ms"),
            Self::PickupP99 => ("enqueue to started, one process, p99", "ms"),
            Self::PickupApartP50 => ("enqueue to started, two processes, p50", "ms"),
            Self::PickupApartP99 => ("enqueue to started, two processes, p99", "ms"),
            Self::DrainRate => ("no-op attempts drained, sealed traces", "tasks/s"),
            Self::SettleRate => ("claim and settle alone", "tasks/s"),
            Self::GetP50 => ("GET one task, p50", "ms"),
            Self::GetP99 => ("GET one task, p99", "ms"),
            Self::FirstPageP50 => ("first page of 100, p50", "ms"),
            Self::FirstPageP99 => ("first page of 100, p99", "ms"),
            Self::CursorPageP50 => ("cursor page of 100, p50", "ms"),
            Self::CursorPageP99 => ("cursor page of 100, p99", "ms"),
            Self::ShortClaimRate => ("claims out of 1,000 mixed jobs, 4 at once", "claims/s"),
            Self::ShortClaimP99 => ("claim out of 1,000 mixed jobs, p99", "ms"),
            Self::LongClaimRate => ("claims out of 100,000 mixed jobs, 4 at once", "claims/s"),
            Self::LongClaimP99 => ("claim out of 100,000 mixed jobs, p99", "ms"),
            Self::ClaimDepthRatio => ("claims/s out of 100,000 jobs, against 1,000", "ratio"),
            Self::EventsAccepted => ("events taken in, 64 at once", "events/s"),
            Self::EventsProcessed => ("events processed, one consumer", "events/s"),
            Self::EventToTaskP50 => ("event to queued task, p50", "ms"),
            Self::EventToTaskP99 => ("event to queued task, p99", "ms"),
            Self::WorkflowSteps => ("workflow of 1,000 steps, 10 at once", "steps/s"),
            Self::PollMemory => ("API resident memory, 1,000 idle HTTP workers", "MiB"),
            Self::PollCpu => ("API processor time, 1,000 idle HTTP workers", "% of a core"),
            Self::PollWritten => ("written to disk, 1,000 idle HTTP workers", "KiB/s"),
            Self::PollPickupP50 => ("submit to claimed, 1,000 idle HTTP workers, p50", "ms"),
            Self::PollPickupP99 => ("submit to claimed, 1,000 idle HTTP workers, p99", "ms"),
            Self::GateRate => ("policy gate, its rules alone, one core", "decisions/s"),
            Self::EvaluateRate => ("policy gate with spelling and digests, one core", "decisions/s"),
            Self::ManifestRate => ("manifest checked, one core", "manifests/s"),
            Self::AliasBomb => ("nested aliases refused", "µs"),
            Self::SpawnBareP50 => ("start a program and wait, unconfined, p50", "ms"),
            Self::SpawnBareP99 => ("start a program and wait, unconfined, p99", "ms"),
            Self::SpawnL1P50 => ("start a program and wait, L1, p50", "ms"),
            Self::SpawnL1P99 => ("start a program and wait, L1, p99", "ms"),
            Self::SpawnL2P50 => ("start a program and wait, L2, p50", "ms"),
            Self::SpawnL2P99 => ("start a program and wait, L2, p99", "ms"),
            Self::SpawnL3P50 => ("start a program and wait, L3, p50", "ms"),
            Self::SpawnL3P99 => ("start a program and wait, L3, p99", "ms"),
            Self::MemoryIdle => ("API resident memory, idle", "MiB"),
            Self::MemoryLoaded => ("API resident memory, under load", "MiB"),
            Self::StartUp => ("start to first 200 on /health", "ms"),
        }
    }

    /// The number to reach on an engine.
    pub(super) const fn goal(self, engine: Engine) -> Goal {
        use Engine::{None, Postgresql, Sqlite};
        match (self, engine) {
            (Self::EnqueueRate, Sqlite) => Goal::AtLeast(10_000.0),
            (Self::EnqueueRate, Postgresql) => Goal::AtLeast(6_000.0),
            (Self::EnqueueP99, Sqlite) => Goal::AtMost(15.0),
            (Self::EnqueueP99, Postgresql) => Goal::AtMost(20.0),
            (Self::ObjectsRate, Sqlite) => Goal::AtLeast(4_000.0),
            (Self::ObjectsRate, Postgresql) => Goal::AtLeast(2_500.0),
            (Self::BatchRate, Sqlite) => Goal::AtLeast(20_000.0),
            (Self::BatchRate, Postgresql) => Goal::AtLeast(15_000.0),
            (Self::PickupP50, Sqlite | Postgresql) | (Self::PickupApartP50, Postgresql) => Goal::AtMost(3.0),
            (Self::PickupP99, Sqlite | Postgresql) | (Self::PickupApartP99, Postgresql) => Goal::AtMost(15.0),
            (Self::PickupApartP50, Sqlite) => Goal::AtMost(15.0),
            (Self::DrainRate, Sqlite) => Goal::AtLeast(1_500.0),
            (Self::DrainRate, Postgresql) => Goal::AtLeast(1_200.0),
            (Self::SettleRate, Sqlite | Postgresql) => Goal::AtLeast(8_000.0),
            (Self::GetP99, Sqlite | Postgresql) => Goal::AtMost(5.0),
            (Self::FirstPageP99 | Self::CursorPageP99, Sqlite | Postgresql) => Goal::AtMost(15.0),
            (Self::ClaimDepthRatio, Sqlite | Postgresql) => Goal::AtLeast(0.9),
            (Self::PollMemory, Sqlite | Postgresql) => Goal::AtMost(80.0),
            (Self::PollCpu, Sqlite | Postgresql) => Goal::AtMost(10.0),
            (Self::PollPickupP99, Sqlite | Postgresql) => Goal::AtMost(50.0),
            (Self::AliasBomb, None) => Goal::AtMost(1_000.0),
            (Self::GateRate, None) => Goal::AtLeast(2_000_000.0),
            (Self::MemoryIdle, Sqlite | Postgresql) => Goal::AtMost(25.0),
            (Self::MemoryLoaded, Sqlite | Postgresql) => Goal::AtMost(80.0),
            (Self::StartUp, Sqlite | Postgresql) => Goal::AtMost(150.0),
            _ => Goal::Told,
        }
    }
}

/// One measured number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) metric: Metric,
    pub(super) engine: Engine,
    pub(super) value: f64,
}

impl Measured {
    pub(super) const fn new(metric: Metric, engine: Engine, value: f64) -> Self {
        Self { metric, engine, value }
    }

    /// How the number stands to its target: 1 reaches it, more is better, whichever way the number is good.
    pub(super) fn ratio(&self) -> Option<f64> {
        match self.metric.goal(self.engine) {
            Goal::AtLeast(target) => Some(self.value / target),
            Goal::AtMost(target) => Some(target / self.value.max(f64::MIN_POSITIVE)),
            Goal::Told => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reaches_the_target_in_both_directions() {
        let ratio = |metric, value| Measured::new(metric, Engine::Sqlite, value).ratio();
        assert_eq!(ratio(Metric::EnqueueRate, 20_000.0), Some(2.0));
        assert_eq!(ratio(Metric::EnqueueP99, 30.0), Some(0.5));
        assert_eq!(ratio(Metric::EnqueueP50, 1.0), None);
    }
}
