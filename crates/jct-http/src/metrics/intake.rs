//! What became of tasks that were handed in through this process.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::problem::ErrorCode;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCode {
    code: &'static str,
}

/// Admissions, repetitions and refusals.
#[derive(Debug)]
pub(crate) struct IntakeMetrics {
    admitted: Counter,
    replayed: Counter,
    refused: Family<ByCode, Counter>,
}

impl IntakeMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (admitted, replayed) = (Counter::default(), Counter::default());
        let refused = Family::<ByCode, Counter>::default();
        registry.register("tasks_admitted", "Tasks admitted and kept through this process", admitted.clone());
        registry.register(
            "tasks_replayed",
            "Repeated submissions answered with the task first created, through this process",
            replayed.clone(),
        );
        registry.register(
            "tasks_refused",
            "Submissions refused by this process, by the code of the answer: of the policy gate, the contract, the request",
            refused.clone(),
        );
        Self { admitted, replayed, refused }
    }

    pub(crate) fn taken(&self, replayed: bool) {
        if replayed { &self.replayed } else { &self.admitted }.inc();
    }

    /// Counts a refusal; a failure of the tower is none.
    pub(crate) fn refused(&self, code: ErrorCode) {
        if code.status().is_server_error() {
            return;
        }
        self.refused.get_or_create(&ByCode { code: code.as_str() }).inc();
    }
}
