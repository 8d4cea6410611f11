//! Whose idempotency keys are whose: nobody takes the key of a task first that the tower will hand in itself.

use jct_contract::{Violation, ViolationCode};

use super::EnqueueError;

/// What the idempotency keys begin with that the tower gives to tasks of its own, such as those of the steps of
/// workflows. In tasks of anybody else such a key is refused.
pub const RESERVED_KEYS: &str = "jct:";

/// Who chose the idempotency key of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Whoever hands it in, from outside; not every key is theirs to choose.
    OfCallers,
    /// The tower, for a task of its own.
    OfTower,
}

impl Keys {
    /// Lets a key pass, or the absence of one.
    ///
    /// # Errors
    /// [`EnqueueError::ReservedKey`] if it is the tower's own and somebody else chose it.
    pub(super) fn admit(self, key: Option<&str>) -> Result<(), EnqueueError> {
        if self == Self::OfTower || !key.is_some_and(|key| key.starts_with(RESERVED_KEYS)) {
            return Ok(());
        }
        Err(EnqueueError::ReservedKey(Violation {
            pointer: "/idempotency_key".to_owned(),
            code: ViolationCode::ValueNotAllowed,
            message: format!("keys that begin with `{RESERVED_KEYS}` are the tower's own; choose another key"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{Timestamp, WorkflowRunId};
    use jct_workflow::run::task_key;

    use super::*;

    #[test]
    fn the_keys_of_steps_are_the_towers_alone() {
        let run = WorkflowRunId::at(Timestamp::from_micros(1));
        let key = task_key(run, &"build".parse().unwrap(), 1);
        assert!(Keys::OfTower.admit(Some(&key)).is_ok());
        let refused = Keys::OfCallers.admit(Some(&key)).unwrap_err();
        let EnqueueError::ReservedKey(violation) = refused else { panic!("{refused:?}") };
        assert_eq!((violation.pointer.as_str(), violation.code), ("/idempotency_key", ViolationCode::ValueNotAllowed));
    }

    #[test]
    fn every_other_key_is_anybodys() {
        for key in ["jct", "jct-1", "my jct:", "JCT:1", "018bcfe5-6800-7000-838e-d036c9642fbb/build/1"] {
            assert!(Keys::OfCallers.admit(Some(key)).is_ok(), "{key}");
        }
        assert!(Keys::OfCallers.admit(None).is_ok());
    }
}
