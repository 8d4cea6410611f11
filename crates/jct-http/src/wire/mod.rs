//! What goes over the wire: shapes of their own, filled from the store's records by hand and without copies.

mod answer;
mod attempt;
mod audit;
mod control;
mod cwom;
mod enqueue;
mod event;
mod explain;
mod health;
mod job;
mod job_event;
mod job_work;
mod key;
mod manifest;
mod overview;
mod page;
mod parties;
mod review;
mod run;
mod task;
mod trace;
mod webhook;
mod workflow;
mod workflow_run;

pub(crate) use answer::{json, no_content};
pub(crate) use attempt::AttemptBody;
pub(crate) use audit::{EntryBody, SealsBody, StateBody};
pub(crate) use control::{AgentBody, ControlBody, CreatedControlBody, DoneBody};
pub(crate) use cwom::{created, object, objects, unchanged};
pub(crate) use enqueue::{BatchItemBody, ChangeBody, EnqueueBody, change_body, enqueue_response};
pub(crate) use event::{
    EventBody, PostedBody, PostedEventsBody, batch_of_cloud_events, cloud_event, cloud_events, event_posted,
    events_posted,
};
pub(crate) use explain::ExplanationBody;
pub(crate) use health::{HealthBody, HealthzBody, VersionBody};
pub(crate) use job::{ClaimedBody, OperatorJobBody};
pub(crate) use job_event::JobEventBody;
pub(crate) use job_work::{ArtifactBody, CreatedJobBody, ItemsBody, NewTokenBody, RenewedBody, WorkerTokenBody, jobs};
pub(crate) use key::{KeyBody, NewKeyBody};
pub(crate) use manifest::{
    ManifestBody as StoredManifestBody, ManifestEntryBody, ManifestVersionBody, RunCreatedBody, manifest,
    manifest_kept, manifest_run, manifest_unchanged, manifest_version,
};
pub(crate) use overview::{OverviewBody, PauseChangeBody, WorkerBody};
pub(crate) use page::{page, page_after, page_named};
pub(crate) use review::{PendingReviewBody, reviewed};
pub(crate) use run::{PushedBody, RunViewBody};
pub(crate) use task::{TaskBody, raw};
pub(crate) use trace::TraceBody;
pub(crate) use webhook::{DeliveryBody, MadeWebhookBody, WebhookBody};
pub(crate) use workflow::{WorkflowBody, WorkflowVersionBody, workflow, workflow_kept};
pub(crate) use workflow_run::{WorkflowRunBody, WorkflowRunViewBody, workflow_run_answer, workflow_run_started};
