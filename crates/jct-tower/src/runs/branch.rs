//! The branches that the tower pushes to: all its own, so that no push can touch anybody else's.

use std::fmt;
use std::str::FromStr;

use jct_contract::TaskId;
use jct_exec::git::RefName;

/// What every branch of the tower begins with.
const PREFIX: &str = "jct/";
/// Longest name, in bytes; `refs/heads/` and a lock's ending still fit into the name of a file.
const MAX_BYTES: usize = 200;

/// A branch that may be pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchName(String);

/// The text names no such branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a branch begins with `{PREFIX}`, has at most {MAX_BYTES} bytes and follows git's rules for names")]
pub struct InvalidBranchName;

impl BranchName {
    /// The branch of a task.
    #[must_use]
    pub fn of_task(task: TaskId) -> Self {
        Self(format!("{PREFIX}{task}"))
    }

    /// The name without `refs/heads/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BranchName {
    type Err = InvalidBranchName;

    fn from_str(text: &str) -> Result<Self, InvalidBranchName> {
        let fits = text.starts_with(PREFIX) && text.len() <= MAX_BYTES && RefName::parse(text).is_ok();
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidBranchName) }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;

    use super::*;

    #[test]
    fn only_branches_of_the_tower_are_pushed_to() {
        let task = TaskId::at(Timestamp::from_micros(1));
        for good in ["jct/x", "jct/a/b", "jct/grün", BranchName::of_task(task).as_str()] {
            assert_eq!(good.parse::<BranchName>().map(|branch| branch.to_string()), Ok(good.to_owned()));
        }
        let long = format!("jct/{}", "x".repeat(MAX_BYTES));
        for bad in [
            "",
            "main",
            "jct",
            "jct/",
            "JCT/x",
            "refs/heads/jct/x",
            "jct/../main",
            "jct//x",
            "jct/x.lock",
            "jct/a b",
            "jct/a:b",
            "+jct/x",
            "jct/x\n",
            "jct/.x",
            "jct/x.",
            "jct/@{1}",
            "-jct/x",
            &long,
        ] {
            assert_eq!(bad.parse::<BranchName>(), Err(InvalidBranchName), "{bad:?}");
        }
    }
}
