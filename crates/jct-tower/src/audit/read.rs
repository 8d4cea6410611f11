//! Reading the log: lists, the entries of one object, and what an object was at a moment.

use jct_audit::{Content, PublicKey, ReplayError, SignedCheckpoint, StoredEntry, rebuild};
use jct_contract::Timestamp;
use jct_store::StoreError;
use jct_store::model::{AuditFilter, Page, PageStart};

use super::EntityKind;
use crate::Tower;

/// Entries read at once when an object is rebuilt.
const REPLAY_PAGE: u32 = 1_000;

/// Which entries a list shows. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPageFilter {
    /// Only about objects of this kind.
    pub entity_kind: Option<EntityKind>,
    /// Only about the object with this id.
    pub entity_id: Option<String>,
    /// Only of this trace.
    pub trace_id: Option<String>,
    /// Only changes made by the principal of this name.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only entries made after this moment.
    pub after: Option<Timestamp>,
    /// Only entries made before this moment.
    pub before: Option<Timestamp>,
}

/// What an object was at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct StateAt {
    /// The number of the entry that made it so.
    pub seq: u64,
    /// When that was.
    pub since: Timestamp,
    /// What it was.
    pub content: Content,
}

/// Why an object could not be rebuilt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// No object of this kind and id has entries, or none as old as the moment.
    #[error("the audit log knows no such object at that moment")]
    NotFound,
    /// The log cannot be replayed: somebody changed it.
    #[error("the entries of the object cannot be replayed")]
    Replay(#[from] ReplayError),
    /// The database failed.
    #[error("failed to read the audit log")]
    Store(#[from] StoreError),
}

/// A key of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKey {
    /// Its place, from 1; the last one is in force.
    pub number: u64,
    /// The public key, as stored.
    pub public_key: String,
    /// Its short name; `None` if what is stored is no key.
    pub key_id: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// What seals the log: its keys and its newest checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedBy {
    /// What the log is called in signed texts.
    pub origin: String,
    /// The keys, oldest first.
    pub keys: Vec<SealingKey>,
    /// Checkpoints, newest first: the number, the signed text as stored, and what it says if it can be read.
    pub checkpoints: Vec<(u64, String, Option<SignedCheckpoint>)>,
}

impl Tower {
    /// A page of entries, newest first; `limit` is 1 to 500.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_list(
        &self,
        filter: AuditPageFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<StoredEntry>, StoreError> {
        let AuditPageFilter { entity_kind, entity_id, trace_id, actor, action, after, before } = filter;
        let entity_kind = entity_kind.map(|kind| kind.as_str().to_owned());
        let filter = AuditFilter { entity_kind, entity_id, trace_id, actor, action, after, before };
        self.store().audit_list(filter, start, limit).await
    }

    /// The entries of one object with a number above `after`, oldest first, at most `limit`; `None` if the log knows no
    /// such object.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_chain(
        &self,
        kind: EntityKind,
        id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<StoredEntry>>, StoreError> {
        let entries = self.store().audit_chain(kind.as_str(), id, after, limit).await?;
        // Only an empty rest has to be told from no object.
        let is_known = !entries.is_empty() || !self.store().audit_chain(kind.as_str(), id, 0, 1).await?.is_empty();
        Ok(is_known.then_some(entries))
    }

    /// What an object was at a moment, `None` for now, rebuilt from its entries.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn audit_state(&self, kind: EntityKind, id: &str, at: Option<Timestamp>) -> Result<StateAt, StateError> {
        let mut entries = Vec::new();
        loop {
            let after = entries.last().map_or(0, |entry: &StoredEntry| entry.seq);
            let page = self.store().audit_chain(kind.as_str(), id, after, REPLAY_PAGE).await?;
            let is_last = page.len() < REPLAY_PAGE as usize;
            entries.extend(page);
            if is_last {
                break;
            }
        }
        let state = rebuild(&entries, at)?.ok_or(StateError::NotFound)?;
        Ok(StateAt { seq: state.seq, since: state.at, content: state.content })
    }

    /// The keys of the log and its newest checkpoints before number `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_sealed_by(&self, before: Option<u64>, limit: u32) -> Result<SealedBy, StoreError> {
        let origin = self.store().audit_origin().await?.to_string();
        let keys = self.store().audit_keys().await?.into_iter().map(|key| SealingKey {
            number: key.number,
            key_id: key.public_key.parse().ok().map(|key: PublicKey| key.id().to_string()),
            public_key: key.public_key,
            created_at: key.created_at,
        });
        let checkpoints = self.store().audit_checkpoints_before(before, limit).await?.into_iter().map(|record| {
            let read = record.statement.parse().ok();
            (record.number, record.statement, read)
        });
        Ok(SealedBy { origin, keys: keys.collect(), checkpoints: checkpoints.collect() })
    }
}
