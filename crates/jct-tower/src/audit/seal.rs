//! Sealing: one checkpoint after the other, until everything that was written is covered.

use jct_audit::{ChainHead, Checkpoint, Leaves, Origin, SignedCheckpoint, SigningKey};
use jct_contract::Clock;
use jct_store::model::{NewCheckpoint, SealAnswer};
use jct_store::{Store, StoreError};

use super::{CheckpointFileError, KeyFileError};

/// Entries in one checkpoint at most: its leaves are held in memory by whoever makes or reads it.
const MOST_ENTRIES: u64 = 50_000;
/// Entries read at once.
const PAGE: u32 = 5_000;
/// How often another sealer may be first before this one gives up until the next time.
const TRIES: u32 = 5;

/// What a sealing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Checkpoints made.
    pub checkpoints: u64,
    /// Entries that they cover.
    pub entries: u64,
    /// The number of the last checkpoint of the log, made now or before; 0 if there is none.
    pub last: u64,
    /// The position up to which the log is sealed.
    pub through: u64,
}

/// Why the log could not be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Another key than that of this process is in force, or this process has none.
    #[error("the key of this process is not the one that seals the log (in force is {in_force})")]
    KeyNotInForce {
        /// The short name of the key in force.
        in_force: String,
    },
    /// The last checkpoint in the database is none.
    #[error("the last checkpoint in the database cannot be read; verify the log")]
    LastCheckpoint(#[source] jct_audit::InvalidStatement),
    /// Other sealers were first each time.
    #[error("other processes seal the log at the same time")]
    Outrun,
    /// The key file failed.
    #[error("failed to use the key of the audit log")]
    Key(#[from] KeyFileError),
    /// The checkpoint file failed, or tells of another log. What was sealed before is in the database.
    #[error("failed to keep the copy of the checkpoints outside the database")]
    File(#[from] CheckpointFileError),
    /// The database failed.
    #[error("failed to read or write the audit log")]
    Store(#[from] StoreError),
}

/// The entries that a checkpoint covers.
struct Batch {
    through: u64,
    entries: u64,
    leaves: Leaves,
}

/// The last checkpoint of the log.
pub(super) async fn last_checkpoint(store: &Store) -> Result<Option<SignedCheckpoint>, SealError> {
    let last = store.audit_checkpoints_before(None, 1).await?;
    let Some(last) = last.first() else { return Ok(None) };
    last.statement.parse().map(Some).map_err(SealError::LastCheckpoint)
}

/// Seals everything that is there when it begins. The answer `None` means that another key is in force.
pub(super) async fn seal_all(
    store: &Store,
    origin: &Origin,
    key: &SigningKey,
    clock: &dyn Clock,
) -> Result<Option<Sealed>, SealError> {
    let horizon = store.audit_horizon().await?;
    let (mut sealed, mut outrun) = (Sealed::default(), 0);
    loop {
        let previous = last_checkpoint(store).await?;
        let (last, after) = previous.as_ref().map_or((0, 0), |previous| {
            let said = previous.statement();
            (said.number, said.through)
        });
        (sealed.last, sealed.through) = (last, after);
        let Some(Batch { through, entries, leaves }) = next_batch(store, after, horizon).await? else {
            return Ok(Some(sealed));
        };
        let said = Checkpoint::following(previous.as_ref(), origin.clone(), clock.now(), through, entries, &leaves);
        match store.audit_seal(NewCheckpoint { checkpoint: said.sign(key), leaves }).await? {
            SealAnswer::Kept => {
                sealed.checkpoints += 1;
                sealed.entries += entries;
            }
            SealAnswer::Outrun if outrun < TRIES => outrun += 1,
            SealAnswer::Outrun => return Err(SealError::Outrun),
            SealAnswer::KeyNotInForce => return Ok(None),
        }
    }
}

/// The entries after the position `after`, up to `horizon` or as many as fit into one checkpoint.
async fn next_batch(store: &Store, after: u64, horizon: u64) -> Result<Option<Batch>, StoreError> {
    let (mut at, mut entries, mut ends) = (after, 0, Vec::<ChainHead>::new());
    while at < horizon && entries < MOST_ENTRIES {
        let page = store.audit_heads(at, horizon, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        entries += page.len() as u64;
        at = page.last().map_or(horizon, |last| last.position);
        // An entry whose hash is none has no place in a tree of hashes. Verification names it.
        ends.extend(page.into_iter().filter_map(|entry| entry.head));
        if is_last {
            at = horizon;
        }
    }
    Ok((entries > 0).then(|| Batch { through: at, entries, leaves: Leaves::latest(ends) }))
}
