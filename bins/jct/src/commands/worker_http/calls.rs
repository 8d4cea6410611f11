//! What a worker says to the tower. Every call but the first carries the proof of the lease, and no secret that a command
//! printed or left: the tower refuses those.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jct_evidence::scan::{Scanner, SecretPlace};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::job::LeasedJob;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The member with what the next run of a manifest begins with.
const STATE: &str = "manifestState";

/// The line to the tower.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    client: Arc<Client>,
    /// How long a call about a job is tried: as long as the lease, for after that it is about nothing.
    patience: Duration,
    /// Finds what must not be told.
    scanner: Scanner,
}

/// What the tower says to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    GoOn,
    /// Somebody called the job off, for this reason.
    Stop(Option<String>),
}

impl Calls {
    pub(super) fn new(client: Client, patience: Duration, scanner: Scanner) -> Self {
        Self { client: Arc::new(client), patience, scanner }
    }

    /// Asks for a job; `None` if none came in time.
    pub(super) async fn claim(&self, claim: Value) -> Result<Option<LeasedJob>, Failure> {
        let answer =
            self.blocking(move |client| client.post(&["api", "queue", "jobs", "claim"], &claim)?.json()).await?;
        match answer.get("job") {
            Some(job) if job.is_object() => LeasedJob::read(job.clone()).map(Some),
            _ => Ok(None),
        }
    }

    /// Says that the job is still being worked on. Tried once: the next one comes soon.
    pub(super) async fn heartbeat(&self, job: &LeasedJob) -> Result<Beat, Failure> {
        let mut body = json!({ "leaseSeconds": self.patience.as_secs() });
        add(&mut body, job.proof());
        let answer = self.post(job, "heartbeat", body).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(if text("cancelRequestedAt").is_some() { Beat::Stop(text("cancelReason")) } else { Beat::GoOn })
    }

    /// Adds an event. Tried once: what a command prints is not worth its time.
    pub(super) async fn event(&self, job: &LeasedJob, level: &'static str, message: &str) -> Result<(), Failure> {
        let mut body = json!({ "level": level, "message": self.scanner.redact_text(message) });
        add(&mut body, job.proof());
        self.post(job, "events", body).await.map(drop)
    }

    /// Ends the job in one of the ways that there are: `complete`, `fail` or `cancel/ack`.
    pub(super) async fn end(&self, job: &LeasedJob, way: &'static str, mut body: Value) -> Result<(), Failure> {
        // What the next run begins with is told to nobody else, and may well hold a provider's marks.
        let state = body.as_object_mut().and_then(|body| body.remove(STATE));
        let found = self.scanner.clean_json(SecretPlace::Output, way, &mut body);
        if !found.is_empty() {
            log::warn!(job_id = job.id.as_str(), found = found.len(); "secrets were taken out of what a command left");
        }
        if let Some(state) = state {
            body[STATE] = state;
        }
        add(&mut body, job.proof());
        self.persist(|| self.post(job, way, body.clone())).await.map(drop)
    }

    /// Uploads a file as an artifact.
    pub(super) async fn upload(
        &self,
        job: &LeasedJob,
        query: Vec<(&'static str, String)>,
        open: impl Fn() -> Result<File, Failure>,
    ) -> Result<(), Failure> {
        self.persist(|| async {
            let (id, query, file) = (job.id.clone(), query.clone(), open()?);
            self.blocking(move |client| {
                let path = ["api", "queue", "jobs", &id, "artifacts", "upload"];
                client.upload(&path, &query, "application/octet-stream", file).map(drop)
            })
            .await
        })
        .await
    }

    async fn post(&self, job: &LeasedJob, way: &'static str, body: Value) -> Result<Value, Failure> {
        let id = job.id.clone();
        self.blocking(move |client| {
            let path: Vec<_> = ["api", "queue", "jobs", &id].into_iter().chain(way.split('/')).collect();
            client.post(&path, &body)?.json()
        })
        .await
    }

    /// Repeats a call that nobody answered, as long as it can still matter.
    async fn persist<T, F: Future<Output = Result<T, Failure>>>(&self, call: impl Fn() -> F) -> Result<T, Failure> {
        let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
        loop {
            match call().await {
                Err(failure) if failure.exit() == Exit::Unavailable && begun.elapsed() < self.patience => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                done => return done,
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Client) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let client = Arc::clone(&self.client);
        let called = spawn_blocking(move || call(&client)).await;
        called.unwrap_or_else(|error| Err(Failure::caused(Exit::Local, "a call to the tower broke off", &error)))
    }
}

/// Adds the members of one object to another.
fn add(body: &mut Value, members: Value) {
    if let (Value::Object(body), Value::Object(members)) = (body, members) {
        body.extend(members);
    }
}
