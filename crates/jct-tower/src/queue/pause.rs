//! Pausing and resuming.

use jct_contract::Principal;
use jct_store::StoreError;
use jct_store::model::Pause;

use crate::Tower;

/// How the queue stands after a request to pause or resume it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseChange {
    /// Whether the request made a difference.
    pub changed: bool,
    /// The pause in force, if there is one; the first one stays, with its reason.
    pub paused: Option<Pause>,
}

impl Tower {
    /// Stops handing out tasks; what runs goes on.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn queue_pause(&self, by: Principal, reason: String) -> Result<PauseChange, StoreError> {
        let asker = by.name().to_owned();
        let changed = self.store().queue_pause(by, reason).await?;
        log::info!(by = asker.as_str(), changed = changed; "queue paused");
        Ok(PauseChange { changed, paused: self.store().queue_status().await?.paused })
    }

    /// Hands out tasks again.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn queue_resume(&self, by: Principal) -> Result<PauseChange, StoreError> {
        let asker = by.name().to_owned();
        let changed = self.store().queue_resume(by).await?;
        log::info!(by = asker.as_str(), changed = changed; "queue resumed");
        Ok(PauseChange { changed, paused: self.store().queue_status().await?.paused })
    }
}
