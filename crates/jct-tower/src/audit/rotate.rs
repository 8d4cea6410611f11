//! Changing the key: the old one seals what is there, introduces the new one and is gone.

use jct_audit::{KeyRotation, PublicKey};
use jct_contract::Principal;
use jct_store::StoreError;
use jct_store::model::{NewAuditKey, SealAnswer};

use super::seal::last_checkpoint;
use super::{KeyFileError, SealError, Sealer};

/// How often a sealer elsewhere may come in between.
const TRIES: u32 = 5;

/// Why the key was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The log could not be sealed with the old key, or, after the change, with the new one.
    #[error("failed to seal the audit log")]
    Seal(#[from] SealError),
    /// The new key could not be made or put in its place.
    #[error("failed to change the key file")]
    Key(#[from] KeyFileError),
    /// Other processes sealed in between each time.
    #[error("other processes seal the log at the same time; try again")]
    Outrun,
    /// The database failed.
    #[error("failed to keep the change of the key")]
    Store(#[from] StoreError),
}

impl Sealer {
    /// Seals with the key in force, introduces a new one on behalf of `by` and seals with that. Other processes with the
    /// same key file take the new key by themselves. The old secret key is deleted.
    ///
    /// # Errors
    ///
    /// [`RotateError`]. If the change was kept and the file was not, the next sealing completes it.
    pub async fn rotate(&self, by: Principal) -> Result<PublicKey, RotateError> {
        let mut state = self.state.lock().await;
        self.seal_with(&mut state).await?;
        let successor = state.key_file.stage_successor()?;
        let public = successor.public();
        for _ in 0..TRIES {
            let Some(old) = &state.key else { return Err(RotateError::Outrun) };
            let last = last_checkpoint(&self.store).await?.map_or(0, |last| last.statement().number);
            let rotation = KeyRotation::sign(self.origin.clone(), old, public, self.clock.now(), last);
            match self.store.audit_key_keep(NewAuditKey::Next { rotation, by: by.clone() }).await? {
                SealAnswer::Kept => {
                    state.key_file.promote_successor()?;
                    state.key = Some(successor);
                    // Under the new key, so that it can be pinned; the entry of the change is what there is to seal.
                    self.seal_with(&mut state).await?;
                    return Ok(public);
                }
                SealAnswer::Outrun => {}
                SealAnswer::KeyNotInForce => return Err(RotateError::Outrun),
            }
        }
        Err(RotateError::Outrun)
    }
}
