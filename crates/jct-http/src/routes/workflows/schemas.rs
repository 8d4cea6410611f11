//! Bodies as schemas only: they are read by the doors of definitions and events, and by stricter readers than a derive
//! could give.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

use crate::routes::event_bus::NewEventSchema;

/// A definition.
#[derive(ToSchema)]
#[schema(as = NewWorkflow)]
pub(super) struct NewWorkflowSchema {
    /// Unique, and for good: `a-z 0-9 _ -`, the first a letter.
    #[schema(min_length = 1, max_length = 100, example = "release")]
    name: String,
    #[schema(max_length = 4000)]
    description: Option<String>,
    /// The version that this is to become; any, if absent.
    #[schema(minimum = 1)]
    version: Option<u32>,
    /// Whether events start it; `true` if absent.
    active: Option<bool>,
    trigger: Option<NewWorkflowTriggerSchema>,
    /// Steps of one run that run at once.
    #[schema(minimum = 1, maximum = 100, default = 10)]
    max_parallel: Option<u32>,
    /// For a run.
    #[schema(minimum = 1, maximum = 604800, default = 3600)]
    timeout_seconds: Option<u32>,
    #[schema(min_items = 1, max_items = 1000)]
    steps: Vec<NewWorkflowStepSchema>,
}

/// What starts a workflow; without it, only people do.
#[derive(ToSchema)]
#[schema(as = NewWorkflowTrigger)]
struct NewWorkflowTriggerSchema {
    /// Types and patterns of types.
    #[schema(max_items = 32)]
    event_types: Option<Vec<String>>,
    /// An expression that has to hold of the event as well.
    #[schema(max_length = 16384, example = "event.priority == 'high'")]
    condition: Option<String>,
}

/// A step: a task like any other, made when the steps before it are done.
#[derive(ToSchema)]
#[schema(as = NewWorkflowStep)]
struct NewWorkflowStepSchema {
    /// Unique in the workflow: `a-z 0-9 _`, the first a letter.
    #[schema(min_length = 1, max_length = 64, example = "build")]
    id: String,
    /// The id if absent.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The steps that have to be done before.
    #[schema(max_items = 100)]
    dependencies: Option<Vec<String>>,
    /// A V1 Task Spec in whose texts expressions may stand: `${{ event.data.branch }}`.
    #[schema(value_type = Object)]
    task: (),
    /// For each attempt, from when its task is enqueued.
    #[schema(minimum = 1, maximum = 86400, default = 300)]
    timeout_seconds: Option<u32>,
    /// Further attempts after the first has failed or timed out.
    #[schema(minimum = 0, maximum = 10, default = 0)]
    retries: Option<u32>,
    /// An expression; if it comes to false, the step is skipped and those after it go on.
    #[schema(max_length = 16384)]
    when: Option<String>,
}

/// A change of a workflow; what is absent stays.
#[derive(ToSchema)]
#[schema(as = WorkflowChange)]
pub(super) struct WorkflowChangeSchema {
    /// Whether events start it; what the definition says about it, if absent.
    active: Option<bool>,
    /// Becomes the next version, unless it defines what the workflow has already.
    definition: Option<NewWorkflowSchema>,
}

/// A run to be started; every field may be left out.
#[derive(ToSchema)]
#[schema(as = StartRun)]
pub(super) struct StartRunSchema {
    /// What expressions see as `event`. It is not kept as an event.
    event: Option<NewEventSchema>,
    /// Makes it safe to ask again: the same key with the same event answers with the run first started. Each workflow has
    /// keys of its own.
    #[schema(min_length = 1, max_length = 256)]
    idempotency_key: Option<String>,
}

/// A run to be done again.
#[derive(ToSchema)]
#[schema(as = ForkRun)]
pub(super) struct ForkRunSchema {
    /// The step from which on.
    #[schema(example = "build")]
    from_step: String,
}
