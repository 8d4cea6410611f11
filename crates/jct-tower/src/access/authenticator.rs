//! From a bearer token to a grant.
//!
//! With no key configured and none in the table, everybody is the operator; the HTTP layer serves such a tower on a
//! loopback address only. The first key in the table ends that, for good: a revoked key is still a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jct_contract::{Clock, Sha256Digest, Timestamp};
use jct_store::{Store, StoreError};
use subtle::ConstantTimeEq;

use super::Grant;
use super::cache::{GrantCache, LIFETIME};

/// Decides who is asking.
#[derive(Debug)]
pub struct Authenticator {
    store: Store,
    clock: Arc<dyn Clock>,
    operator: Arc<Grant>,
    operator_key: Option<Sha256Digest>,
    cache: GrantCache<Grant>,
    locked: AtomicBool,
    // Until when "there is no key" is believed without looking, in microseconds.
    open_until: AtomicI64,
}

/// Why a request stays anonymous.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// A key is needed and none was sent.
    #[error("no bearer token was sent")]
    Missing,
    /// The key is unknown, expired or revoked; which of the three is not told.
    #[error("the bearer token is not valid")]
    Invalid,
    /// The table of keys cannot be read.
    #[error("failed to look up the key")]
    Store(#[from] StoreError),
}

impl Authenticator {
    pub(crate) fn new(store: Store, operator_key: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            operator: Arc::new(Grant::operator()),
            operator_key: operator_key.map(|key| Sha256Digest::of(key.as_bytes())),
            cache: GrantCache::default(),
            locked: AtomicBool::new(operator_key.is_some()),
            open_until: AtomicI64::new(i64::MIN),
        }
    }

    /// The grant of a bearer token, or of its absence.
    ///
    /// # Errors
    /// [`AuthError`] when a key is needed and this is none.
    pub async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<Grant>, AuthError> {
        let Some(token) = bearer else {
            return if self.is_keyed().await? { Err(AuthError::Missing) } else { Ok(Arc::clone(&self.operator)) };
        };
        // Digests are compared, so that neither content nor length of the configured key shows in the time taken.
        let digest = Sha256Digest::of(token.as_bytes());
        if self.operator_key.is_some_and(|key| key.as_bytes().ct_eq(digest.as_bytes()).into()) {
            return Ok(Arc::clone(&self.operator));
        }
        self.grant_of_kept_key(digest).await
    }

    /// Whether any key exists, so that one is needed. Looked up again every 5 seconds until there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the table of keys cannot be read.
    pub async fn is_keyed(&self) -> Result<bool, StoreError> {
        if self.locked.load(Ordering::Acquire) {
            return Ok(true);
        }
        let now = self.clock.now();
        if now < Timestamp::from_micros(self.open_until.load(Ordering::Acquire)) {
            return Ok(false);
        }
        if self.store.key_list().await?.is_empty() {
            self.open_until.store(now.after(LIFETIME).as_micros(), Ordering::Release);
            return Ok(false);
        }
        self.lock();
        Ok(true)
    }

    /// Whether a key is known to be needed, without looking: for decisions that must not wait for the database.
    #[must_use]
    pub fn is_known_keyed(&self) -> bool {
        self.locked.load(Ordering::Acquire)
    }

    /// From now on a key is needed.
    pub(crate) fn lock(&self) {
        self.locked.store(true, Ordering::Release);
    }

    /// Looks at every key again.
    pub(crate) fn forget(&self) {
        self.cache.clear();
    }

    async fn grant_of_kept_key(&self, digest: Sha256Digest) -> Result<Arc<Grant>, AuthError> {
        let now = self.clock.now();
        if let Some(grant) = self.cache.get(&digest, now) {
            return Ok(grant);
        }
        let key =
            self.store.key_by_digest(digest).await?.filter(|key| key.is_valid_at(now)).ok_or(AuthError::Invalid)?;
        let grant = Arc::new(Grant::of_key(&key));
        self.cache.put(digest, Arc::clone(&grant), now, key.expires_at);
        Ok(grant)
    }
}
