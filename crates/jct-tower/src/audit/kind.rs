//! The kinds of objects that have entries in the audit log.

use std::fmt;
use std::str::FromStr;

use jct_cwom::ObjectKind;

/// What the tower itself keeps, beside the work objects.
const OF_THE_TOWER: [&str; 13] = [
    "task",
    "worker",
    "agent",
    "control",
    "queue",
    "api_key",
    "audit_key",
    "worker_token",
    "manifest",
    "event",
    "webhook",
    "workflow",
    "workflow_run",
];

/// The kind of an object, as entries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntityKind(&'static str);

/// The text names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kind of an audited object is one of {}", list())]
pub struct UnknownEntityKind;

impl EntityKind {
    /// Every kind: tasks first, work objects last.
    pub fn all() -> impl Iterator<Item = Self> {
        OF_THE_TOWER.into_iter().chain(ObjectKind::ALL.iter().map(|kind| kind.as_str())).map(Self)
    }

    /// The name in the log and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

fn list() -> String {
    EntityKind::all().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for EntityKind {
    type Err = UnknownEntityKind;

    fn from_str(text: &str) -> Result<Self, UnknownEntityKind> {
        Self::all().find(|kind| kind.0 == text).ok_or(UnknownEntityKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_message_lists_them_all() {
        for kind in EntityKind::all() {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(UnknownEntityKind.to_string().contains(&format!("`{kind}`")));
        }
        for bad in ["", "Task", "tasks", "issue"] {
            assert_eq!(bad.parse::<EntityKind>(), Err(UnknownEntityKind), "{bad}");
        }
    }
}
