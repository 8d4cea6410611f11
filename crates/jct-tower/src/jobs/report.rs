//! What a worker reports while it runs a job: that it lives, how far it is, and what it wants to be read.

use std::time::Duration;

use jct_contract::{TaskId, Timestamp};
use jct_store::RecordAnswer;
use jct_store::model::{EventKind, HeartbeatAnswer, NewEvent, TaskEventRecord, TaskState};
use serde_json::{Map, Value};

use super::hold::Held;
use super::{LeaseProof, WorkError};
use crate::Tower;
use crate::access::WorkerGrant;
use crate::secrets::{refuse_members, refuse_text};

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventLevel {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warn,
    /// Something went wrong.
    Error,
}

/// The text names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a level is one of info, warn, error")]
pub struct UnknownEventLevel;

impl EventLevel {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warn, Self::Error];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl std::str::FromStr for EventLevel {
    type Err = UnknownEventLevel;

    fn from_str(text: &str) -> Result<Self, UnknownEventLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownEventLevel)
    }
}

/// An event for people and programs that follow the job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobReport {
    /// How much it matters.
    pub level: EventLevel,
    /// What happened, 1 to 4000 characters.
    pub message: String,
    /// What programs may want to know about it.
    pub payload: Option<Map<String, Value>>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// 0 to 100, if it can be said.
    pub percent: Option<u8>,
    /// What is being done.
    pub message: String,
}

/// A renewed lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// When it ends now.
    pub expires_at: Timestamp,
    /// The wish to cancel the job, if there is one.
    pub cancel: Option<CancelWish>,
}

/// Somebody wants a running job to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelWish {
    /// Since when.
    pub requested_at: Timestamp,
    /// Why, if they said so.
    pub reason: Option<String>,
}

impl Tower {
    /// Renews a lease for `length` from now.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn job_heartbeat(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        length: Duration,
    ) -> Result<Renewed, WorkError> {
        let held = self.held(worker, job, proof).await?;
        let answers = self.store().heartbeat(worker.id(), vec![held.lease], length).await?;
        let Some(HeartbeatAnswer::Held { expires_at, cancel_requested }) = answers.into_iter().next() else {
            return Err(self.refusal(held).await);
        };
        self.presence().seen(self.store(), worker.id()).await;
        let cancel = if cancel_requested { self.cancel_wish(job).await? } else { None };
        Ok(Renewed { expires_at, cancel })
    }

    /// Keeps how far a job is.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn job_progress(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        progress: JobProgress,
    ) -> Result<(), WorkError> {
        let held = self.held(worker, job, proof).await?;
        let JobProgress { percent, message } = progress;
        refuse_text(self.scanner(), "message", &message)?;
        let mut body = Map::new();
        if let Some(percent) = percent {
            body.insert("percent".to_owned(), percent.into());
        }
        body.insert("message".to_owned(), message.into());
        self.record(held, EventKind::Progress, body).await.map(drop)
    }

    /// Keeps an event, and gives it back as it was kept.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn job_report(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        report: JobReport,
    ) -> Result<TaskEventRecord, WorkError> {
        let held = self.held(worker, job, proof).await?;
        refuse_text(self.scanner(), "message", &report.message)?;
        refuse_members(self.scanner(), "payload", report.payload.as_ref().unwrap_or(&Map::new()))?;
        self.record_report(held, report).await
    }

    pub(super) async fn record_report(&self, held: Held, report: JobReport) -> Result<TaskEventRecord, WorkError> {
        let JobReport { level, message, payload } = report;
        let mut body = Map::new();
        body.insert("level".to_owned(), level.as_str().into());
        body.insert("message".to_owned(), message.into());
        if let Some(payload) = payload {
            body.insert("payload".to_owned(), payload.into());
        }
        self.record(held, EventKind::Message, body).await
    }

    async fn record(
        &self,
        held: Held,
        kind: EventKind,
        body: Map<String, Value>,
    ) -> Result<TaskEventRecord, WorkError> {
        let event = NewEvent { at: self.clock().now(), kind, body: Value::Object(body).to_string() };
        match self.store().record(held.lease, vec![event.clone()]).await? {
            RecordAnswer::Recorded { last_seq, attempt } => {
                let NewEvent { at, kind, body } = event;
                Ok(TaskEventRecord { seq: last_seq, at, kind, attempt: Some(attempt), body })
            }
            RecordAnswer::Stale => Err(self.refusal(held).await),
        }
    }

    async fn cancel_wish(&self, job: TaskId) -> Result<Option<CancelWish>, WorkError> {
        let record = self.store().task_get(job).await?.ok_or(WorkError::NotFound)?;
        Ok(match record.state {
            TaskState::Running { cancel_requested_at: Some(requested_at), cancel_note, .. } => {
                Some(CancelWish { requested_at, reason: cancel_note })
            }
            _ => None,
        })
    }
}
