//! "Why is this task not running?"

use jct_contract::{CapabilitySet, ControlId, IsolationLevel, RunId, TaskId, Timestamp};
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::Pause;
use jct_tower::tasks::{Blocker, Explanation};
use serde::Serialize;
use utoipa::ToSchema;

use super::parties::HolderBody;

/// Where a task stands and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(crate) struct ExplanationBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    #[schema(value_type = String, example = "queued")]
    status: TaskStatus,
    /// One sentence for people.
    summary: String,
    #[serde(flatten)]
    standing: StandingBody<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplanationDetail)]
#[serde(tag = "state", rename_all = "snake_case")]
enum StandingBody<'a> {
    Held {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    Waiting {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        attempts: u32,
        max_attempts: u32,
        /// Everything that keeps it waiting, the most decisive first.
        blockers: Vec<BlockerBody<'a>>,
    },
    Running {
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        attempt: u32,
        holder: HolderBody<'a>,
        #[schema(value_type = String, format = DateTime)]
        expires_at: Timestamp,
        #[schema(value_type = Option<String>, format = DateTime)]
        cancel_requested_at: Option<Timestamp>,
    },
    Finished {
        #[schema(value_type = String)]
        reason: ReasonCode,
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// The run that waits for a review, if the work is done and nobody has said yet that it is good.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = "uuid")]
        under_review: Option<RunId>,
    },
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Blocker)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum BlockerBody<'a> {
    QueuePaused {
        by: &'a str,
        reason: &'a str,
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    HeldByControl {
        #[schema(value_type = String, format = "uuid")]
        control_id: ControlId,
        /// What the control is about.
        #[schema(example = "repo myorg/app")]
        scope: String,
        /// `hold` or `kill`.
        mode: &'static str,
        by: &'a str,
        reason: &'a str,
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    AgentFull {
        agent: &'a str,
        /// The most tasks that the agent may run at once.
        limit: u32,
    },
    NotDue {
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    BackingOff {
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
        #[schema(value_type = String)]
        last_reason: ReasonCode,
    },
    NoWorker {
        executor: &'a str,
        /// Everything that a worker must offer.
        #[schema(value_type = Vec<String>, example = json!(["survey"]))]
        needs: &'a CapabilitySet,
        workers: usize,
    },
    IsolationUnavailable {
        /// The level that the task insists on.
        #[schema(value_type = String, example = "L3")]
        needed: IsolationLevel,
        /// What each worker that offers the executor gives.
        workers: Vec<GivenBody<'a>>,
    },
    WorkersBusy {
        executor: &'a str,
        slots: u64,
    },
    Behind {
        ahead: u64,
    },
}

/// The isolation that a worker gives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GivenIsolation)]
struct GivenBody<'a> {
    name: &'a str,
    #[schema(value_type = String, example = "L2")]
    gives: IsolationLevel,
}

impl<'a> ExplanationBody<'a> {
    pub(crate) fn of(task_id: TaskId, explanation: &'a Explanation) -> Self {
        let (status, standing) = match explanation {
            Explanation::Held { since } => (TaskStatus::Pending, StandingBody::Held { since: *since }),
            Explanation::Waiting { since, attempts, max_attempts, blockers } => (
                TaskStatus::Queued,
                StandingBody::Waiting {
                    since: *since,
                    attempts: *attempts,
                    max_attempts: *max_attempts,
                    blockers: blockers.iter().map(BlockerBody::of).collect(),
                },
            ),
            Explanation::Running { since, attempt, holder, expires_at, cancel_requested_at } => (
                TaskStatus::Running,
                StandingBody::Running {
                    since: *since,
                    attempt: *attempt,
                    holder: HolderBody::of(holder),
                    expires_at: *expires_at,
                    cancel_requested_at: *cancel_requested_at,
                },
            ),
            Explanation::Finished { status, reason, at, under_review } => {
                (*status, StandingBody::Finished { reason: *reason, at: *at, under_review: *under_review })
            }
        };
        Self { task_id, status, summary: standing.summary(), standing }
    }
}

impl<'a> BlockerBody<'a> {
    fn of(blocker: &'a Blocker) -> Self {
        match blocker {
            Blocker::QueuePaused(Pause { by, reason, at }) => Self::QueuePaused { by, reason, since: *at },
            Blocker::HeldByControl(control) => Self::HeldByControl {
                control_id: control.id,
                scope: control.scope.to_string(),
                mode: control.mode.as_str(),
                by: control.by.name(),
                reason: &control.reason,
                since: control.created_at,
            },
            Blocker::AgentFull { agent, limit } => Self::AgentFull { agent, limit: *limit },
            Blocker::NotDue { until } => Self::NotDue { until: *until },
            Blocker::BackingOff { until, last_reason } => Self::BackingOff { until: *until, last_reason: *last_reason },
            Blocker::NoWorker { executor, needs, workers } => Self::NoWorker { executor, needs, workers: *workers },
            Blocker::IsolationUnavailable { needed, workers } => {
                let workers = workers.iter().map(|(name, gives)| GivenBody { name, gives: *gives }).collect();
                Self::IsolationUnavailable { needed: *needed, workers }
            }
            Blocker::WorkersBusy { executor, slots } => Self::WorkersBusy { executor, slots: *slots },
            Blocker::Behind { ahead } => Self::Behind { ahead: *ahead },
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::QueuePaused { by, reason, since } => format!("{by} paused the queue at {since}: {reason}"),
            Self::HeldByControl { control_id, scope, mode, by, reason, since } => {
                format!("{by} set control {control_id} ({mode} {scope}) at {since}: {reason}")
            }
            Self::AgentFull { agent, limit } => format!("agent `{agent}` runs {limit} tasks, as many as it may"),
            Self::NotDue { until } => format!("it is not due before {until}"),
            Self::BackingOff { until, last_reason } => {
                format!("it backs off until {until} after an attempt that ended with {last_reason}")
            }
            Self::NoWorker { executor, needs, workers } if needs.len() == 1 => {
                format!("none of {workers} living workers offers executor `{executor}`")
            }
            Self::NoWorker { needs, workers, .. } => {
                format!("none of {workers} living workers offers all that it needs: {needs}")
            }
            Self::IsolationUnavailable { needed, workers } => {
                let given: Vec<_> =
                    workers.iter().map(|GivenBody { name, gives }| format!("{name} gives {gives}")).collect();
                format!("no worker gives isolation {needed}: {}", given.join(", "))
            }
            Self::WorkersBusy { executor, slots } => {
                format!("all {slots} slots of workers that offer executor `{executor}` are taken")
            }
            Self::Behind { ahead } => format!("{ahead} tasks are ahead of it"),
        }
    }
}

impl StandingBody<'_> {
    fn summary(&self) -> String {
        match self {
            Self::Held { since } => format!("held since {since} until somebody releases it"),
            Self::Waiting { blockers, .. } if blockers.is_empty() => "next in line for a free worker".to_owned(),
            Self::Waiting { blockers, .. } => blockers.iter().map(BlockerBody::sentence).collect::<Vec<_>>().join("; "),
            Self::Running { since, attempt, holder, .. } => {
                let (HolderBody::Worker { name, .. } | HolderBody::External { name }) = holder;
                format!("attempt {attempt} is running at `{name}` since {since}")
            }
            Self::Finished { under_review: Some(run), at, .. } => {
                format!("completed at {at}; its run waits for a review: jct review show {run}")
            }
            Self::Finished { reason, at, under_review: None } => format!("ended with {reason} at {at}"),
        }
    }
}
