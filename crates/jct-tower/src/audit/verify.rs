//! Verification of the log in a database: whole, page by page, in bounded memory for the entries.

use jct_audit::{AnchorFile, Outside, PublicKey, Report, Scope, Verifier};
use jct_store::model::{ChainFilter, ChainRow};
use jct_store::{Store, StoreError};

/// Entries read at once.
pub(super) const ENTRIES_PAGE: u32 = 2_000;
/// Checkpoints read at once; each may have the leaves of 50,000 entities.
pub(super) const CHECKPOINTS_PAGE: u32 = 8;

/// Why a log could not be verified. What is wrong with the log itself is told by the report instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The database failed.
    #[error("failed to read the audit log")]
    Store(#[from] StoreError),
}

/// Verifies everything: keys, checkpoints, and each entry. `pinned` is the key that is trusted, whatever keys the log
/// names; `outside` is the copy outside the database, which must have been read before this is called, or a checkpoint
/// made in between would seem to be lost. `progress` is told now and then how many entries were read.
///
/// # Errors
///
/// [`VerifyError`] when the database cannot be read.
pub async fn verify(
    store: &Store,
    pinned: Option<PublicKey>,
    outside: Option<AnchorFile>,
    mut progress: impl FnMut(u64),
) -> Result<Report, VerifyError> {
    let mut verifier = Verifier::new(store.audit_origin().await?, Scope::Whole);
    if let Some(key) = pinned {
        verifier = verifier.pin(key);
    }
    if let Some(file) = outside {
        verifier = verifier.outside(Outside::file(file));
    }
    let keys = store.audit_keys().await?;
    for (place, key) in keys.iter().enumerate() {
        match (place, key.public_key.parse::<PublicKey>()) {
            (0, Ok(first)) => verifier.first_key(first),
            // Without a first key, no signature can be checked, and every checkpoint says so.
            (0, Err(_)) => {}
            (_, _) => verifier.rotation(key.rotation.as_deref().unwrap_or_default()),
        }
    }
    let mut last = 0;
    loop {
        let page = store.audit_checkpoints(last, CHECKPOINTS_PAGE).await?;
        for checkpoint in &page {
            verifier.checkpoint(&checkpoint.statement, &checkpoint.leaves);
        }
        match page.last() {
            Some(checkpoint) => last = checkpoint.number,
            None => break,
        }
    }
    let mut entries = verifier.entries();
    let (mut after, mut read) = (None, 0);
    loop {
        let page = store.audit_chains(ChainFilter::Whole, after, ENTRIES_PAGE).await?;
        read += page.rows.len() as u64;
        for row in &page.rows {
            match row {
                ChainRow::Entry(entry) => entries.entry(entry),
                ChainRow::Unreadable { entity_kind, entity_id, seq, why } => {
                    entries.unreadable(entity_kind, entity_id, *seq, why);
                }
            }
        }
        progress(read);
        after = page.next;
        if after.is_none() {
            return Ok(entries.finish());
        }
    }
}
