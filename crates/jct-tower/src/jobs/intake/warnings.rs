//! What the submitter of an accepted job should know, in the answer and in the events of the job.

use std::time::Duration;

use jct_contract::{JobType, Timestamp};
use jct_store::StoreError;
use jct_store::model::{EventKind, JobFacts, NewEvent, WorkerRecord};
use serde_json::{Value, json};

use super::{JobWarning, JobWarningCode};
use crate::Tower;

/// A worker that was not seen for this long is taken for gone: three presence updates.
const PRESENCE: Duration = Duration::from_secs(90);

impl Tower {
    /// What there is to say about a job that is about to be queued.
    pub(super) async fn warnings(&self, facts: &JobFacts) -> Result<Vec<JobWarning>, StoreError> {
        let mut warnings = Vec::new();
        if facts.job_type.is_legacy() {
            let message = format!("jobs of type `{}` are kept for old clients; hand in a `task`", facts.job_type);
            warnings.push(JobWarning { code: JobWarningCode::LegacyJobType, message });
        }
        let span = i64::try_from(PRESENCE.as_micros()).unwrap_or(i64::MAX);
        let since = Timestamp::from_micros(self.store().now().await?.as_micros().saturating_sub(span));
        let workers = self.store().workers(since).await?;
        if !workers.iter().any(|worker| takes(worker, facts)) {
            let needed = &facts.capabilities;
            let message = format!("no worker that is there now offers all of: {needed}; the job waits until one comes");
            warnings.push(JobWarning { code: JobWarningCode::NoWorkerOffers, message });
        }
        Ok(warnings)
    }
}

fn takes(worker: &WorkerRecord, facts: &JobFacts) -> bool {
    let any = worker.takes_any && facts.job_type == JobType::Task;
    worker.stopped_at.is_none() && (any || facts.capabilities.is_subset_of(&worker.capabilities))
}

/// The warning as an event of the job.
pub(super) fn event(warning: &JobWarning, facts: &JobFacts, at: Timestamp) -> NewEvent {
    let payload = match warning.code {
        JobWarningCode::LegacyJobType => {
            json!({"jobType": facts.job_type.as_str(), "recommendedType": JobType::Task.as_str()})
        }
        JobWarningCode::NoWorkerOffers => json!({"requiredCapabilities": facts.capabilities}),
    };
    let mut body = json!({"level": "warn", "message": warning.message, "payload": payload});
    body["payload"]["code"] = Value::from(warning.code.as_str());
    NewEvent { at, kind: EventKind::Message, body: body.to_string() }
}
