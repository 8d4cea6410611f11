//! Request bodies as schemas only: they are read by a stricter reader than a derive could give.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

/// What to hold or to stop.
#[derive(ToSchema)]
#[schema(as = ControlRequest)]
pub(super) struct ControlSchema {
    /// `all`, `repo`, `operation`, `agent` or `policy`.
    #[schema(example = "repo")]
    scope: String,
    /// What of that kind; none with `all`. An owner, a group or a repository; an operation; the name of an agent; the digest
    /// of a policy.
    #[schema(example = "myorg/app")]
    value: Option<String>,
    /// `hold` lets what runs go on; `kill` calls it off. `hold` if absent.
    mode: Option<String>,
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Why an agent is stopped.
#[derive(ToSchema)]
#[schema(as = StopRequest)]
pub(super) struct StopSchema {
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// How much an agent may run.
#[derive(ToSchema)]
#[schema(as = AgentChange)]
pub(super) struct AgentChangeSchema {
    /// The most tasks at once, over all processes; `null` takes the limit away.
    #[schema(required, minimum = 1, maximum = 10000)]
    max_concurrent_tasks: Option<u32>,
}
