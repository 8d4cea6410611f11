//! The addresses of resources.

use jct_contract::{IssueId, TaskId};

/// The scheme and what stands behind it.
const PREFIX: &str = "jct://";

/// What an address stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A task.
    Task(TaskId),
    /// The list of files in the sealed trace of a task.
    Trace(TaskId),
    /// One of these files.
    TraceFile(TaskId, String),
    /// An issue with everything that hangs on it.
    Graph(IssueId),
}

impl Address {
    /// What the text stands for; `None` if for nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.splitn(4, '/');
        match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
            ("tasks", id, None, None) => Some(Self::Task(id.parse().ok()?)),
            ("tasks", id, Some("trace"), None) => Some(Self::Trace(id.parse().ok()?)),
            ("tasks", id, Some("trace"), Some(path)) if !path.is_empty() => {
                Some(Self::TraceFile(id.parse().ok()?, path.to_owned()))
            }
            ("issues", id, Some("graph"), None) => Some(Self::Graph(id.parse().ok()?)),
            _ => None,
        }
    }

    /// The address of a task.
    pub(super) fn of_task(id: TaskId) -> String {
        format!("{PREFIX}tasks/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000000";

    #[track_caller]
    fn check(text: &str, expect: impl Into<Option<Address>>) {
        assert_eq!(Address::parse(&text.replace("ID", ID)), expect.into(), "{text}");
    }

    #[test]
    fn only_what_is_listed_is_an_address() -> Result<(), jct_contract::InvalidId> {
        let task: TaskId = ID.parse()?;
        check("jct://tasks/ID", Some(Address::Task(task)));
        check("jct://tasks/ID/trace", Some(Address::Trace(task)));
        check("jct://tasks/ID/trace/artifacts/a b.txt", Some(Address::TraceFile(task, "artifacts/a b.txt".to_owned())));
        check("jct://issues/ID/graph", Some(Address::Graph(ID.parse()?)));
        for other in [
            "",
            "jct://",
            "jct://tasks",
            "jct://tasks/",
            "jct://tasks/7",
            "jct://tasks/ID/",
            "jct://tasks/ID/trace/",
            "jct://tasks/ID/graph",
            "jct://issues/ID",
            "jct://issues/ID/graph/x",
            "JCT://tasks/ID",
            "file:///etc/passwd",
            "jct://tasks/ID?x=1",
        ] {
            check(other, None);
        }
        Ok(())
    }
}
