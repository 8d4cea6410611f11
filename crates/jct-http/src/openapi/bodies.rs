//! Request bodies as schemas only: they are read by stricter readers than a derive could give.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

/// The V1 Task Spec; the document replaces this by the schema of the contract itself.
#[derive(ToSchema)]
#[schema(as = TaskSpec)]
pub(crate) struct TaskSpecSchema {}

/// 1 to 1000 independent tasks.
#[derive(ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchSchema {
    #[schema(min_items = 1, max_items = 1000)]
    tasks: Vec<TaskSpecSchema>,
}

/// A change of status; only the fields that belong to the status.
#[derive(ToSchema)]
#[schema(as = StatusChange)]
pub(crate) struct StatusChangeSchema {
    /// `queued`, `running`, `completed`, `failed` or `cancelled`.
    status: String,
    /// With `running`.
    #[schema(max_length = 100)]
    assigned_to: Option<String>,
    /// With `completed`; `{}` if absent.
    #[schema(value_type = Option<Object>)]
    result: Option<()>,
    /// With `failed`.
    #[schema(max_length = 16384)]
    error: Option<String>,
    /// With `completed` and `failed`: shown, never opened.
    #[schema(max_length = 512)]
    trace_path: Option<String>,
    /// The fence of the lease that is ended.
    #[schema(example = "1.3")]
    fence: Option<String>,
}

/// Why the queue is paused.
#[derive(ToSchema)]
#[schema(as = PauseRequest)]
pub(crate) struct PauseSchema {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Where to push.
#[derive(ToSchema)]
#[schema(as = PushRequest)]
pub(crate) struct PushSchema {
    /// Begins with `jct/`; `jct/<task_id>` if absent.
    #[schema(max_length = 200, example = "jct/hello")]
    branch: Option<String>,
}

/// A manifest in JSON.
#[derive(ToSchema)]
#[schema(as = PutManifest)]
pub(crate) struct PutManifestSchema {
    /// The text of the manifest, YAML; its exact bytes are hashed and kept.
    #[schema(max_length = 1048576)]
    content: String,
}

/// A run of a manifest; every field may be left out.
#[derive(ToSchema)]
#[schema(as = ManifestRun)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ManifestRunSchema {
    /// `run` or `plan`; `run` if absent.
    action: Option<String>,
    options: Option<ManifestOptionsSchema>,
    /// The version to run; the one in force if absent.
    hash: Option<String>,
    #[schema(minimum = -1000, maximum = 1000)]
    priority: Option<i16>,
    #[schema(max_length = 255)]
    affinity_key: Option<String>,
    #[schema(minimum = 1, maximum = 100)]
    max_attempts: Option<u32>,
    /// Seconds for one attempt; 3600 if absent.
    time_budget_seconds: Option<u64>,
}

/// What one run sets for itself.
#[derive(ToSchema)]
#[schema(as = ManifestOptions, rename_all = "camelCase")]
struct ManifestOptionsSchema {
    dry_run: Option<bool>,
    force_full: Option<bool>,
    #[schema(minimum = 1)]
    max_docs: Option<u32>,
}

/// A key to be made.
#[derive(ToSchema)]
#[schema(as = KeyRequest)]
pub(crate) struct KeySchema {
    /// Unique, and not `operator`.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// `human`, `agent` or `system`.
    kind: String,
    /// Any of `tasks:read`, `tasks:write`, `tasks:execute`, `cwom:read`, `cwom:write`, `reviews:decide`, `runs:push`, `audit:read`, `policy:read`, `queue:write`, `controls:write`, `jobs:read`, `jobs:write`, `workers:manage`, `manifests:read`, `manifests:write`, `events:read`, `events:write`, `webhooks:read`, `webhooks:write`, `workflows:read`, `workflows:write`, `keys:manage`.
    #[schema(min_items = 1)]
    scopes: Vec<String>,
    /// RFC 3339; never if absent.
    expires_at: Option<String>,
}
