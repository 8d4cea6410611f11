//! Compares what was seen with what was promised.

use jct_contract::IsolationLevel;
use serde::{Deserialize, Serialize};

use crate::row::{Control, Place, Promise, Row};

/// What an attempt did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Done(String),
    Refused(String),
    Missing(String),
    /// It ended in a way that tells nothing: the attempt or the sandbox is broken.
    Broken(String),
}

/// What a row came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// As promised, and the control shows that it means something.
    Held,
    /// As promised, but this user could not have done it unsandboxed either.
    Uncontrolled,
    /// The level promises nothing about it.
    NotPromised,
    /// Nothing could be shown on this machine.
    Skipped(String),
    /// Not as promised, or the control did not succeed.
    Failed(String),
}

/// Who runs the matrix, and on what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) is_root: bool,
    pub(crate) landlock: u32,
    /// The host filters system calls itself, so that controls fail for its own reasons.
    pub(crate) is_filtered: bool,
}

pub(crate) fn judge(row: &Row, ground: Ground, control: &Seen, seen: &Seen) -> Verdict {
    let promise = match row.promise(ground.place) {
        Promise::Refused(_) if beyond_landlock(row, ground) => Promise::Open,
        promise => promise,
    };
    match promise {
        Promise::Open => NOT_PROMISED,
        Promise::Works => match (control, seen) {
            (_, Seen::Done(_)) => Verdict::Held,
            (Seen::Missing(what), _) => Verdict::Skipped(format!("needs {what}")),
            _ => Verdict::Failed(format!("should work, but {seen:?}; unsandboxed {control:?}")),
        },
        Promise::Refused(errors) => match controlled(row, ground, control) {
            Err(verdict) => verdict,
            Ok(as_promised) => match seen {
                Seen::Refused(error) if errors.contains(&error.as_str()) => as_promised,
                Seen::Missing(what) => Verdict::Skipped(format!("needs {what}")),
                Seen::Done(reached) => Verdict::Failed(format!("BREACH: {reached}")),
                other => Verdict::Failed(format!("{other:?} instead of {}", errors.join(" or "))),
            },
        },
    }
}

const NOT_PROMISED: Verdict = Verdict::NotPromised;

fn beyond_landlock(row: &Row, ground: Ground) -> bool {
    ground.place == Place::Level(IsolationLevel::L2) && row.landlock > ground.landlock
}

/// The verdict that a refusal deserves, given the control, or why there is nothing to say.
fn controlled(row: &Row, ground: Ground, control: &Seen) -> Result<Verdict, Verdict> {
    /// What a kernel says that was built without the thing.
    const NOT_BUILT: [&str; 6] =
        ["ENOSYS", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "SIGSEGV"];
    match (row.control, ground.is_root) {
        (Control::Root, false) => return Ok(Verdict::Uncontrolled),
        (Control::Ordinary, true) => return Err(Verdict::Skipped("root has nothing to gain".to_owned())),
        _ => {}
    }
    match control {
        Seen::Done(_) => Ok(Verdict::Held),
        Seen::Missing(what) => Err(Verdict::Skipped(format!("needs {what}"))),
        Seen::Refused(error) if NOT_BUILT.contains(&error.as_str()) => {
            Err(Verdict::Skipped(format!("this kernel answers {error} without a sandbox")))
        }
        Seen::Refused(error) if ground.is_filtered => {
            Err(Verdict::Skipped(format!("this host answers {error} without a sandbox, by a filter of its own")))
        }
        other => Err(Verdict::Failed(format!("the control did not succeed: {other:?}"))),
    }
}
