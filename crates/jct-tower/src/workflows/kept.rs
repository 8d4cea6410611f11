//! What a fork keeps, as its input has it: which steps, and the tasks whose results those had.

use std::collections::BTreeMap;

use jct_contract::TaskId;
use jct_workflow::{Kept, StepId};
use serde_json::{Map, Value, json};

/// The steps that a fork keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptSteps {
    /// Those that succeeded, each with its task.
    pub(super) succeeded: BTreeMap<StepId, TaskId>,
    /// Those that were not wanted.
    pub(super) not_wanted: Vec<StepId>,
}

impl KeptSteps {
    /// The steps of a fork; `task` says which task a step had.
    pub(super) fn of(kept: &Kept, task: impl Fn(&StepId) -> Option<TaskId>) -> Self {
        let succeeded = kept.succeeded().filter_map(|step| Some((step.clone(), task(step)?)));
        Self { succeeded: succeeded.collect(), not_wanted: kept.not_wanted().cloned().collect() }
    }

    /// What the machine has to know.
    pub(super) fn to_machine(&self) -> Kept {
        Kept::from_parts(self.succeeded.keys().cloned(), self.not_wanted.iter().cloned())
    }

    pub(super) fn has(&self, step: &StepId) -> bool {
        self.succeeded.contains_key(step) || self.not_wanted.contains(step)
    }

    pub(super) fn to_text(&self) -> String {
        let succeeded: Map<String, Value> =
            self.succeeded.iter().map(|(step, task)| (step.to_string(), task.to_string().into())).collect();
        json!({ "succeeded": succeeded, "not_wanted": self.not_wanted }).to_string()
    }

    /// Reads what [`Self::to_text`] wrote; `None` if it is something else.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let succeeded = value.get("succeeded")?.as_object()?.iter();
        let succeeded = succeeded.map(|(step, task)| Some((step.parse().ok()?, task.as_str()?.parse().ok()?)));
        let not_wanted = value.get("not_wanted")?.as_array()?.iter().map(|step| step.as_str()?.parse().ok());
        Some(Self { succeeded: succeeded.collect::<Option<_>>()?, not_wanted: not_wanted.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let task = TaskId::at(Timestamp::from_micros(1));
        let kept = Kept::from_parts(["a", "b"].map(|id| id.parse().unwrap()), ["c".parse().unwrap()]);
        let steps = KeptSteps::of(&kept, |_| Some(task));
        assert_eq!(KeptSteps::from_text(&steps.to_text()).as_ref(), Some(&steps));
        assert_eq!(steps.to_machine(), kept);
        assert!(steps.has(&"c".parse().unwrap()) && !steps.has(&"d".parse().unwrap()));
        for broken in ["", "{}", r#"{"succeeded": {"a": 1}, "not_wanted": []}"#] {
            assert_eq!(KeptSteps::from_text(broken), None, "{broken}");
        }
    }
}
