//! The presence of workers that come over HTTP: a row like that of any worker, kept alive while they ask for jobs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jct_contract::{IsolationLevel, WorkerId};
use jct_store::Store;
use jct_store::model::{ClaimFilter, NewWorker};

use crate::access::WorkerGrant;
use crate::work::{Causes, PRESENCE_INTERVAL};

/// Workers that are not of the tower's own make have no version that means anything here.
const VERSION: &str = "http";
/// A worker over HTTP runs what it takes wherever it is: the tower vouches for nothing.
pub(super) const ISOLATION: IsolationLevel = IsolationLevel::L0;

/// When this process last showed which worker.
#[derive(Debug, Default)]
pub(crate) struct WorkerPresence {
    shown: Mutex<HashMap<WorkerId, Shown>>,
}

#[derive(Debug)]
struct Shown {
    at: Instant,
    filter: ClaimFilter,
}

/// What has to be written.
enum Due {
    Nothing,
    Seen,
    Started,
}

impl WorkerPresence {
    /// Shows a worker that asks for jobs: in full when it is new to this process or asks for other jobs than before, and
    /// that it lives every [`PRESENCE_INTERVAL`]. A worker is not refused because that failed.
    pub(super) async fn show(&self, store: &Store, worker: &WorkerGrant, filter: &ClaimFilter, slots: u32) {
        let done = match self.due(worker.id(), filter) {
            Due::Nothing => return,
            Due::Seen => store.worker_seen(worker.id()).await,
            Due::Started => {
                let new = NewWorker {
                    id: worker.id(),
                    name: worker.name().to_owned(),
                    version: VERSION.to_owned(),
                    executors: filter.capabilities.iter().map(ToString::to_string).collect(),
                    filter: filter.clone(),
                    slots,
                    isolation: Some(ISOLATION),
                    agents: Vec::new(),
                    max_concurrent_tasks: None,
                };
                store.worker_started(new).await
            }
        };
        self.note(worker.id(), done);
    }

    /// Shows that a worker lives that holds a job.
    pub(super) async fn seen(&self, store: &Store, id: WorkerId) {
        {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            match shown.get_mut(&id) {
                Some(known) if known.at.elapsed() >= PRESENCE_INTERVAL => known.at = Instant::now(),
                // One that never asked this process for a job is shown by the process that it asked.
                _ => return,
            }
        }
        self.note(id, store.worker_seen(id).await);
    }

    fn due(&self, id: WorkerId, filter: &ClaimFilter) -> Due {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let due = match shown.get(&id) {
            Some(known) if known.filter != *filter => Due::Started,
            Some(known) if known.at.elapsed() < PRESENCE_INTERVAL => Due::Nothing,
            Some(_) => Due::Seen,
            None => Due::Started,
        };
        if !matches!(due, Due::Nothing) {
            shown.insert(id, Shown { at: Instant::now(), filter: filter.clone() });
        }
        due
    }

    fn note(&self, id: WorkerId, done: Result<(), jct_store::StoreError>) {
        if let Err(error) = done {
            self.shown.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            log::warn!(worker_id:% = id, cause:% = Causes(&error); "could not show that a worker over HTTP lives");
        }
    }
}
