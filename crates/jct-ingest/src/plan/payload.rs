//! The job as the queue has it: `inputs.manifest_job`, written by the tower.

use jct_exec::JsonObject;
use jct_manifest::ErrorPolicy;
use serde::Deserialize;

/// The input that holds it.
const INPUT: &str = "manifest_job";

/// What a run reads of the job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    pub(super) manifest: Named,
    pub(super) manifest_hash: String,
    #[serde(default)]
    pub(super) required_capabilities: Vec<String>,
    #[serde(default)]
    pub(super) effective_run_config: Effective,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) action: JobAction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum JobAction {
    Plan,
    Run,
}

/// `run` of the manifest under the options of the job.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Effective {
    pub(super) concurrency: Option<u32>,
    pub(super) batch_size: Option<u32>,
    pub(super) error_policy: Option<Policy>,
    pub(super) dry_run: Option<bool>,
    pub(super) force_full: Option<bool>,
    pub(super) max_docs: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Policy {
    Continue,
    StopOnFirstError,
}

impl From<Policy> for ErrorPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Continue => Self::Continue,
            Policy::StopOnFirstError => Self::StopOnFirstError,
        }
    }
}

impl Payload {
    /// Reads the job; the message says what is wrong with it.
    pub(super) fn read(inputs: &JsonObject) -> Result<Self, String> {
        let payload = inputs.get(INPUT).ok_or_else(|| format!("`inputs.{INPUT}` is missing"))?;
        Self::deserialize(payload).map_err(|error| format!("`inputs.{INPUT}` cannot be read: {error}"))
    }
}
