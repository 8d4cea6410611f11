//! The run is done, and without a failure.

use crate::judge::facts::{Facts, RunEnded};
use crate::judge::reading::{Reading, excerpt};

const DONE: &str = "run_done";
const WITHOUT_FAILURE: &str = "run_without_failure";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    match &facts.run {
        RunEnded::Done => vec![Reading::held(DONE), Reading::held(WITHOUT_FAILURE)],
        RunEnded::Failed { code, message } => vec![
            Reading::skipped(DONE),
            Reading::fails(WITHOUT_FAILURE, format!("the run failed with {code}: {}", excerpt(message, 1000))),
        ],
        RunEnded::TimedOut => {
            vec![Reading::fails(DONE, "the run used up its time budget"), Reading::held(WITHOUT_FAILURE)]
        }
        RunEnded::Cancelled => vec![Reading::fails(DONE, "the run was cancelled"), Reading::held(WITHOUT_FAILURE)],
    }
}
