//! What a task is as a job, told from the task itself: the names of executors that stand for other types are reserved.

use jct_contract::{ExecutorName, JobType, NormalizedTask};
use jct_store::model::JobFacts;
use serde_json::Value;

use super::{legacy, manifest};

/// The type of job whose tasks alone may name this executor, if there is one.
pub(crate) fn reserved_for(executor: &ExecutorName) -> Option<JobType> {
    let types = JobType::ALL.into_iter().filter(|job_type| *job_type != JobType::Task);
    types.into_iter().find(|job_type| job_type.as_str() == executor.as_str())
}

/// What a task of the tower's own making is as a job, such as one that follows a run which was sent back.
pub(crate) fn facts_of(task: &NormalizedTask) -> JobFacts {
    let facts = JobFacts::of_task(task);
    match reserved_for(&task.executor()) {
        Some(job_type) if job_type.is_legacy() => {
            JobFacts { job_type, capabilities: legacy::capabilities_of(task), ..facts }
        }
        // A run of a manifest has no work objects, so that nothing follows it.
        Some(_) | None => facts,
    }
}

/// The payload of a job as it may be shown: the task itself, or what another type of job was made of. The bytes of a
/// manifest are never in it.
#[must_use]
pub fn payload_of(task: &NormalizedTask, job_type: JobType) -> Value {
    let input = |name| task.inputs().get(name).cloned().unwrap_or(Value::Null);
    match job_type {
        // Texts, numbers and maps with text keys: this cannot fail.
        JobType::Task => serde_json::to_value(task).unwrap_or(Value::Null),
        JobType::Manifest => input(manifest::PAYLOAD),
        JobType::CodexExec | JobType::CodexSkill => input(legacy::PAYLOAD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_other_types_are_reserved() {
        for (name, expect) in [
            ("manifest", Some(JobType::Manifest)),
            ("codex_exec", Some(JobType::CodexExec)),
            ("codex_skill", Some(JobType::CodexSkill)),
            ("task", None),
            ("agent", None),
            ("manifests", None),
        ] {
            assert_eq!(reserved_for(&name.parse().unwrap()), expect, "{name}");
        }
    }
}
