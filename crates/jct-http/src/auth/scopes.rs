//! Scopes as types, so that a handler's signature says what it needs.

use jct_tower::access::Scope;

/// A right that a route needs.
pub(crate) trait NeedsScope: 'static {
    /// Any one of these lets a request through; what exactly it may do can still depend on which.
    const ANY_OF: &'static [Scope];
}

macro_rules! scopes {
    ($($(#[$doc:meta])+ $name:ident = $($scope:ident)|+;)+) => {$(
        $(#[$doc])+
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl NeedsScope for $name {
            const ANY_OF: &'static [Scope] = &[$(Scope::$scope),+];
        }
    )+};
}

scopes! {
    /// `tasks:read`.
    TasksRead = TasksRead;
    /// `tasks:write`.
    TasksWrite = TasksWrite;
    /// `tasks:write` to release and cancel, `tasks:execute` to take and end; the handler asks which.
    TasksChange = TasksWrite | TasksExecute;
    /// `cwom:read`.
    CwomRead = CwomRead;
    /// `cwom:write`.
    CwomWrite = CwomWrite;
    /// `reviews:decide`.
    ReviewsDecide = ReviewsDecide;
    /// `runs:push`.
    RunsPush = RunsPush;
    /// `audit:read`.
    AuditRead = AuditRead;
    /// `queue:write`.
    QueueWrite = QueueWrite;
    /// `controls:write`.
    ControlsWrite = ControlsWrite;
    /// `jobs:read`.
    JobsRead = JobsRead;
    /// `jobs:write`.
    JobsWrite = JobsWrite;
    /// `workers:manage`.
    WorkersManage = WorkersManage;
    /// `manifests:read`.
    ManifestsRead = ManifestsRead;
    /// `manifests:write`.
    ManifestsWrite = ManifestsWrite;
    /// Whatever a tool or resource can need; each asks for its own.
    McpUse = TasksRead | TasksWrite | TasksExecute | CwomRead | ReviewsDecide | AuditRead;
    /// `events:read`.
    EventsRead = EventsRead;
    /// `events:write`.
    EventsWrite = EventsWrite;
    /// `webhooks:read`.
    WebhooksRead = WebhooksRead;
    /// `webhooks:write`.
    WebhooksWrite = WebhooksWrite;
    /// `workflows:read`.
    WorkflowsRead = WorkflowsRead;
    /// `workflows:write`.
    WorkflowsWrite = WorkflowsWrite;
    /// `keys:manage`.
    KeysManage = KeysManage;
}
