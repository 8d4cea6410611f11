//! What every way to submit a job can say about it, and what the tower has to remark.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::commands::cells::{items, text};
use crate::output::Output;

/// How a job is queued.
#[derive(Debug, Args)]
pub(crate) struct JobOptions {
    /// How urgent it is, from -1000 to 1000: higher goes first
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i64>,
    /// Jobs with the same key would rather run on the same worker
    #[arg(long, value_name = "KEY")]
    affinity_key: Option<String>,
    /// Attempts, from 1 to 100
    #[arg(long, value_name = "COUNT")]
    max_attempts: Option<u32>,
    /// Seconds that one attempt may take
    #[arg(long, value_name = "SECONDS")]
    time_budget: Option<u64>,
}

impl JobOptions {
    /// The members of a request that were given.
    pub(in crate::commands) fn members(&self) -> Map<String, Value> {
        let Self { priority, affinity_key, max_attempts, time_budget } = self;
        [
            ("priority", priority.map(Value::from)),
            ("affinityKey", affinity_key.as_deref().map(Value::from)),
            ("maxAttempts", max_attempts.map(Value::from)),
            ("timeBudgetSeconds", time_budget.map(|seconds| json!(seconds))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

/// Tells people what the answer warns of.
pub(in crate::commands) fn warn(answer: &Value, output: &Output) {
    for warning in answer.get("warnings").into_iter().flat_map(items) {
        output.note(format!("warning: {} [{}]", text(warning, "message"), text(warning, "code")));
    }
}
