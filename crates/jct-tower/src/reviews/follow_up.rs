//! The task that follows a run which was sent back: the same work, and the reviewer's words with it.

use jct_contract::{NormalizedTask, RunId, SpecError, TaskId, TaskSpec};
use jct_cwom::{CriterionOverride, ReviewDecisionStatus};
use serde_json::{Map, Value, json};

/// Input that names what the task follows.
const FOLLOWS: &str = "follows";
/// Input with what the reviewer said.
const REVIEW: &str = "review";

/// What was sent back, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentBack<'a> {
    pub(super) task_id: TaskId,
    pub(super) run_id: RunId,
    pub(super) reason: &'a str,
    pub(super) overrides: &'a [CriterionOverride],
}

/// The task that follows. It passes the contract's door like any other: the words of a reviewer may be too many for it.
///
/// It has no idempotency key, since it is no repetition of the first.
pub(super) fn follow_up(first: &NormalizedTask, sent_back: &SentBack<'_>) -> Result<TaskSpec, SpecError> {
    let mut task = serde_json::to_value(first).unwrap_or_default();
    if let Some(members) = task.as_object_mut() {
        members.remove("idempotency_key");
        let inputs = members.entry("inputs").or_insert_with(|| Value::Object(Map::new()));
        if let Some(inputs) = inputs.as_object_mut() {
            inputs.insert(FOLLOWS.to_owned(), json!({"task_id": sent_back.task_id, "run_id": sent_back.run_id}));
            inputs.insert(REVIEW.to_owned(), review(first, sent_back));
        }
    }
    TaskSpec::from_json(task.to_string().as_bytes())
}

fn review(first: &NormalizedTask, sent_back: &SentBack<'_>) -> Value {
    let criteria: Vec<_> = sent_back.overrides.iter().map(|override_| criterion(first, override_)).collect();
    json!({
        "decision": ReviewDecisionStatus::NeedsChanges,
        "reason": sent_back.reason,
        "criteria": criteria,
    })
}

fn criterion(first: &NormalizedTask, override_: &CriterionOverride) -> Value {
    let index = usize::try_from(override_.criterion_index).unwrap_or(usize::MAX);
    json!({
        "index": override_.criterion_index,
        "criterion": first.acceptance_criteria().get(index),
        "status": override_.override_status,
        "reason": override_.reason,
    })
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;
    use jct_cwom::CriterionStatus;

    use super::*;

    fn first(inputs: &Value) -> NormalizedTask {
        let task = json!({
            "idempotency_key": "once",
            "requested_by": {"kind": "human", "id": "ana"},
            "objective": "Say hello in the readme",
            "operation": "docs",
            "target": {"repo": "myorg/app"},
            "inputs": inputs,
            "acceptance_criteria": ["it greets", "it is short"],
        });
        TaskSpec::from_json(task.to_string().as_bytes()).unwrap().normalize().unwrap()
    }

    fn sent_back<'a>(reason: &'a str, overrides: &'a [CriterionOverride]) -> SentBack<'a> {
        let at = Timestamp::from_micros(1);
        SentBack { task_id: TaskId::at(at), run_id: RunId::at(at), reason, overrides }
    }

    #[test]
    fn the_same_work_with_the_reviewers_words_and_without_the_key() {
        let first = first(&json!({"executor": "script", "steps": [1], "review": "old words"}));
        let overrides = [CriterionOverride {
            criterion_index: 1,
            original_status: CriterionStatus::Unverified,
            override_status: CriterionStatus::NotSatisfied,
            reason: "three pages".to_owned(),
        }];
        let sent_back = sent_back("shorter, please", &overrides);
        let next = follow_up(&first, &sent_back).unwrap().normalize().unwrap();
        assert_eq!((next.idempotency_key(), next.objective()), (None, first.objective()));
        assert_eq!(next.acceptance_criteria(), first.acceptance_criteria());
        assert_eq!((&next.inputs()["executor"], &next.inputs()["steps"]), (&json!("script"), &json!([1])));
        assert_eq!(next.inputs()["follows"], json!({"task_id": sent_back.task_id, "run_id": sent_back.run_id}));
        let criterion =
            json!({"index": 1, "criterion": "it is short", "status": "not_satisfied", "reason": "three pages"});
        let expect = json!({"decision": "needs_changes", "reason": "shorter, please", "criteria": [criterion]});
        assert_eq!(next.inputs()["review"], expect);
        assert_ne!(next.digest(), first.digest());
    }

    #[test]
    fn words_that_a_task_cannot_carry_are_refused() {
        let near_the_limit = "x".repeat(jct_contract::limits::FREE_FORM_MAX_BYTES - 100);
        let first = first(&json!({"notes": near_the_limit}));
        assert!(matches!(follow_up(&first, &sent_back("more words", &[])), Err(SpecError::Violations(_))));
    }
}
