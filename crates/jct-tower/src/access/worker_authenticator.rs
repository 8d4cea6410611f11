//! From the token of a worker to its grant.
//!
//! Tokens of workers and keys of operators are two kinds of credential in two tables: neither is ever taken for the
//! other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jct_contract::{Clock, Sha256Digest, Timestamp, WorkerId};
use jct_store::{Store, StoreError};

use super::WorkerGrant;
use super::cache::GrantCache;
use super::secret::WORKER_PREFIX;
use crate::work::Causes;

/// How exactly it is kept when a token was last used.
const USE_INTERVAL: Duration = Duration::from_secs(60);

/// Decides which worker is asking.
#[derive(Debug)]
pub struct WorkerAuthenticator {
    store: Store,
    clock: Arc<dyn Clock>,
    cache: GrantCache<WorkerGrant>,
    /// When the use of a token was last kept by this process.
    noted: Mutex<HashMap<WorkerId, Timestamp>>,
}

/// Why a request comes from no worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerAuthError {
    /// No token was sent.
    #[error("no worker token was sent")]
    Missing,
    /// The token is unknown, expired or revoked; which of the three is not told.
    #[error("the worker token is not valid")]
    Invalid,
    /// The table of tokens cannot be read.
    #[error("failed to look up the worker token")]
    Store(#[from] StoreError),
}

impl WorkerAuthenticator {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, cache: GrantCache::default(), noted: Mutex::default() }
    }

    /// The grant of a token.
    ///
    /// # Errors
    /// [`WorkerAuthError`] when this is none.
    pub async fn authenticate(&self, token: Option<&str>) -> Result<Arc<WorkerGrant>, WorkerAuthError> {
        let token = token.ok_or(WorkerAuthError::Missing)?;
        if !token.starts_with(WORKER_PREFIX) {
            return Err(WorkerAuthError::Invalid);
        }
        let digest = Sha256Digest::of(token.as_bytes());
        let now = self.clock.now();
        let grant = match self.cache.get(&digest, now) {
            Some(grant) => grant,
            None => self.look_up(digest, now).await?,
        };
        self.note_use(grant.id(), now).await;
        Ok(grant)
    }

    /// Looks at every token again.
    pub(crate) fn forget(&self) {
        self.cache.clear();
    }

    async fn look_up(&self, digest: Sha256Digest, now: Timestamp) -> Result<Arc<WorkerGrant>, WorkerAuthError> {
        let token = self.store.worker_token_by_digest(digest).await?;
        let token = token.filter(|token| token.is_valid_at(now)).ok_or(WorkerAuthError::Invalid)?;
        let grant = Arc::new(WorkerGrant::of_token(&token));
        self.cache.put(digest, Arc::clone(&grant), now, token.expires_at);
        Ok(grant)
    }

    /// Keeps that the token was used, at most once a minute. A worker is not refused because that failed.
    async fn note_use(&self, id: WorkerId, now: Timestamp) {
        let is_fresh = |at: &Timestamp| now < at.after(USE_INTERVAL);
        {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.get(&id).is_some_and(is_fresh) {
                return;
            }
            noted.retain(|_, at| is_fresh(at));
            noted.insert(id, now);
        }
        if let Err(error) = self.store.worker_token_used(id).await {
            log::warn!(worker_id:% = id, cause:% = Causes(&error); "could not keep that a worker token was used");
        }
    }
}
