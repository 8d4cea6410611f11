//! The table of all tools, in the order in which an agent needs them.

use super::audit_trail::GetAuditTrail;
use super::claim_task::ClaimTask;
use super::complete_task::CompleteTask;
use super::enqueue_task::EnqueueTask;
use super::evidence::GetEvidence;
use super::get_context::GetContext;
use super::get_run::GetRun;
use super::get_task::GetTask;
use super::heartbeat::Heartbeat;
use super::list_tasks::ListTasks;
use super::pending_reviews::ListPendingReviews;
use super::report_artifact::ReportArtifact;
use super::submit_review::SubmitReview;
use crate::tool::{Entry, entry};

/// Every tool.
pub(crate) const TOOLS: [Entry; 13] = [
    entry::<ListTasks>(),
    entry::<ClaimTask>(),
    entry::<GetContext>(),
    entry::<Heartbeat>(),
    entry::<ReportArtifact>(),
    entry::<CompleteTask>(),
    entry::<GetTask>(),
    entry::<GetRun>(),
    entry::<GetEvidence>(),
    entry::<GetAuditTrail>(),
    entry::<SubmitReview>(),
    entry::<ListPendingReviews>(),
    entry::<EnqueueTask>(),
];
