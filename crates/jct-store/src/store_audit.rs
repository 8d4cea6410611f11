//! The store's methods for the audit log: reading it, and sealing it.

use jct_audit::{Origin, StoredEntry};

use crate::command::{Answer, Command};
use crate::model::{
    AuditFilter, AuditHead, AuditKeyRecord, ChainFilter, ChainPlace, ChainRows, CheckpointRecord, NewAuditKey,
    NewCheckpoint, Page, PageStart, SealAnswer,
};
use crate::{Store, StoreError};

impl Store {
    /// A page of entries, newest first. `limit` is at most 500. Rows that cannot be read as entries are left out:
    /// verification names them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_list(
        &self,
        filter: AuditFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<StoredEntry>, StoreError> {
        self.engine.audit_list(filter, start, limit).await
    }

    /// The entries of one object with a number above `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_chain(
        &self,
        entity_kind: &str,
        entity_id: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.engine.audit_chain((entity_kind.to_owned(), entity_id.to_owned()), after, limit).await
    }

    /// Up to `limit` rows ordered by entity and number, from `after` on: a whole log in bounded memory.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_chains(
        &self,
        filter: ChainFilter,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> Result<ChainRows, StoreError> {
        self.engine.audit_chains(filter, after, limit).await
    }

    /// The position of the last entry, 0 in an empty log: grows with every write, cheap to read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_position(&self) -> Result<u64, StoreError> {
        self.engine.audit_position().await
    }

    /// The position up to which no entry will appear any more. On PostgreSQL this waits for the writes under way.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_horizon(&self) -> Result<u64, StoreError> {
        self.engine.audit_horizon().await
    }

    /// Entries with `after < position <= through` in the order of writing, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_heads(&self, after: u64, through: u64, limit: u32) -> Result<Vec<AuditHead>, StoreError> {
        self.engine.audit_heads(after, through, limit).await
    }

    /// What this database, and every copy of it, is called in signed texts. Made once, with the schema.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_origin(&self) -> Result<Origin, StoreError> {
        let origin = self.engine.audit_origin().await?;
        origin.parse().map_err(|_| StoreError::corrupt("the origin of the audit log"))
    }

    /// The keys of the log in the order in which they were in force.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_keys(&self) -> Result<Vec<AuditKeyRecord>, StoreError> {
        self.engine.audit_keys().await
    }

    /// Checkpoints with a number above `after`, oldest first, with their leaves, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_checkpoints(&self, after: u64, limit: u32) -> Result<Vec<CheckpointRecord>, StoreError> {
        self.engine.audit_checkpoints(after, limit).await
    }

    /// Checkpoints with a number below `before` (all of them if absent), newest first, without their leaves, at most
    /// `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_checkpoints_before(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<CheckpointRecord>, StoreError> {
        self.engine.audit_checkpoints_before(before, limit).await
    }

    /// Keeps a checkpoint, if it follows the last one and the key in force has signed it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn audit_seal(&self, checkpoint: NewCheckpoint) -> Result<SealAnswer, StoreError> {
        self.sealed(Command::Seal(Box::new(checkpoint))).await
    }

    /// Keeps a key of the log: the first one, or one that the key in force introduces.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn audit_key_keep(&self, key: NewAuditKey) -> Result<SealAnswer, StoreError> {
        self.sealed(Command::KeepAuditKey(Box::new(key))).await
    }

    async fn sealed(&self, command: Command) -> Result<SealAnswer, StoreError> {
        match self.engine.write(command).await? {
            Answer::Sealed(answer) => Ok(answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }
}
