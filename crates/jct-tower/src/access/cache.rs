//! A short memory of valid keys and tokens, so that a request does not cost a read of the database.
//!
//! Only valid keys are remembered: guesses cannot fill it, and a revocation in another process counts after
//! [`LIFETIME`] at the latest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jct_contract::{Sha256Digest, Timestamp};

/// How long a key is believed without looking.
pub(crate) const LIFETIME: Duration = Duration::from_secs(5);
const MAX_ENTRIES: usize = 1024;

/// What the digests of secrets grant.
#[derive(Debug)]
pub(crate) struct GrantCache<G> {
    entries: Mutex<HashMap<Sha256Digest, Entry<G>>>,
}

#[derive(Debug)]
struct Entry<G> {
    until: Timestamp,
    grant: Arc<G>,
}

impl<G> Default for GrantCache<G> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<G> GrantCache<G> {
    pub(crate) fn get(&self, key: &Sha256Digest, now: Timestamp) -> Option<Arc<G>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|entry| now < entry.until).map(|entry| Arc::clone(&entry.grant))
    }

    /// Remembers a valid key, at most until it expires.
    pub(crate) fn put(&self, key: Sha256Digest, grant: Arc<G>, now: Timestamp, expires_at: Option<Timestamp>) {
        let until = expires_at.map_or(now.after(LIFETIME), |end| end.min(now.after(LIFETIME)));
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, entry| now < entry.until);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, Entry { until, grant });
    }

    /// Forgets everything, after a key was revoked.
    pub(crate) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Grant;

    fn key(number: usize) -> Sha256Digest {
        Sha256Digest::of(&number.to_le_bytes())
    }

    #[test]
    fn a_key_is_believed_for_a_while_but_never_past_its_expiry() {
        let cache = GrantCache::default();
        let now = Timestamp::from_micros(0);
        let grant = Arc::new(Grant::operator());
        cache.put(key(1), Arc::clone(&grant), now, None);
        cache.put(key(2), grant, now, Some(now.after(Duration::from_secs(1))));
        let later = |seconds| now.after(Duration::from_secs(seconds));
        assert!(cache.get(&key(1), later(4)).is_some());
        assert!(cache.get(&key(1), later(5)).is_none());
        assert!(cache.get(&key(2), now).is_some());
        assert!(cache.get(&key(2), later(1)).is_none());
    }

    #[test]
    fn the_memory_is_bounded_and_can_be_wiped() {
        let cache = GrantCache::default();
        let now = Timestamp::from_micros(0);
        for number in 0..3 * MAX_ENTRIES {
            cache.put(key(number), Arc::new(Grant::operator()), now, None);
            assert!(cache.entries.lock().unwrap().len() <= MAX_ENTRIES);
        }
        cache.clear();
        assert!(cache.get(&key(3 * MAX_ENTRIES - 1), now).is_none());
    }
}
