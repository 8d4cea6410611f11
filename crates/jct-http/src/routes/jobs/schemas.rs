//! Bodies as schemas only: they are read by stricter readers, and written by simpler writers, than a derive could give.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

use crate::wire::{ArtifactBody, JobEventBody, OperatorJobBody, WorkerTokenBody};

/// A job to be handed in.
#[derive(ToSchema)]
#[schema(as = NewJob)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobSchema {
    /// `task`, `manifest`, or for old clients `codex_exec` and `codex_skill`.
    r#type: String,
    /// What to do, as the type has it; for `task` a V1 Task Spec.
    #[schema(value_type = Object)]
    payload: (),
    /// Higher goes first.
    #[schema(minimum = -1000, maximum = 1000, default = 0)]
    priority: Option<i64>,
    /// Jobs with the same key would rather run on the same worker.
    #[schema(max_length = 255)]
    affinity_key: Option<String>,
    /// As the tower is configured if absent.
    #[schema(minimum = 1, maximum = 100)]
    max_attempts: Option<u32>,
    /// For one attempt; not for `task`, whose payload says it.
    #[schema(minimum = 1, maximum = 86400, default = 3600)]
    time_budget_seconds: Option<u64>,
}

/// Why a job is called off.
#[derive(ToSchema)]
#[schema(as = JobCancel)]
pub(super) struct CancelSchema {
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// A worker's request for jobs.
#[derive(ToSchema)]
#[schema(as = JobClaim)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimSchema {
    /// The token's own.
    worker_id: Option<String>,
    #[schema(minimum = 5, maximum = 3600, default = 120)]
    lease_seconds: Option<u32>,
    /// Only these types; all that the token allows if absent.
    #[schema(min_items = 1)]
    allowed_types: Option<Vec<String>>,
    /// What the worker can do; a token with capabilities of its own can only be narrowed.
    worker_capabilities: Option<Vec<String>>,
    /// How long to wait for a job.
    #[schema(minimum = 0, maximum = 60, default = 0)]
    wait_seconds: Option<u32>,
    #[schema(minimum = 1, maximum = 16, default = 1)]
    limit: Option<u32>,
}

/// Says which body a worker's call has: every one begins with the lease.
macro_rules! calls {
    ($($(#[doc = $doc:literal])+ $name:ident = $public:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[doc = $doc])+
        #[derive(ToSchema)]
        #[schema(as = $public)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name {
            /// `lease.id` of the claim.
            #[schema(format = "uuid")]
            lease_id: String,
            /// `lease.fence` of the claim.
            #[schema(example = "1.3")]
            fence: String,
            /// The token's own.
            worker_id: Option<String>,
            $($(#[$meta])* $field: $type,)*
        }
    )+};
}

calls! {
    /// A sign of life.
    HeartbeatSchema = JobHeartbeat {
        #[schema(minimum = 5, maximum = 3600, default = 120)]
        lease_seconds: Option<u32>,
    }
    /// How far the job is.
    ProgressSchema = JobProgress {
        #[schema(minimum = 0, maximum = 100)]
        percent: Option<u8>,
        #[schema(max_length = 4000)]
        message: String,
    }
    /// Something worth telling.
    EventSchema = NewJobEvent {
        /// `info` (default), `warn` or `error`.
        level: Option<String>,
        #[schema(max_length = 4000)]
        message: String,
        /// At most 64 KiB.
        #[schema(value_type = Option<Object>)]
        payload: Option<()>,
    }
    /// Success.
    CompleteSchema = JobCompletion {
        /// Becomes the member `summary` of the result.
        #[schema(max_length = 4000)]
        result_summary: Option<String>,
        #[schema(value_type = Option<Object>)]
        result: Option<()>,
        /// For the next run of the same manifest.
        #[schema(value_type = Option<Object>)]
        manifest_state: Option<()>,
    }
    /// Failure.
    FailSchema = JobFailure {
        #[schema(max_length = 4000)]
        error_message: String,
        /// Whether another attempt may do better.
        #[schema(default = false)]
        retryable: Option<bool>,
    }
    /// The job has stopped.
    AckSchema = JobCancelAck {
        #[schema(max_length = 4000)]
        message: Option<String>,
    }
    /// A file of the job. The fields come before the file.
    ArtifactFormSchema = ArtifactForm {
        /// A relative path.
        #[schema(max_length = 512)]
        name: String,
        /// `application/octet-stream` if nobody says it.
        content_type: Option<String>,
        /// `sha256:` and 64 hexadecimal digits.
        digest: Option<String>,
        #[schema(value_type = String, format = Binary)]
        file: Vec<u8>,
    }
}

/// A token to be made. What is left out is not limited.
#[derive(ToSchema)]
#[schema(as = WorkerTokenRequest)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkerTokenSchema {
    /// The name of the worker.
    #[schema(min_length = 1, max_length = 128)]
    worker_id: String,
    #[schema(max_length = 512)]
    description: Option<String>,
    /// Owners, or owners and more, such as `myorg` or `myorg/service`.
    #[schema(min_items = 1)]
    allowed_repositories: Option<Vec<String>>,
    #[schema(min_items = 1)]
    allowed_job_types: Option<Vec<String>>,
    /// All that the worker may say it can do.
    #[schema(min_items = 1)]
    capabilities: Option<Vec<String>>,
    /// RFC 3339; never if absent.
    expires_at: Option<String>,
}

/// Says what a page of a list holds.
macro_rules! pages {
    ($($name:ident = $public:ident of $item:ty;)+) => {$(
        /// A page.
        #[derive(ToSchema)]
        #[schema(as = $public)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name {
            items: Vec<$item>,
            /// Where the next page begins; `null` on the last.
            next_cursor: Option<String>,
        }
    )+};
}

pages! {
    JobPageSchema = JobPage of OperatorJobBody<'static>;
    JobEventPageSchema = JobEventPage of JobEventBody;
    ArtifactPageSchema = JobArtifactPage of ArtifactBody<'static>;
    WorkerTokenPageSchema = WorkerTokenPage of WorkerTokenBody<'static>;
}
