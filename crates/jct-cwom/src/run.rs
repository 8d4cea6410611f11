//! The life of a run: forward to one of three ends, and what it left behind is only ever added to.

use jct_contract::{Violation, ViolationCode};

use crate::objects::{RunChange, RunState};
use crate::transition::IllegalTransition;
use crate::words::Status;

/// A change of a run is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunChangeError {
    /// The state cannot follow the present one; over HTTP this is a 409.
    #[error("the run cannot be moved")]
    Status(#[source] IllegalTransition),
    /// The list of artifacts lacks one that it had; over HTTP this is a 422.
    #[error("the run keeps its artifacts")]
    ArtifactRemoved(#[source] Violation),
}

/// The state of a run that goes from `from` to `to`.
///
/// # Errors
/// [`IllegalTransition`] if a run cannot go there; nothing ever leaves `done`, `failed` and `canceled`, and no run becomes
/// `planned` or `ready`.
pub const fn next(from: Status, to: Status) -> Result<Status, IllegalTransition> {
    use Status as S;
    match (from, to) {
        (S::Planned | S::Ready, S::Running | S::Failed | S::Canceled)
        | (S::Running, S::Blocked | S::UnderReview | S::Done | S::Failed | S::Canceled)
        | (S::Blocked, S::Running)
        | (S::UnderReview, S::Done | S::Failed) => Ok(to),
        (S::Planned | S::Ready, S::Planned | S::Ready | S::Blocked | S::UnderReview | S::Done)
        | (S::Running, S::Planned | S::Ready | S::Running)
        | (S::Blocked, S::Planned | S::Ready | S::Blocked | S::UnderReview | S::Done | S::Failed | S::Canceled)
        | (S::UnderReview, S::Planned | S::Ready | S::Running | S::Blocked | S::UnderReview | S::Canceled)
        | (S::Done | S::Failed | S::Canceled, _) => Err(IllegalTransition { from, to }),
    }
}

/// The state of a run that somebody other than the tower moves from `from` to `to`; `of_task` says whether a task stands
/// behind it.
///
/// Whether the work of a task is done is for its proof and its review to say: nobody moves such a run to `under_review` or
/// `done` by hand, nor out of its review.
///
/// # Errors
/// [`IllegalTransition`] for these moves and for those that no run can make.
pub fn moved_by_hand(of_task: bool, from: Status, to: Status) -> Result<Status, IllegalTransition> {
    let reserved = matches!(to, Status::UnderReview | Status::Done) || from == Status::UnderReview;
    if of_task && reserved { Err(IllegalTransition { from, to }) } else { next(from, to) }
}

/// Whether nothing can follow.
#[must_use]
pub const fn is_final(status: Status) -> bool {
    matches!(status, Status::Done | Status::Failed | Status::Canceled)
}

impl RunChange {
    /// Makes the change. The run is left as it was if the change is refused.
    ///
    /// # Errors
    /// If the state cannot follow the present one, or an artifact is missing that the run had.
    pub fn apply(self, run: &mut RunState) -> Result<(), RunChangeError> {
        // Taken apart in full, so that a new member cannot be forgotten here.
        let Self { status, telemetry, cost, outputs, failure } = self;
        let status = status.map_or(Ok(run.status), |to| next(run.status, to)).map_err(RunChangeError::Status)?;
        if let Some(outputs) = outputs {
            let kept = |had: &_| outputs.artifacts.iter().any(|artifact: &crate::Ref| artifact.id == *had);
            if let Some(lost) = run.outputs.artifacts.iter().find(|artifact| !kept(&artifact.id)) {
                return Err(RunChangeError::ArtifactRemoved(Violation {
                    pointer: "/outputs/artifacts".to_owned(),
                    code: ViolationCode::EntryRemoved,
                    message: format!("must still name the artifact `{}`; the list may only grow", lost.id),
                }));
            }
            run.outputs = outputs;
        }
        run.status = status;
        run.telemetry = telemetry.unwrap_or_else(|| std::mem::take(&mut run.telemetry));
        run.cost = cost.unwrap_or_else(|| std::mem::take(&mut run.cost));
        run.failure = failure.or_else(|| run.failure.take());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{ArtifactId, Timestamp};

    use super::*;
    use crate::primitives::{Ref, RunOutputs, Telemetry};

    #[test]
    fn the_whole_transition_table() {
        let mut table = String::new();
        for from in Status::ALL {
            let to: Vec<_> = Status::ALL.iter().filter(|to| next(*from, **to).is_ok()).map(|to| to.as_str()).collect();
            assert_eq!(to.is_empty(), is_final(*from), "{from}");
            table.push_str(&format!("{from} -> {}\n", to.join(" ")));
        }
        assert_eq!(
            table,
            "planned -> running failed canceled\nready -> running failed canceled\n\
             running -> blocked under_review done failed canceled\nblocked -> running\n\
             under_review -> done failed\ndone -> \nfailed -> \ncanceled -> \n"
        );
    }

    fn artifact(number: i64) -> Ref {
        ArtifactId::at(Timestamp::from_micros(number)).into()
    }

    fn outputs(artifacts: &[Ref]) -> RunOutputs {
        RunOutputs { artifacts: artifacts.to_vec(), ..RunOutputs::default() }
    }

    #[test]
    fn a_change_replaces_what_it_names_and_keeps_the_rest() {
        let telemetry = Telemetry { duration_s: Some(1.5), ..Telemetry::default() };
        let mut run = RunState { telemetry: telemetry.clone(), ..RunState::default() };
        let change = RunChange { status: Some(Status::Running), ..RunChange::default() };
        assert_eq!(change.apply(&mut run), Ok(()));
        assert_eq!((run.status, &run.telemetry), (Status::Running, &telemetry));
        RunChange { telemetry: Some(Telemetry::default()), ..RunChange::default() }.apply(&mut run).unwrap();
        assert_eq!(run.telemetry, Telemetry::default());
    }

    #[test]
    fn artifacts_are_only_added() {
        let (first, second) = (artifact(1), artifact(2));
        let mut run = RunState { outputs: outputs(std::slice::from_ref(&first)), ..RunState::default() };
        let change = |artifacts: &[Ref]| RunChange { outputs: Some(outputs(artifacts)), ..RunChange::default() };
        change(&[second.clone(), first.clone()]).apply(&mut run).unwrap();
        assert_eq!(run.outputs.artifacts.len(), 2);
        let before = run.clone();
        let refused = RunChange { status: Some(Status::Running), ..change(&[second]) }.apply(&mut run).unwrap_err();
        let RunChangeError::ArtifactRemoved(violation) = refused else { panic!("{refused}") };
        assert_eq!((violation.pointer.as_str(), violation.code.as_str()), ("/outputs/artifacts", "ENTRY_REMOVED"));
        assert!(violation.message.contains(&first.id.to_string()));
        assert_eq!(run, before);
    }

    #[test]
    fn a_refused_move_changes_nothing() {
        let mut run = RunState { status: Status::Done, ..RunState::default() };
        let telemetry = Some(Telemetry { duration_s: Some(1.0), ..Telemetry::default() });
        let refused = RunChange { status: Some(Status::Running), telemetry, ..RunChange::default() }.apply(&mut run);
        let transition = IllegalTransition { from: Status::Done, to: Status::Running };
        assert_eq!(refused, Err(RunChangeError::Status(transition)));
        assert_eq!(run, RunState { status: Status::Done, ..RunState::default() });
    }
}
