//! The keys by which runs of workflows hand in the tasks of their steps. The key of a task says which run the task is a
//! consequence of, before anything else in the database does.

use std::fmt::Display;

use jct_contract::WorkflowRunId;

/// What every such key begins with. Whoever takes tasks in lets nobody but the driver of runs use one.
const PREFIX: &str = "jct:workflow:";

/// The key of something that a run does: `jct:workflow:<run>/<what>`.
#[must_use]
pub fn run_key(run: WorkflowRunId, what: impl Display) -> String {
    format!("{PREFIX}{run}/{what}")
}

/// The run that a key is of, if it is of one.
#[must_use]
pub fn run_of_key(key: &str) -> Option<WorkflowRunId> {
    key.strip_prefix(PREFIX)?.split_once('/')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;

    use super::*;

    #[test]
    fn a_key_tells_its_run_and_no_other_key_does() {
        let run = WorkflowRunId::at(Timestamp::from_micros(1));
        assert_eq!(run_of_key(&run_key(run, "build/1")), Some(run));
        for key in [format!("{run}/build/1"), format!("{PREFIX}{run}"), format!("{PREFIX}x/build/1"), String::new()] {
            assert_eq!(run_of_key(&key), None, "{key}");
        }
    }
}
