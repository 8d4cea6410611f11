//! Scopes: the rights a key can have, one per group of routes.

use std::fmt;
use std::str::FromStr;

/// A right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See tasks, events, traces, workers and the state of the queue.
    TasksRead,
    /// Hand tasks in, release and cancel them.
    TasksWrite,
    /// Take tasks off the queue and end them from outside the tower.
    TasksExecute,
    /// See work objects.
    CwomRead,
    /// Create work objects, change issues and runs.
    CwomWrite,
    /// Approve, reject or send back what a run did.
    ReviewsDecide,
    /// Push what an approved run did to the repository it came from.
    RunsPush,
    /// Read the audit log.
    AuditRead,
    /// See which repositories the policy allows.
    PolicyRead,
    /// Pause and resume the queue.
    QueueWrite,
    /// Set and lift controls; stop, start and limit agents.
    ControlsWrite,
    /// See jobs, their events and their artifacts.
    JobsRead,
    /// Hand jobs in and cancel them.
    JobsWrite,
    /// Create, list and revoke the tokens of workers that come over HTTP.
    WorkersManage,
    /// See the manifests of the registry.
    ManifestsRead,
    /// Put, delete and run manifests of the registry.
    ManifestsWrite,
    /// See events.
    EventsRead,
    /// Hand events in and redrive them.
    EventsWrite,
    /// See webhooks and what was sent to them.
    WebhooksRead,
    /// Set up, change, test and take away webhooks.
    WebhooksWrite,
    /// See workflows and their runs.
    WorkflowsRead,
    /// Define workflows, start, call off and fork their runs.
    WorkflowsWrite,
    /// Create, list and revoke keys.
    KeysManage,
}

/// The text names no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a scope is one of `tasks:read`, `tasks:write`, `tasks:execute`, `cwom:read`, `cwom:write`, \
     `reviews:decide`, `runs:push`, `audit:read`, `policy:read`, `queue:write`, `controls:write`, \
     `jobs:read`, `jobs:write`, `workers:manage`, `manifests:read`, `manifests:write`, \
     `events:read`, `events:write`, `webhooks:read`, `webhooks:write`, `workflows:read`, \
     `workflows:write`, `keys:manage`"
)]
pub struct UnknownScope;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 23] = [
        Self::TasksRead,
        Self::TasksWrite,
        Self::TasksExecute,
        Self::CwomRead,
        Self::CwomWrite,
        Self::ReviewsDecide,
        Self::RunsPush,
        Self::AuditRead,
        Self::PolicyRead,
        Self::QueueWrite,
        Self::ControlsWrite,
        Self::JobsRead,
        Self::JobsWrite,
        Self::WorkersManage,
        Self::ManifestsRead,
        Self::ManifestsWrite,
        Self::EventsRead,
        Self::EventsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::WorkflowsRead,
        Self::WorkflowsWrite,
        Self::KeysManage,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TasksRead => "tasks:read",
            Self::TasksWrite => "tasks:write",
            Self::TasksExecute => "tasks:execute",
            Self::CwomRead => "cwom:read",
            Self::CwomWrite => "cwom:write",
            Self::ReviewsDecide => "reviews:decide",
            Self::RunsPush => "runs:push",
            Self::AuditRead => "audit:read",
            Self::PolicyRead => "policy:read",
            Self::QueueWrite => "queue:write",
            Self::ControlsWrite => "controls:write",
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::WorkersManage => "workers:manage",
            Self::ManifestsRead => "manifests:read",
            Self::ManifestsWrite => "manifests:write",
            Self::EventsRead => "events:read",
            Self::EventsWrite => "events:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::WorkflowsRead => "workflows:read",
            Self::WorkflowsWrite => "workflows:write",
            Self::KeysManage => "keys:manage",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_message_lists_them_all() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert!(UnknownScope.to_string().contains(&format!("`{scope}`")));
        }
        assert_eq!("tasks:*".parse::<Scope>(), Err(UnknownScope));
    }
}
