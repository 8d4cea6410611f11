//! What makes a queued task a job: its type, its priority, and the worker it would rather have.

use std::fmt;
use std::str::FromStr;

use crate::limits::{AFFINITY_KEY_MAX_CHARS, PRIORITY_MAX, PRIORITY_MIN};

/// The kinds of job there are. Every list of them comes from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobType {
    /// A task of the V1 contract.
    Task,
    /// A run of a data-ingestion manifest.
    Manifest,
    /// A coding job in the shape that came before tasks.
    CodexExec,
    /// A skill of a coding agent in the shape that came before tasks.
    CodexSkill,
}

/// The text names no type of job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported job type; supported are task, manifest, codex_exec, codex_skill")]
pub struct UnsupportedJobType;

impl JobType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Task, Self::Manifest, Self::CodexExec, Self::CodexSkill];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Manifest => "manifest",
            Self::CodexExec => "codex_exec",
            Self::CodexSkill => "codex_skill",
        }
    }

    /// Whether it works on a repository of its own choice, so that limits on repositories apply.
    #[must_use]
    pub const fn has_repository(self) -> bool {
        !matches!(self, Self::Manifest)
    }

    /// Whether it is kept for clients that have not moved to tasks yet.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::CodexExec | Self::CodexSkill)
    }
}

impl fmt::Display for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for JobType {
    type Err = UnsupportedJobType;

    fn from_str(text: &str) -> Result<Self, UnsupportedJobType> {
        Self::ALL.into_iter().find(|job_type| job_type.as_str() == text).ok_or(UnsupportedJobType)
    }
}

/// How urgent a job is: higher goes first. From -1000 to 1000, 0 unless it is said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Priority(i16);

/// The number is no priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a priority is an integer from {PRIORITY_MIN} to {PRIORITY_MAX}")]
pub struct InvalidPriority;

impl Priority {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i64> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: i64) -> Result<Self, InvalidPriority> {
        let priority = i16::try_from(number).map_err(|_| InvalidPriority)?;
        if (PRIORITY_MIN..=PRIORITY_MAX).contains(&priority) { Ok(Self(priority)) } else { Err(InvalidPriority) }
    }
}

/// Jobs with the same key would rather run on the same worker, where what the last one left is still warm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AffinityKey(String);

/// The text is no affinity key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an affinity key has 1 to {AFFINITY_KEY_MAX_CHARS} characters and no control characters")]
pub struct InvalidAffinityKey;

impl AffinityKey {
    /// The key, without white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AffinityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AffinityKey {
    type Err = InvalidAffinityKey;

    fn from_str(text: &str) -> Result<Self, InvalidAffinityKey> {
        let text = text.trim();
        let fits = (1..=AFFINITY_KEY_MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidAffinityKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_as_it_is_written_and_nothing_else_is() {
        for job_type in JobType::ALL {
            assert_eq!(job_type.as_str().parse(), Ok(job_type));
        }
        for bad in ["", "Task", " task", "build", "codex"] {
            assert_eq!(bad.parse::<JobType>(), Err(UnsupportedJobType), "{bad}");
        }
        for job_type in JobType::ALL {
            assert!(UnsupportedJobType.to_string().contains(job_type.as_str()));
        }
    }

    #[test]
    fn a_priority_has_bounds() {
        for number in [-1000, -1, 0, 1000] {
            assert_eq!(Priority::try_from(number).map(|priority| i64::from(priority.get())), Ok(number));
        }
        for number in [-1001, 1001, i64::MIN, i64::MAX, 1 << 16] {
            assert_eq!(Priority::try_from(number), Err(InvalidPriority), "{number}");
        }
    }

    #[test]
    fn an_affinity_key_is_trimmed_and_bounded() {
        assert_eq!(" a b ".parse::<AffinityKey>().unwrap().as_str(), "a b");
        for bad in ["", " ", "a\0b", "a\nb", &"x".repeat(256)] {
            assert_eq!(bad.parse::<AffinityKey>(), Err(InvalidAffinityKey), "{bad}");
        }
        assert!("ü".repeat(255).parse::<AffinityKey>().is_ok());
    }
}
